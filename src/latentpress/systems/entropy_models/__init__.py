"""Entropy models of the papers on one set of latents: what else differs between two files of it is nothing."""

from latentpress.catalogue import System

__all__ = ["PACKAGES", "SYSTEM"]

PACKAGES = {
    "factorised": "entropy-factorised-1",
    "scale": "entropy-scale-1",
    "mean-scale": "entropy-mean-scale-2",
    "mixture": "entropy-mixture-2",
    "bao": "entropy-bao-2",
    "masked-2d": "entropy-masked-2d-1",
    "klopp": "entropy-klopp-2",
    "fu": "entropy-fu-2",
    "masked-3d": "entropy-masked-3d-3",
    "ccn": "entropy-ccn-3",
    "contextformer-spatial": "entropy-contextformer-spatial-3",
    "contextformer-channel": "entropy-contextformer-channel-1",
    "manypriors": "entropy-manypriors-1",
}
"""By the kind of entropy model."""

SYSTEM = System(
    id="entropy-models",
    about="entropy models of the papers, one a model package, on the latents of one autoencoder",
    group="G4",
    sources=("S0", "S3", "arXiv:1802.01436", "arXiv:1809.02736", "arXiv:1801.04260", "arXiv:2111.09172"),
    codec="codec:EntropyCodec",
    training="training:EntropyTraining",
    model=PACKAGES["mean-scale"],
    variants={f"entropy-{kind}": {"model": package} for kind, package in PACKAGES.items()},
)

"""Entropy models of the papers on one set of latents: what else differs between two files of it is nothing."""

from latentpress.catalogue import System

__all__ = ["KINDS", "SYSTEM"]

KINDS = (
    "factorised",
    "scale",
    "mean-scale",
    "mixture",
    "bao",
    "masked-2d",
    "klopp",
    "fu",
    "masked-3d",
    "ccn",
    "contextformer-spatial",
    "manypriors",
)
"""Of entropy models; each has a package, ``entropy-<kind>-1``."""

SYSTEM = System(
    id="entropy-models",
    about="entropy models of the papers, one a model package, on the latents of one autoencoder",
    group="G4",
    sources=("S0", "S3", "arXiv:1802.01436", "arXiv:1809.02736", "arXiv:1801.04260", "arXiv:2111.09172"),
    codec="codec:EntropyCodec",
    training="training:EntropyTraining",
    model="entropy-mean-scale-1",
    variants={f"entropy-{kind}": {"model": f"entropy-{kind}-1"} for kind in KINDS},
)

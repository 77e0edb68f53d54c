"""The flagship lossy codec: a variable-rate mean-scale hyperprior made for CPUs."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="hyperprior",
    about="mean-scale hyperprior with context in two or four passes, one model for every rate",
    group="G4",
    sources=("S0", "S3", "arXiv:1802.01436", "arXiv:1809.02736", "arXiv:2203.10886"),
    codec="codec:HyperpriorCodec",
    training="training:HyperpriorTraining",
    model="hyperprior-3",
    variants={
        "hyperprior-2-fast": {"model": "hyperprior-2-fast"},
        "hyperprior-ms-ssim": {"tune": "ms-ssim"},
        "hyperprior-preview": {"painter": "preview"},
        "hyperprior-sharp": {"painter": "sharp"},
        "hyperprior-effort-2": {"effort": 2},
        "hyperprior-effort-5": {"effort": 5},
    },
)

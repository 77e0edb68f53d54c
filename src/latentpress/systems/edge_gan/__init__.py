"""JPEG restoration with a branch for edges and an adversary."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="edge-gan",
    about="JPEG restoration with a branch that foretells edges, against a critic of patches",
    group="G9",
    sources=("S3",),
    training="training:EdgeGanTraining",
    packages="restore",
)

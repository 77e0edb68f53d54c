"""JPEG restoration by a network with four resolutions."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="cas-cnn",
    about="JPEG restoration by a network with losses at four resolutions",
    group="G9",
    sources=("S1", "S4", "arXiv:1611.07233"),
    training="training:CasCnnTraining",
    packages="restore",
)

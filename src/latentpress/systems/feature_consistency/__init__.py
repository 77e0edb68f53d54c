"""Classifiers whose insides look alike for a picture and its JPEG."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="feature-consistency",
    about="training that makes JPEG and original look alike inside a network",
    group="G13",
    sources=("S4", "doi:10.1109/TCSVT.2019.2959815"),
)

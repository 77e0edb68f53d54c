"""Classifiers of JPEG files that are not decompressed to the end."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="coefficient-classifier",
    about="classifiers that read a JPEG file's coefficients instead of its pixels",
    group="G13",
    sources=("S4", "doi:10.1109/DCC47342.2020.00070"),
)

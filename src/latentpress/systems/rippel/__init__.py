"""A pyramid of features in one code, bit planes coded with chances that adapt, and critics at several scales."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="rippel",
    about="features of a pyramid's scales in one code, whose bit planes are coded with contexts that adapt; critics",
    group="G7",
    sources=("S0", "S3", "arXiv:1705.05823"),
    codec="codec:RippelCodec",
    training="training:RippelTraining",
    model="rippel-1",
)

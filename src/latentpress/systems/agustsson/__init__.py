"""A generative codec for hundredths of a bit a pixel: few codes of five levels, a decoder taught by critics."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="agustsson",
    about="generative codec of 2 to 8 codes of five levels for each 16x16 block, everywhere or in chosen parts alone",
    group="G7",
    sources=("S3", "arXiv:1804.02958"),
    codec="codec:AgustssonCodec",
    training="training:AgustssonTraining",
    model="agustsson-1",
)

"""JPEG-LS: prediction from three neighbours, contexts by hand, Golomb codes and runs."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="jpeg-ls",
    about="JPEG-LS (LOCO-I): median edge detector, 365 contexts, Golomb codes and runs; lossless or bounded",
    group="G11",
    sources=("S2", "S4", "doi:10.1109/83.855427"),
    codec="codec:JpegLsCodec",
)

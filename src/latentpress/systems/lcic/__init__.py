"""LCIC: chroma in a hierarchy of rows and columns, predicted along the better direction."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="lcic",
    about="LCIC: chroma in a hierarchy of rows and columns, along the better direction, adaptive contexts; lossless",
    group="G11",
    sources=("S2",),
    codec="codec:LcicCodec",
)

"""JPEG whose sender leaves three fifths of the coefficients out; the receiver's network restores them."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="trimmed-jpeg",
    about="JPEG without three fifths of its coefficients, which a network restores",
    group="G9",
    sources=("S4",),
    codec="codec:TrimmedJpegCodec",
    training="training:TrimmedTraining",
    model="trimmed-jpeg-1",
)

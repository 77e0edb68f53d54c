"""JPEG files made smaller without any loss: their coefficients coded again, with networks that know what to expect."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="jpeg",
    about="lossless shrinking of JPEG files: the very bytes come back",
    group="G12",
    sources=("S4", "arXiv:2208.11673"),
    codec="codec:JpegCodec",
    model="jpeg-1",
)

"""L3C: a picture is coded by networks that see a smaller, coarser form of it, which is coded in the same way."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="l3c",
    about="lossless coding by learned coarser forms of the picture, three scales of them",
    group="G11",
    sources=("S2", "arXiv:1811.12817"),
    codec="codec:L3cCodec",
    training="training:L3cTraining",
    model="l3c-1",
)

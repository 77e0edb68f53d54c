"""Was this JPEG file made of another one?"""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="double-jpeg",
    about="transition probabilities of coefficients betray that a JPEG file was compressed before",
    group="G13",
    sources=("S4", "doi:10.1109/ICPR.2008.4761645"),
    training="training:DoubleJpegTraining",
    model="double-jpeg-1",
)

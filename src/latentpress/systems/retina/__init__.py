"""The codec of Guo 2020 for scans of the retina: despeckle, crop, compress."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="retina",
    about="scans of the retina (OCT): speckle smoothed, rows of tissue alone, coded by hyperprior",
    group="G5",
    sources=("S0",),
    codec="codec:RetinaCodec",
)

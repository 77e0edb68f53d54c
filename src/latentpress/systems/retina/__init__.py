"""The codec of Guo 2020 for scans of the retina: rows of tissue, speckle left out, a quantised skip connection."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="retina",
    about="scans of the retina (OCT): rows of tissue by a network that leaves speckle out",
    group="G5",
    sources=("S0",),
    codec="codec:RetinaCodec",
    training="training:RetinaTraining",
    model="retina-1",
)

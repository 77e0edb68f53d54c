"""The codec of Peixoto 2018: networks and directional predictors compete for each block."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="peixoto",
    about="16x16 blocks predicted by the best of two networks, planar, mean and 33 directions; DCT of the rest",
    group="G5",
    sources=("S0",),
    codec="codec:PeixotoCodec",
    training="training:PeixotoTraining",
    model="peixoto-2",
    variants={"peixoto-directions": {"networks": False}},
)

"""The lossless codec of the house: adaptive least squares and small networks predict each pixel."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="mlp-lossless",
    about="lossless and near-lossless coding: adaptive least squares and small networks predict each pixel",
    group="G11",
    sources=("S2",),
    codec="codec:MlpLosslessCodec",
    training="training:MlpLosslessTraining",
    model="mlp-lossless-2",
)

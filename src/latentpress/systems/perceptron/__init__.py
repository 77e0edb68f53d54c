"""The perceptron codecs of 1988 to 2010: blocks through one narrow hidden layer."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="perceptron",
    about="8x8 blocks through one hidden layer of sigmoid units, whose values are coded with contexts",
    group="G5",
    sources=("S0", "S4"),
    codec="codec:PerceptronCodec",
    training="training:PerceptronTraining",
    model="perceptron-2",
)

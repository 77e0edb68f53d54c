"""The autoencoder with importance map and bit-plane coder."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="importance-map",
    about="autoencoder whose importance map says how many bit planes of each block are kept",
    group="G5",
    sources=("S1",),
    codec="codec:ImportanceCodec",
    training="training:ImportanceTraining",
    model="importance-map-1",
)

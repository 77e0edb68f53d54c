"""A generative codec: an adversary makes the decoder paint texture where bits do not reach."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="hific",
    about="generative codec: rate, squared error, texture and a conditional critic, with a controller of the rate",
    group="G7",
    sources=("S0", "S3", "arXiv:2006.09965"),
    codec="codec:HificCodec",
    training="training:HificTraining",
    model="hific-2",
)

"""The tiled network of Minnen 2017: tiles predicted from decoded ones, each refined until it is good enough."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="tiled",
    about="16x16 tiles predicted from decoded ones by a network, the rest refined tile by tile until it is good enough",
    group="G5",
    sources=("S3",),
    codec="codec:TiledCodec",
    training="training:TiledTraining",
    model="tiled-2",
)

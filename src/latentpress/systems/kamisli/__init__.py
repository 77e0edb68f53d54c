"""The block codec of Kamisli 2022: 8x8 blocks, each predicted from its decoded neighbours by a network."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="kamisli",
    about="8x8 blocks predicted from decoded ones by a network, a learned transform, training in the closed loop",
    group="G5",
    sources=("S3",),
    codec="codec:KamisliCodec",
    training="training:KamisliTraining",
    model="kamisli-2",
)

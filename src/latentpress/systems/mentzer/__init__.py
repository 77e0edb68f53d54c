"""The codec of Mentzer 2018: learned levels, and an importance map that says how many channels a place has."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="mentzer",
    about="autoencoder whose latents go to learned levels, as many channels at each place as an importance map says",
    group="G5",
    sources=("S1", "S3", "arXiv:1801.04260", "arXiv:1703.10553"),
    codec="codec:MentzerCodec",
    training="training:MentzerTraining",
    model="mentzer-2",
)

"""The autoencoder of Balle 2017: GDN, and one distribution for each channel."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="factorised",
    about="autoencoder with GDN, one distribution for each channel and rate",
    group="G5",
    sources=("S0", "S3", "arXiv:1611.01704", "arXiv:1511.06281"),
    codec="codec:FactorisedCodec",
    training="training:FactorisedTraining",
    model="factorised-1",
)

"""The autoencoder of Akyazi and Ebrahimi 2019: Haar sub-bands into two networks."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="akyazi",
    about="Haar sub-bands of the picture, the low one and those of detail each through an autoencoder with GDN",
    group="G5",
    sources=("S0",),
    codec="codec:AkyaziCodec",
    training="training:AkyaziTraining",
    model="akyazi-1",
)

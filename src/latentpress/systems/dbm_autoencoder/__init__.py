"""Autoencoder of image patches whose weights a deep Boltzmann machine begins."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="dbm-autoencoder",
    about="autoencoder of image patches, begun by a deep Boltzmann machine",
    group="G10",
    sources=("S1",),
    training="training:PatchTraining",
)

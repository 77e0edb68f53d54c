"""The autoencoder of Balle 2018: GDN, and a scale for each latent out of hyper latents."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="scale-hyperprior",
    about="autoencoder with GDN, a scale of each latent told by hyper latents: the layout of 2018, narrow",
    group="G5",
    sources=("S0", "S3", "arXiv:1802.01436"),
    codec="codec:ScaleHyperpriorCodec",
    training="training:ScaleHyperpriorTraining",
    model="scale-hyperprior-3",
)

"""The codec of the scale hyperprior."""

from __future__ import annotations

from typing import Any, ClassVar

from latentpress.codecs.latent import LatentCodec
from latentpress.codecs.mean_scale.model import MeanScaleModel

__all__ = ["ScaleHyperpriorCodec"]


class ScaleHyperpriorCodec(LatentCodec[MeanScaleModel]):
    """Learned lossy codec after Balle 2018: an autoencoder with GDN, and hyper latents that tell each latent's scale.

    All latents are coded in one pass; their means are zero.
    """

    id: ClassVar[str] = "scale-hyperprior"
    model_class: ClassVar[type[Any]] = MeanScaleModel

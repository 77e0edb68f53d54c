"""`HificCodec`: files of the mean-scale hyperprior, painted by a decoder that an adversary has taught."""

from __future__ import annotations

from typing import ClassVar

from latentpress.codecs.latent import LatentCodec
from latentpress.codecs.mean_scale.model import MeanScaleModel

__all__ = ["HificCodec"]


class HificCodec(LatentCodec[MeanScaleModel]):
    """Learned generative codec for low rates: paints plausible texture, at a loss of PSNR.

    The arguments are those of `LatentCodec`.
    """

    id: ClassVar[str] = "hific"
    model_class = MeanScaleModel

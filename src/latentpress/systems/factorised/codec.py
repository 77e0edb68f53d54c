"""The factorised codec."""

from __future__ import annotations

from typing import Any, ClassVar

from latentpress.codecs.channelwise.model import ChannelwiseModel
from latentpress.codecs.latent import LatentCodec

__all__ = ["FactorisedCodec"]


class FactorisedCodec(LatentCodec[ChannelwiseModel]):
    """Learned lossy codec after Balle 2017: an autoencoder with GDN, and one distribution for each channel and rate."""

    id: ClassVar[str] = "factorised"
    model_class: ClassVar[type[Any]] = ChannelwiseModel

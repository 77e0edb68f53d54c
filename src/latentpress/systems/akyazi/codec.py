"""The codec of two autoencoders on sub-bands."""

from __future__ import annotations

from typing import Any, ClassVar

from latentpress.codecs.channelwise.model import ChannelwiseModel
from latentpress.codecs.latent import LatentCodec

__all__ = ["AkyaziCodec"]


class AkyaziCodec(LatentCodec[ChannelwiseModel]):
    """Learned lossy codec after Akyazi 2019: Haar sub-bands into two autoencoders, a distribution for each channel."""

    id: ClassVar[str] = "akyazi"
    model_class: ClassVar[type[Any]] = ChannelwiseModel

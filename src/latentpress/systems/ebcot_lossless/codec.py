"""`EbcotLosslessCodec`: lossless JPEG 2000's way, in a file of ours."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from latentpress.codecs.latent import LatentCodec
from latentpress.codecs.plain import Plain
from latentpress.codecs.reversible import Reversible, ReversibleModel
from latentpress.transforms.lifting import CDF53, Wavelet

__all__ = ["EbcotLosslessCodec", "EbcotLosslessModel"]


class EbcotLosslessModel(ReversibleModel):
    """The reversible 5/3 wavelet."""

    reach: ClassVar[int] = 2  # the filters see 62 pixels

    def wavelet(self, rate: int) -> Wavelet:
        """See `ReversibleModel.wavelet`."""
        return replace(CDF53, reversible=True)


class EbcotLosslessCodec(Reversible, Plain, LatentCodec[EbcotLosslessModel]):
    """Lossless codec: reversible 5/3 wavelet, bit planes of code blocks with the MQ coder, as in JPEG 2000.

    threads: that work on tiles of a large picture.
    """

    id: ClassVar[str] = "ebcot-lossless"
    model_class: ClassVar[type[EbcotLosslessModel]] = EbcotLosslessModel

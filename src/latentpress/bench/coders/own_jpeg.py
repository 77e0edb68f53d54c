"""JPEG files of our own encoder and decoder, without a ``.lpx`` file around them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.bench.coders.base import Coder, Pixels

__all__ = ["LosslessJpegCoder", "OwnJpegCoder", "coders"]

_PREDICTOR = 7  # the mean of left and above: the smallest files of photographs


class OwnJpegCoder(Coder):
    """Progressive JPEG files with optimised Huffman tables, which are libjpeg's to the byte; or with arithmetic codes,
    which take some percent less and few programs read.
    """

    quality_range = (1.0, 100.0)

    def __init__(self, id: str, sampling: str, arithmetic: bool = False) -> None:
        self.id, self.sampling, self.arithmetic = id, sampling, arithmetic
        self.qualities = (5.0, 10.0, 20.0, 35.0, 50.0, 65.0, 80.0, 90.0, 95.0)

    def versions(self) -> dict[str, str]:
        """This package and NumPy."""
        return _versions()

    def _encode(self, pixels: Pixels, quality: float) -> bytes:
        from latentpress.codecs.jpeg import encode_jpeg

        how: dict[str, Any] = {"sampling": self.sampling, "arithmetic": self.arithmetic}
        return encode_jpeg(pixels, int(quality), progressive=True, **how)

    def _decode(self, data: bytes) -> NDArray[Any]:
        from latentpress.codecs.jpeg import decode_jpeg

        return decode_jpeg(data)

    def _settings(self) -> dict[str, Any]:
        codes = "arithmetic" if self.arithmetic else "Huffman, optimised"
        return {"format": "progressive JPEG", "sampling": self.sampling, "codes": codes, "threads": 1}


class LosslessJpegCoder(Coder):
    """Lossless JPEG (SOF3) of the samples as they are, with optimised Huffman tables."""

    id = "own-jpeg-lossless"
    lossless = True

    def versions(self) -> dict[str, str]:
        """This package and NumPy."""
        return _versions()

    def _encode(self, pixels: Pixels, quality: float) -> bytes:
        from latentpress.codecs.jpeg import encode_lossless

        return encode_lossless(pixels, _PREDICTOR)

    def _decode(self, data: bytes) -> NDArray[Any]:
        from latentpress.codecs.jpeg import decode_lossless

        return decode_lossless(data)

    def _settings(self) -> dict[str, Any]:
        return {"format": "JPEG, lossless", "predictor": _PREDICTOR, "threads": 1}


def _versions() -> dict[str, str]:
    import latentpress

    return {"latentpress": latentpress.__version__, "numpy": np.__version__}


def coders() -> list[Coder]:
    """Both chroma formats, arithmetic codes, and the lossless one."""
    return [
        OwnJpegCoder("own-jpeg-420", "4:2:0"),
        OwnJpegCoder("own-jpeg-444", "4:4:4"),
        OwnJpegCoder("own-jpeg-420-arithmetic", "4:2:0", arithmetic=True),
        LosslessJpegCoder(),
    ]

"""The formats that imagecodecs brings: JPEG XL, JPEG-LS, lossless HTJ2K, QOI."""

from __future__ import annotations

import zlib
from typing import Any

from numpy.typing import NDArray

from latentpress.bench.coders.base import Coder, Pixels
from latentpress.errors import CorruptFileError, UnsupportedError

__all__ = ["ImagecodecsCoder", "coders"]

_CHECKSUM_BYTES = 4


class ImagecodecsCoder(Coder):
    """A format of imagecodecs.

    format: as in the functions ``{format}_encode`` and ``{format}_decode``. options, decode_options: their keywords.
    quality_option: the keyword that takes the quality, empty in a lossless coder. checksum: end files with a CRC32, for
    formats whose decoder here does not return from damaged data; other programs do not look behind the end marker.
    """

    extra = "bench"
    package = "imagecodecs"
    module = "imagecodecs"
    whole = False

    def __init__(
        self,
        id: str,
        format: str,
        options: dict[str, Any],
        *,
        decode_options: dict[str, Any] | None = None,
        quality_option: str = "",
        qualities: tuple[float, ...] = (100.0,),
        quality_range: tuple[float, float] = (0.0, 100.0),
        gray: bool = True,
        checksum: bool = False,
    ) -> None:
        self.id, self.format, self.options = id, format, options
        self.decode_options, self.quality_option = decode_options or {}, quality_option
        self.lossless, self.qualities, self.quality_range = not quality_option, qualities, quality_range
        self.quality_name = quality_option or "quality"
        self.gray, self.checksum = gray, checksum

    def check(self) -> None:
        """Raise MissingExtraError without imagecodecs, UnsupportedError if it was built without the format."""
        part = getattr(self._load(), self.format.upper(), None)
        if part is None or not part.available:
            raise UnsupportedError(
                f"{self.id} needs an imagecodecs built with {self.format}: pip install --upgrade imagecodecs"
            )

    def versions(self) -> dict[str, str]:
        """imagecodecs, and the library behind the format."""
        library = self._load()
        return {"imagecodecs": library.__version__, self.format: str(getattr(library, f"{self.format}_version")())}

    def _encode(self, pixels: Pixels, quality: float) -> bytes:
        encode = getattr(self._load(), f"{self.format}_encode")
        samples = pixels[:, :, 0] if pixels.shape[2] == 1 else pixels
        rate = {self.quality_option: quality} if self.quality_option else {}
        data = bytes(encode(samples, **self.options, **rate))
        return data + _checksum(data) if self.checksum else data

    def _decode(self, data: bytes) -> NDArray[Any]:
        if self.checksum:
            data, stored = data[:-_CHECKSUM_BYTES], data[-_CHECKSUM_BYTES:]
            if _checksum(data) != stored:
                raise CorruptFileError(f"the checksum of the {self.format} file does not match: it is damaged")
        pixels: NDArray[Any] = getattr(self._load(), f"{self.format}_decode")(data, **self.decode_options)
        return pixels

    def _settings(self) -> dict[str, Any]:
        trailer = {"trailer": "CRC32, 4 bytes, counted"} if self.checksum else {}
        return {"format": self.format, "options": self.options, "threads": 1} | trailer


def _checksum(data: bytes) -> bytes:
    """CRC32, little-endian."""
    return zlib.crc32(data).to_bytes(_CHECKSUM_BYTES, "little")


def coders() -> list[Coder]:
    """All of them."""
    one = {"numthreads": 1}
    lossless = {"lossless": True, **one}
    distances = (15.0, 10.0, 6.5, 4.0, 2.5, 1.5, 0.9, 0.5)
    return [
        ImagecodecsCoder(
            "jxl",
            "jpegxl",
            {"effort": 7, "lossless": False, **one},
            decode_options=one,
            quality_option="distance",
            qualities=distances,
            quality_range=(0.05, 25.0),
        ),
        ImagecodecsCoder("jxl-lossless", "jpegxl", {"effort": 7, **lossless}, decode_options=one),
        ImagecodecsCoder("jxl-lossless-e3", "jpegxl", {"effort": 3, **lossless}, decode_options=one),
        ImagecodecsCoder("jxl-lossless-e9", "jpegxl", {"effort": 9, **lossless}, decode_options=one),
        ImagecodecsCoder("jpegls", "jpegls", {}, checksum=True),
        ImagecodecsCoder("htj2k-lossless", "htj2k", {"reversible": True}, checksum=True),
        ImagecodecsCoder("qoi", "qoi", {}, gray=False),
    ]

"""The formats that Pillow brings: JPEG, WebP, AVIF, JPEG 2000, PNG."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.bench.coders.base import Coder, Pixels
from latentpress.errors import CorruptFileError, LimitError, UnsupportedError
from latentpress.image import Image

__all__ = ["Jpeg2000Coder", "PillowCoder", "coders", "decode_pillow"]

# Pillow's name of the library behind a format, as `PIL.features` has it.
_LIBRARIES = {"AVIF": "avif", "JPEG": "libjpeg_turbo", "JPEG2000": "jpg_2000", "PNG": "zlib", "WEBP": "webp"}

_JPEG = (5.0, 10.0, 20.0, 35.0, 50.0, 65.0, 80.0, 90.0, 95.0)
_WEBP = (0.0, 5.0, 15.0, 30.0, 50.0, 70.0, 85.0, 95.0)
_AVIF = (2.0, 8.0, 20.0, 32.0, 44.0, 58.0, 72.0, 84.0)
_JPEG2000 = (0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)


def decode_pillow(data: bytes, format: str) -> Pixels:
    """Samples of a gray or RGB file of one format; anything else raises, not only our own errors."""
    from PIL import Image as PillowImage

    try:
        with PillowImage.open(io.BytesIO(data), formats=[format]) as picture:
            if picture.mode not in ("L", "RGB"):
                raise CorruptFileError(f"the {format} file has the pixel mode {picture.mode}, not L or RGB")
            return np.asarray(picture)
    except PillowImage.DecompressionBombError as error:
        raise LimitError(f"the {format} file says that it has more pixels than Pillow decodes") from error


class PillowCoder(Coder):
    """A file format of Pillow.

    format: Pillow's name of it. options: for ``Image.save``, besides the quality. gray_options: those that take the
    place of ``options`` in gray pictures.
    """

    package = "pillow"
    module = "PIL"

    def __init__(
        self,
        id: str,
        format: str,
        options: dict[str, Any],
        *,
        qualities: tuple[float, ...] = (100.0,),
        lossless: bool = False,
        gray: bool = True,
        gray_options: dict[str, Any] | None = None,
    ) -> None:
        self.id, self.format, self.options = id, format, options
        self.qualities, self.lossless, self.gray = qualities, lossless, gray
        self.gray_options = gray_options or {}

    def check(self) -> None:
        """Raise UnsupportedError if Pillow was built without the format."""
        from PIL import features

        # libjpeg_turbo is a make of the JPEG library, and only its version is looked up under that name.
        feature = "jpg" if self.format == "JPEG" else _LIBRARIES[self.format]
        if not features.check(feature):
            raise UnsupportedError(f"{self.id} needs a Pillow built with {feature}: pip install --upgrade pillow")

    def versions(self) -> dict[str, str]:
        """Pillow, and the library behind the format."""
        import PIL
        from PIL import features

        library = _LIBRARIES[self.format]
        found = {"pillow": PIL.__version__, library: str(features.version(library) or "unknown")}
        if self.format == "AVIF":
            from PIL import _avif

            found["avif_codecs"] = str(_avif.codec_versions())
        return found

    def _encode(self, pixels: Pixels, quality: float) -> bytes:
        stream = io.BytesIO()
        rate = {} if self.lossless else self._rate(pixels, quality)
        Image(pixels).to_pillow().save(stream, self.format, **self._options(pixels), **rate)
        return stream.getvalue()

    def _decode(self, data: bytes) -> NDArray[Any]:
        return decode_pillow(data, self.format)

    def _options(self, pixels: Pixels) -> dict[str, Any]:
        """The options for ``Image.save`` that do not depend on the quality."""
        return self.options | (self.gray_options if pixels.shape[2] == 1 else {})

    def _rate(self, pixels: Pixels, quality: float) -> dict[str, Any]:
        """The options for ``Image.save`` that set the quality."""
        return {"quality": int(quality)}

    def _settings(self) -> dict[str, Any]:
        settings = {"format": self.format, "options": self.options, "threads": 1}
        return settings | ({"gray_options": self.gray_options} if self.gray_options else {})


class Jpeg2000Coder(PillowCoder):
    """JPEG 2000 codestreams of OpenJPEG. The quality of the lossy one is the rate to reach, in bits a pixel."""

    def __init__(
        self, id: str, *, irreversible: bool, qualities: tuple[float, ...] = (100.0,), lossless: bool = False
    ) -> None:
        # A bare codestream: the boxes of a .jp2 file would add 85 bytes and say nothing more.
        options = {"irreversible": irreversible, "no_jp2": True}
        super().__init__(id, "JPEG2000", options, qualities=qualities, lossless=lossless)
        if not lossless:
            self.quality_name, self.quality_range, self.whole = "bpp", (0.01, 24.0), False

    def _options(self, pixels: Pixels) -> dict[str, Any]:
        # Each decomposition halves the sides, and OpenJPEG refuses to halve a side of one sample.
        levels = min(6, min(pixels.shape[:2]).bit_length())
        return self.options | {"mct": int(pixels.shape[2] == 3), "num_resolutions": levels}

    def _rate(self, pixels: Pixels, quality: float) -> dict[str, Any]:
        return {"quality_mode": "rates", "quality_layers": [8 * pixels.shape[2] / quality]}

    def _settings(self) -> dict[str, Any]:
        return super()._settings() | {"color_transform": "of RGB, none of gray", "resolutions": "6, fewer if small"}


def coders() -> list[Coder]:
    """All of them."""
    jpeg = {"optimize": True, "progressive": True}
    avif = {"codec": "aom", "max_threads": 1}
    mono = {"subsampling": "4:0:0"}
    psnr = {"speed": 4, "advanced": {"tune": "psnr"}}
    return [
        PillowCoder("jpeg-420", "JPEG", jpeg | {"subsampling": "4:2:0"}, qualities=_JPEG),
        PillowCoder("jpeg-444", "JPEG", jpeg | {"subsampling": "4:4:4"}, qualities=_JPEG),
        PillowCoder("webp", "WEBP", {"method": 6}, qualities=_WEBP, gray=False),
        PillowCoder("avif-444", "AVIF", avif | psnr | {"subsampling": "4:4:4"}, qualities=_AVIF, gray_options=mono),
        PillowCoder("avif-420", "AVIF", avif | psnr | {"subsampling": "4:2:0"}, qualities=_AVIF, gray_options=mono),
        # Without a tune libavif takes its own, which is perceptual: worse in PSNR, better in MS-SSIM.
        PillowCoder(
            "avif-444-s6-default",
            "AVIF",
            avif | {"speed": 6, "subsampling": "4:4:4"},
            qualities=_AVIF,
            gray_options=mono,
        ),
        Jpeg2000Coder("jpeg2000", irreversible=True, qualities=_JPEG2000),
        PillowCoder("png", "PNG", {"optimize": True}, lossless=True),
        PillowCoder("webp-lossless", "WEBP", {"lossless": True, "method": 4, "quality": 80}, lossless=True, gray=False),
        PillowCoder(
            "webp-lossless-m6", "WEBP", {"lossless": True, "method": 6, "quality": 100}, lossless=True, gray=False
        ),
        Jpeg2000Coder("jpeg2000-lossless", irreversible=False, lossless=True),
    ]

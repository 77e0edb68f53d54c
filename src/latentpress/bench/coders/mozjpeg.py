"""MozJPEG: JPEG files with trellis quantisation, through libvips."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.bench.coders.base import Coder, Pixels
from latentpress.bench.coders.pillow import decode_pillow
from latentpress.errors import UnsupportedError

__all__ = ["MozjpegCoder", "coders"]

# What `cjpeg` of MozJPEG does unasked; table 3 is its own. No metadata, as in the other coders.
_OPTIONS: dict[str, Any] = {
    "optimize_coding": True,
    "interlace": True,
    "trellis_quant": True,
    "overshoot_deringing": True,
    "optimize_scans": True,
    "quant_table": 3,
    "keep": "none",
}


class MozjpegCoder(Coder):
    """MozJPEG's default profile. Files are decoded as any JPEG is, by Pillow.

    subsample: ``on`` for 4:2:0, ``off`` for 4:4:4.
    """

    extra = "bench"
    package = "pyvips-binary and pyvips"
    module = "pyvips"
    quality_range = (1.0, 100.0)

    def __init__(self, id: str, subsample: str) -> None:
        self.id, self.subsample = id, subsample
        self.qualities = (5.0, 10.0, 20.0, 35.0, 50.0, 65.0, 80.0, 90.0, 95.0)

    def check(self) -> None:
        """Raise MissingExtraError without libvips, UnsupportedError if its JPEG library is not MozJPEG.

        libvips ignores MozJPEG's options when it has another library, so the proof is in the bytes.
        """
        noise = np.random.default_rng(0).integers(0, 256, (32, 32, 1), np.uint8)
        plain = self._save(noise, Q=50, optimize_coding=True, interlace=True, keep="none")
        trellis = self._save(noise, Q=50, optimize_coding=True, interlace=True, keep="none", trellis_quant=True)
        if plain == trellis:
            raise UnsupportedError(f"{self.id} needs a libvips built with MozJPEG: pip install pyvips-binary")

    def versions(self) -> dict[str, str]:
        """pyvips and libvips; libvips does not tell the version of the MozJPEG inside it."""
        import PIL

        library = self._load()
        libvips = ".".join(str(library.version(part)) for part in range(3))
        return {"pyvips": library.__version__, "libvips": libvips, "pillow": PIL.__version__}

    def _encode(self, pixels: Pixels, quality: float) -> bytes:
        return self._save(pixels, Q=int(quality), subsample_mode=self.subsample, **_OPTIONS)

    def _save(self, pixels: Pixels, **options: Any) -> bytes:
        """Write a JPEG file on one thread."""
        library = self._load()
        library.vips_lib.vips_concurrency_set(1)
        height, width, channels = pixels.shape
        picture = library.Image.new_from_memory(pixels.tobytes(), width, height, channels, "uchar")
        space = "srgb" if channels == 3 else "b-w"
        return bytes(picture.copy(interpretation=space).jpegsave_buffer(**options))

    def _decode(self, data: bytes) -> NDArray[Any]:
        return decode_pillow(data, "JPEG")

    def _settings(self) -> dict[str, Any]:
        options = _OPTIONS | {"subsample_mode": self.subsample}
        return {"format": "JPEG", "options": options, "decoder": "Pillow", "threads": 1}


def coders() -> list[Coder]:
    """Both chroma formats."""
    return [MozjpegCoder("mozjpeg-420", "on"), MozjpegCoder("mozjpeg-444", "off")]

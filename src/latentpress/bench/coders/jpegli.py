"""jpegli: JPEG files with adaptive quantisation, through pyjpegli."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from latentpress.bench.coders.base import Coder, Pixels
from latentpress.bench.coders.pillow import decode_pillow

__all__ = ["JpegliCoder", "coders"]


class JpegliCoder(Coder):
    """jpegli as pyjpegli gives it: the quality is its only setting and the chroma format is 4:2:0.

    Files are decoded as any JPEG is, by Pillow; jpegli's own decoder smooths chroma differently, at a lower PSNR.
    """

    extra = "bench"
    package = "pyjpegli"
    module = "pyjpegli"
    quality_range = (1.0, 100.0)
    gray = False

    def __init__(self, id: str) -> None:
        self.id = id
        self.qualities = (1.0, 10.0, 20.0, 35.0, 50.0, 65.0, 80.0, 90.0)

    def versions(self) -> dict[str, str]:
        """pyjpegli, which contains jpegli."""
        import PIL

        return {"pyjpegli": self._load().__version__, "pillow": PIL.__version__}

    def _encode(self, pixels: Pixels, quality: float) -> bytes:
        height, width, _ = pixels.shape
        return bytes(self._load().encode(pixels.tobytes(), width, height, int(quality)))

    def _decode(self, data: bytes) -> NDArray[Any]:
        return decode_pillow(data, "JPEG")

    def _settings(self) -> dict[str, Any]:
        return {"format": "JPEG", "subsampling": "4:2:0", "decoder": "Pillow", "threads": 1}


def coders() -> list[Coder]:
    """The one that there is."""
    return [JpegliCoder("jpegli")]

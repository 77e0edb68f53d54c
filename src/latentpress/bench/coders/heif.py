"""HEIC: HEVC still pictures, by libheif and x265 through pillow-heif."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.bench.coders.base import Coder, Pixels

__all__ = ["HeicCoder", "coders"]

# One worker thread and one frame at a time; x265 then writes the same bytes as with all threads.
_PARAMETERS = {"x265:pools": "1", "x265:frame-threads": "1"}


class HeicCoder(Coder):
    """pillow-heif's default settings with a fixed chroma format, 444 or 420."""

    extra = "bench"
    package = "pillow-heif"
    module = "pillow_heif"

    def __init__(self, id: str, chroma: int) -> None:
        self.id, self.chroma = id, chroma
        self.qualities = (5.0, 12.0, 20.0, 30.0, 40.0, 50.0, 60.0, 72.0)

    def versions(self) -> dict[str, str]:
        """pillow-heif, libheif, and its encoder and decoder."""
        library = self._load()
        info = library.libheif_info()
        return {
            "pillow_heif": library.__version__,
            "libheif": info["libheif"],
            "encoder": info["encoders"].get("x265", "unknown"),
            "decoder": next(iter(info["decoders"].values()), "unknown"),
        }

    def _encode(self, pixels: Pixels, quality: float) -> bytes:
        height, width, channels = pixels.shape
        stream = io.BytesIO()
        picture = self._load().from_bytes("RGB" if channels == 3 else "L", (width, height), pixels.tobytes())
        # libheif gives a gray picture no chroma planes by itself.
        chroma = {"chroma": self.chroma} if channels == 3 else {}
        picture.save(stream, quality=int(quality), enc_params=dict(_PARAMETERS), **chroma)
        return stream.getvalue()

    def _decode(self, data: bytes) -> NDArray[Any]:
        library = self._load()
        library.options.DECODE_THREADS = 1  # of the process: there is no such setting for one picture
        return np.asarray(library.open_heif(io.BytesIO(data)))

    def _settings(self) -> dict[str, Any]:
        return {
            "format": "HEIC",
            "chroma": self.chroma,
            "encoder": "x265",
            "encoder_parameters": _PARAMETERS,
            "threads": 1,
        }


def coders() -> list[Coder]:
    """Both chroma formats."""
    return [HeicCoder("heic-444", 444), HeicCoder("heic-420", 420)]

"""VMAF (Netflix, 2016), by the ffmpeg with libvmaf that the Python package `imageio-ffmpeg` brings."""

from __future__ import annotations

import importlib
import json
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from latentpress._extras import needs_extra
from latentpress.errors import LatentPressError
from latentpress.metrics._pictures import Picture
from latentpress.metrics.external._tools import as_rgb, run

__all__ = ["score"]

_MODEL = "vmaf_v0.6.1"
_BT709 = np.array([0.2126, 0.7152, 0.0722])


def score(reference: Picture, distorted: Picture) -> float:
    """VMAF of two 8-bit RGB or gray pictures, each a video of one frame: 0 to 100 (best), no unit; higher is better.

    Model vmaf_v0.6.1 (a television, 1920x1080, from three times its height). It looks at brightness only, which is made
    here as video has it: BT.709, 16..235, rounded. One frame has no motion, which the model takes for a still scene;
    equal pictures give a little under 100.

    Raises `MissingExtraError` without the package, `UnsupportedError` for 16-bit pictures, `InvalidInputError` for
    shapes that differ or sides under 32 pixels, `LatentPressError` if ffmpeg fails or has no libvmaf.
    """
    with needs_extra("VMAF", "bench"):
        ffmpeg = importlib.import_module("imageio_ffmpeg").get_ffmpeg_exe()
    pictures = as_rgb(reference, distorted, "VMAF", least=32)
    height, width = pictures[0].shape[:2]
    source = ["-f", "rawvideo", "-pixel_format", "yuv444p", "-video_size", f"{width}x{height}", "-i"]
    with tempfile.TemporaryDirectory(prefix="latentpress-") as name:
        folder = Path(name)
        for file, picture in zip(("reference.yuv", "distorted.yuv"), pictures, strict=True):
            (folder / file).write_bytes(_yuv(picture))
        # The filter's first input is the distorted video. Paths are relative: its options have their own escapes.
        graph = f"libvmaf=model=version={_MODEL}:log_fmt=json:log_path=log.json:n_threads=1"
        command = [ffmpeg, "-v", "error", "-nostdin", *source, "distorted.yuv", *source, "reference.yuv"]
        run([*command, "-lavfi", graph, "-f", "null", "-"], folder, "VMAF")
        try:
            log = json.loads((folder / "log.json").read_text(encoding="utf-8"))
            return float(log["pooled_metrics"]["vmaf"]["mean"])
        except (OSError, ValueError, LookupError) as error:
            raise LatentPressError(f"VMAF left no score in its log: {error}") from error


def _yuv(picture: NDArray[np.uint8]) -> bytes:
    """One frame of planar YUV without colour."""
    luma: NDArray[np.uint8] = np.rint(16 + picture.astype(np.float64) @ _BT709 * (219 / 255)).astype(np.uint8)
    return luma.tobytes() + bytes([128]) * (2 * luma.size)

"""What a request asks for, as functions of bytes and plain values. They run in a worker process.

Each raises a `LatentPressError` with a reason in one line for whatever is wrong with its input.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import functools
import io
import math
import os
import time
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

import latentpress
from latentpress import limits
from latentpress.apps.serve.search import quality_for_size
from latentpress.bench.coders import Coder, available, get_coder
from latentpress.bench.pictures import plain_pixels
from latentpress.codecs.settings import Settings
from latentpress.codecs.targets import psnr_of
from latentpress.errors import InvalidInputError, LatentPressError, MissingExtraError, UnsupportedError
from latentpress.image import Image
from latentpress.metrics import METRICS, bits_per_pixel, compression_ratio, ms_ssim, psnr, similarity_db

__all__ = ["Encoded", "ParameterError", "coders", "codecs", "compress", "decompress", "inspect", "prepare", "preview"]

_MS_SSIM_PIXELS = 2**23  # its filters take some 200 bytes a pixel

Pixels = NDArray[np.uint8]


class ParameterError(InvalidInputError):
    """A parameter of the request is wrong, whatever its body holds."""


@dataclasses.dataclass(frozen=True)
class Encoded:
    """What `compress` gives: a whole file, the picture's sides, and the PSNR in dB if it was asked for."""

    data: bytes
    codec: str
    width: int
    height: int
    psnr: float | None


def prepare(max_pixels: int) -> None:
    """Make a fresh worker ready: set its limit on pixels, and load the usual network before it is waited for."""
    limits.MAX_PIXELS = max_pixels
    # ONNX Runtime would report its use to its makers over the network; it reads this when it is first imported.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    # A worker's warnings would go to the service's log, where the client who could use them does not look.
    warnings.simplefilter("ignore")
    try:
        Settings()(Image(np.zeros((16, 16, 3), np.uint8)), threads=1)
    except LatentPressError:
        return  # the requests that need it will say why


def compress(body: bytes, given: dict[str, Any], verify: bool) -> Encoded:
    """A picture file to an .lpx file. given: keywords of `latentpress.compress`. verify: decode it, for its PSNR."""
    try:
        coding = Settings.of(**given)
    except (InvalidInputError, UnsupportedError) as error:
        raise ParameterError(str(error)) from None
    coder = coding.coder(threads=1)
    image = _picture(body)
    data = coding(image, threads=1)
    fidelity = psnr_of(image, coder.decode(data)) if verify else None
    return Encoded(data, coder.id, image.width, image.height, fidelity)


def decompress(body: bytes, format: str) -> bytes:
    """An .lpx file to a picture file of a format that `latentpress.write_image` knows."""
    if not body:
        raise InvalidInputError("the request is empty; send an .lpx file")
    stream = io.BytesIO()
    latentpress.write_image(latentpress.decompress(body, threads=1), stream, format)
    return stream.getvalue()


def inspect(body: bytes) -> dict[str, Any]:
    """What an .lpx file holds, JSON-able."""
    if not body:
        raise InvalidInputError("the request is empty; send an .lpx file")
    info = latentpress.inspect(body)
    return {**dataclasses.asdict(info), "bpp": info.bpp, "overhead_bytes": info.overhead_bytes}


def codecs() -> dict[str, list[dict[str, Any]]]:
    """The codecs of `compress`, and the coders of `preview`, JSON-able."""
    own = [dataclasses.asdict(row) for row in latentpress.list_codecs()]
    return {"codecs": own, "preview": coders()}


def coders() -> list[dict[str, Any]]:
    """The coders that `preview` has here: this package's, and those of others whose libraries are installed."""
    own = {row.id for row in latentpress.list_codecs()}
    return [_describe(coder, coder.id in own) for coder in available().values()]


def preview(body: bytes, codec: str, quality: float | None, bpp: float | None, with_original: bool) -> dict[str, Any]:
    """Code a picture with any coder and decode it again, JSON-able but for the two PNG files.

    quality: on the coder's own scale. bpp: the rate to look for instead, whole file, in bits a pixel. With neither, the
    middle of the coder's usual qualities is taken.
    """
    coder = _coder(codec)
    if quality is not None and bpp is not None:
        raise ParameterError("give quality or bpp, not both")
    if quality is not None:
        _check_quality(coder, quality)
    image = _picture(body)
    pixels, note = plain_pixels(image)
    if image.metadata:
        note = ", ".join(filter(None, (note, "metadata left out")))
    height, width, channels = pixels.shape
    original = _data_url(pixels) if with_original else None
    if channels == 1 and not coder.gray:
        pixels = np.repeat(pixels, 3, axis=2)
    used, data, seconds = _encode(coder, pixels, quality, bpp)
    start = time.perf_counter()
    decoded = coder.decode(data)
    decode_seconds = time.perf_counter() - start
    return {
        "codec": coder.id,
        "lossless": coder.lossless,
        "quality": used,
        "quality_name": coder.quality_name,
        "width": width,
        "height": height,
        "channels": channels,
        "note": note,
        "bytes": len(data),
        "bpp": bits_per_pixel(len(data), width, height),
        "ratio": compression_ratio(height * width * channels, len(data)),
        "metrics": _metrics(pixels, decoded),
        "identical": bool(np.array_equal(pixels, decoded)),
        "encode_seconds": seconds,
        "decode_seconds": decode_seconds,
        "picture": _data_url(decoded),
        "original": original,
    }


def _picture(body: bytes) -> Image:
    """The picture in a file; its size is checked when the header is read, before the samples are."""
    if not body:
        raise InvalidInputError("the request is empty; send a picture file")
    return latentpress.read_image(io.BytesIO(body))


@functools.lru_cache(maxsize=64)
def _coder(id: str) -> Coder:
    """One coder of each kind, so that a network is loaded once."""
    try:
        return get_coder(id)
    except (UnsupportedError, MissingExtraError) as error:
        raise ParameterError(str(error)) from None


def _describe(coder: Coder, own: bool) -> dict[str, Any]:
    usual = coder.qualities
    return {
        "id": coder.id,
        "own": own,
        "lossless": coder.lossless,
        "quality_name": coder.quality_name,
        "smallest": coder.quality_range[not _rising(coder)],
        "largest": coder.quality_range[_rising(coder)],
        "usual": usual[len(usual) // 2],
        "whole": coder.whole,
    }


def _rising(coder: Coder) -> bool:
    """Whether a larger number of its quality gives a larger file. `Coder.qualities` begins with the smallest file."""
    return coder.qualities[-1] >= coder.qualities[0]


def _check_quality(coder: Coder, quality: float) -> None:
    """Raise ParameterError for what the coder would refuse."""
    low, high = coder.quality_range
    if not low <= quality <= high or (coder.whole and not quality.is_integer()):
        kind = "a whole number" if coder.whole else "a number"
        raise ParameterError(f"{coder.quality_name} of {coder.id} must be {kind} from {low:g} to {high:g}")


def _encode(coder: Coder, pixels: Pixels, quality: float | None, bpp: float | None) -> tuple[float, bytes, float]:
    """Quality used, file, and the seconds of one encoding."""
    seconds = 0.0

    def timed(value: float) -> bytes:
        nonlocal seconds
        start = time.perf_counter()
        data = coder.encode(pixels, value)
        seconds = time.perf_counter() - start
        return data

    if bpp is None or coder.lossless:
        usual = coder.qualities[len(coder.qualities) // 2]
        used = usual if quality is None or coder.lossless else quality
        return used, timed(used), seconds
    low, high = coder.quality_range
    smallest, largest = (low, high) if _rising(coder) else (high, low)
    size = bpp * pixels.shape[0] * pixels.shape[1] / 8
    used, data = quality_for_size(timed, smallest, largest, max(size, 1.0), whole=coder.whole)
    return used, data, seconds


def _metrics(original: Pixels, decoded: Pixels) -> dict[str, float | None]:
    """PSNR and MS-SSIM; None where a number is infinite or cannot be had (no SciPy, too small, too large)."""
    found: dict[str, float | None] = {"psnr": _finite(psnr(original, decoded))}
    similarity = None
    if METRICS["ms-ssim"].available and original.shape[0] * original.shape[1] <= _MS_SSIM_PIXELS:
        with contextlib.suppress(InvalidInputError):  # a side is shorter than its window at the coarsest scale
            similarity = ms_ssim(original, decoded)
    found["ms_ssim"] = similarity
    found["ms_ssim_db"] = None if similarity is None else _finite(similarity_db(similarity))
    return found


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _data_url(pixels: Pixels) -> str:
    """The picture as PNG in a data URL; quick to write rather than small, as it goes to a page on the same machine."""
    stream = io.BytesIO()
    Image(pixels).to_pillow().save(stream, "PNG", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode("ascii")

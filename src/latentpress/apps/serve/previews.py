"""A picture coded by any coder and decoded again, for the page."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import functools
import io
import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.apps.serve.inputs import ParameterError
from latentpress.apps.serve.offers import quicker, rising, suffix_of, with_options
from latentpress.apps.serve.search import quality_for_size
from latentpress.bench.coders import Coder, get_coder
from latentpress.bench.coders.own import OwnCoder
from latentpress.bench.pictures import plain_pixels
from latentpress.codecs.registry import codec_class, shared_codec
from latentpress.codecs.roi import Roi
from latentpress.errors import InvalidInputError, MissingExtraError, UnsupportedError
from latentpress.image import Image
from latentpress.metrics import METRICS, bits_per_pixel, compression_ratio, ms_ssim, psnr, similarity_db

__all__ = ["Wish", "preview"]

_MS_SSIM_PIXELS = 2**23  # its filters take some 200 bytes a pixel
_TRIAL = 256  # pixels a side of the part that tells how long the whole takes
_TRIES = 5  # encodings of a usual search

Pixels = NDArray[np.uint8]


@dataclasses.dataclass(frozen=True)
class Wish:
    """What a preview is asked for. At most one of quality (on the coder's own scale), bpp (bits a pixel, whole file)
    and size (bytes, not to be exceeded where possible); without them the middle of the coder's usual qualities.
    options: settings of the codec. within: seconds; a comparison that would take longer takes a quicker setting.
    original: whether the picture itself goes back too.
    """

    codec: str
    quality: float | None = None
    bpp: float | None = None
    size: float | None = None
    options: dict[str, Any] = dataclasses.field(default_factory=dict)
    within: float | None = None
    original: bool = False


def preview(image: Image, wish: Wish, weights: NDArray[np.float32] | None = None) -> dict[str, Any]:
    """Code a picture and decode it, JSON-able but for its data URLs. weights: of a region of interest, as in `Roi`."""
    goals = [name for name in ("quality", "bpp", "size") if getattr(wish, name) is not None]
    if len(goals) > 1:
        raise ParameterError(f"give {' or '.join(goals)}, not {len(goals)} of them")
    coder = with_options(_coder(wish.codec), wish.options)
    if wish.quality is not None:
        _check_quality(coder, wish.quality)
    pixels, changed = plain_pixels(image)
    notes = [note for note in (changed, "metadata left out" if image.metadata else "") if note]
    height, width, channels = pixels.shape
    sent = _data_url(pixels) if wish.original else None
    coder, told = _in_time(coder, pixels, wish)
    if channels == 1 and not coder.gray:
        pixels = np.repeat(pixels, 3, axis=2)
    used, data, seconds = _encode(coder, _encoder(coder, weights), pixels, wish)
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
        "note": ", ".join(notes),
        "quicker": told,
        "bytes": len(data),
        "bpp": bits_per_pixel(len(data), width, height),
        "ratio": compression_ratio(height * width * channels, len(data)),
        "metrics": _metrics(pixels, decoded),
        "identical": bool(np.array_equal(pixels, decoded)),
        "encode_seconds": seconds,
        "decode_seconds": decode_seconds,
        "suffix": suffix_of(coder),
        "file": base64.b64encode(data).decode("ascii"),
        "picture": _data_url(decoded),
        "original": sent,
    }


@functools.lru_cache(maxsize=64)
def _coder(id: str) -> Coder:
    """One coder of each kind, so that a network is loaded once."""
    try:
        return get_coder(id)
    except (UnsupportedError, MissingExtraError) as error:
        raise ParameterError(str(error)) from None


def _check_quality(coder: Coder, quality: float) -> None:
    """Raise ParameterError for what the coder would refuse."""
    low, high = coder.quality_range
    if not low <= quality <= high or (coder.whole and not quality.is_integer()):
        kind = "a whole number" if coder.whole else "a number"
        raise ParameterError(f"{coder.quality_name} of {coder.id} must be {kind} from {low:g} to {high:g}")


def _in_time(coder: Coder, pixels: Pixels, wish: Wish) -> tuple[Coder, str]:
    """The coder, or its quicker variant if it would take too long, and then what to tell."""
    if wish.within is None or not quicker(coder.id):
        return coder, ""
    part = np.ascontiguousarray(pixels[:_TRIAL, :_TRIAL])
    tries = 1 if coder.lossless or (wish.bpp is None and wish.size is None) else _TRIES
    start = time.perf_counter()
    coder.encode(part, coder.qualities[len(coder.qualities) // 2])
    expected = (time.perf_counter() - start) * tries * pixels.size / part.size
    if expected <= wish.within:
        return coder, ""
    other = _coder(quicker(coder.id))
    if wish.quality is not None:
        _check_quality(other, wish.quality)
    return other, f"{coder.id} would take about {expected:.0f} s here: this is the quicker {other.id}"


def _encoder(coder: Coder, weights: NDArray[np.float32] | None) -> Callable[[Pixels, float], bytes]:
    """How the coder codes, with a region of interest if there is one."""
    if weights is None:
        return coder.encode
    if not isinstance(coder, OwnCoder) or not codec_class(coder.codec).regions:
        raise ParameterError(f"{coder.id} has no regions of interest")
    codec: Any = shared_codec(coder.codec, coder.given, 1)
    return lambda pixels, quality: codec.encode(Image(pixels), quality, roi=Roi(weights))


def _encode(
    coder: Coder, encode: Callable[[Pixels, float], bytes], pixels: Pixels, wish: Wish
) -> tuple[float, bytes, float]:
    """Quality used, file, and the seconds of one encoding."""
    seconds = 0.0

    def timed(value: float) -> bytes:
        nonlocal seconds
        start = time.perf_counter()
        data = encode(pixels, value)
        seconds = time.perf_counter() - start
        return data

    if coder.lossless or (wish.bpp is None and wish.size is None):
        usual = coder.qualities[len(coder.qualities) // 2]
        used = usual if wish.quality is None or coder.lossless else wish.quality
        return used, timed(used), seconds
    smallest, largest = sorted(coder.quality_range, reverse=not rising(coder))
    wanted = wish.size if wish.bpp is None else wish.bpp * pixels.shape[0] * pixels.shape[1] / 8
    assert wanted is not None
    within = math.inf if wish.within is None else wish.within
    used, data = quality_for_size(
        timed, smallest, largest, max(wanted, 1.0), whole=coder.whole, at_most=wish.bpp is None, within=within
    )
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

"""The compressor of survey S4, section 1.2, in cosines and in complex exponentials: at equal bytes, over block size and
threshold.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.bench.machine import machine, now, versions
from latentpress.bench.pictures import find_pictures, read_pixels
from latentpress.codecs.registry import get_codec
from latentpress.errors import InvalidInputError
from latentpress.image import Image
from latentpress.metrics import bits_per_pixel, psnr
from latentpress.studies.base import Request, Result, Table

__all__ = ["run", "study"]

_TRANSFORMS = ("dct", "dft")
_BLOCKS = (4, 8, 16, 32)
_THRESHOLDS = (0.62, 1.0, 2.0)  # steps
_QUALITIES = (25, 40, 55, 65, 75)
_RATES = (0.5, 1.0)  # bits a pixel
_SIDE, _EVERY = 256, 4  # squares from the middle of every fourth picture

Pixels = NDArray[np.uint8]
Setting = tuple[str, int, float]


def run(request: Request) -> Result:
    """Do the study. Raises InvalidInputError unless there is one folder, with pictures of at least 256x256."""
    if len(request.data) != 1:
        raise InvalidInputError("s4-dct-dft takes one --data folder: pictures such as the Kodak set")
    pictures = [_middle(read_pixels(path)) for path in list(find_pictures(request.data[0]).values())[::_EVERY]]
    return study(pictures, _QUALITIES, request.say)


def study(pictures: Sequence[Pixels], qualities: Sequence[int], say: Callable[[str], None]) -> Result:
    """Curves of every transform, block size and threshold, read at the rates of the table."""
    found: dict[Setting, list[list[tuple[float, float]]]] = {}
    for transform in _TRANSFORMS:
        for block in _BLOCKS:
            for threshold in _THRESHOLDS:
                found[transform, block, threshold] = [
                    _curve(pixels, transform, block, threshold, qualities) for pixels in pictures
                ]
            say(f"{transform}, blocks of {block}")
    return _result(found, len(pictures), qualities)


def _middle(pixels: Pixels) -> Pixels:
    top, left = ((side - _SIDE) // 2 for side in pixels.shape[:2])
    if min(top, left) < 0:
        raise InvalidInputError(f"s4-dct-dft needs pictures of at least {_SIDE}x{_SIDE} pixels")
    return np.ascontiguousarray(pixels[top : top + _SIDE, left : left + _SIDE])


def _curve(
    pixels: Pixels, transform: str, block: int, threshold: float, qualities: Sequence[int]
) -> list[tuple[float, float]]:
    """Bits a pixel of whole files and PSNR, by quality."""
    codec = get_codec("dft-threshold", transform=transform, block=block, threshold=threshold, threads=1)
    points = []
    for quality in qualities:
        data = codec.encode(Image(pixels), quality)
        rate = bits_per_pixel(len(data), pixels.shape[1], pixels.shape[0])
        points.append((rate, psnr(pixels, codec.decode(data).pixels)))
    return points


def _at(curves: Sequence[Sequence[tuple[float, float]]], rate: float) -> float:
    """Mean over pictures of PSNR at a rate, linear in log rate between two qualities; nan where one does not reach "
    "it."""
    values = []
    for curve in curves:
        rates, quality = np.log([point[0] for point in curve]), [point[1] for point in curve]
        values.append(float(np.interp(math.log(rate), rates, quality, left=math.nan, right=math.nan)))
    return float(np.mean(values))


def _result(
    found: Mapping[Setting, Sequence[Sequence[tuple[float, float]]]], count: int, qualities: Sequence[int]
) -> Result:
    tables, best = [], {}
    for rate in _RATES:
        rows = []
        for block in _BLOCKS:
            for threshold in _THRESHOLDS:
                dct, dft = (_at(found[transform, block, threshold], rate) for transform in _TRANSFORMS)
                rows.append((f"{block}x{block}", f"{threshold:g}", _shown(dct), _shown(dft), _shown(dft - dct, "+")))
        tables.append(
            Table(
                f"PSNR in dB at {rate:g} bits a pixel",
                ("block", "threshold, steps", "DCT", "DFT", "DFT over DCT"),
                rows,
            )
        )
        best[rate] = {
            transform: max(
                ((_at(curves, rate), setting[1:]) for setting, curves in found.items() if setting[0] == transform),
                key=lambda one: -math.inf if math.isnan(one[0]) else one[0],
            )
            for transform in _TRANSFORMS
        }
    words = "; ".join(
        f"at {rate:g} bpp the best DCT has {one['dct'][0]:.2f} dB (blocks of {one['dct'][1][0]}), the best DFT "
        f"{one['dft'][0]:.2f} dB (blocks of {one['dft'][1][0]})"
        for rate, one in best.items()
    )
    intro = [
        "Kunwar and Alade 2023 explain compression by the discrete Fourier transform: coefficients below a threshold "
        "are dropped, for the whole picture or for blocks, and the size of blocks is said to matter. What a file of "
        "that costs beside one of JPEG's cosines is left open. Here both are the codec dft-threshold with the same "
        f"quantiser and the same entropy coder, whole files, on {count} squares of {_SIDE}x{_SIDE} pixels.",
        f"In short: {words}.",
    ]
    notes = [
        "Of a real block's spectrum half is stored, the rest is its conjugate: both transforms have as many numbers "
        "as a block has pixels.",
        "A threshold of 0.62 steps is little more than rounding; larger ones drop coefficients that rounding would "
        "have kept and need finer steps for the same rate.",
        "The DFT takes a block for one period: where left and right (or upper and lower) edges differ it sees a jump, "
        "whose energy is spread over many frequencies. The cosines reflect the block at its edges and see none. That "
        "is why JPEG has the DCT, and why larger blocks help the DFT more.",
        f"PSNR at a rate is linear in the logarithm of the rate between qualities {', '.join(map(str, qualities))}, "
        "for each picture; a dash where a picture does not reach the rate.",
    ]
    data: dict[str, Any] = {
        "study": "s4-dct-dft",
        "date": now(),
        "machine": machine(),
        "versions": versions(),
        "pictures": count,
        "qualities": list(qualities),
        "curves": {f"{t} {block} {threshold:g}": curves for (t, block, threshold), curves in found.items()},
    }
    return Result("s4-dct-dft", "Cosines against complex exponentials at equal bytes", intro, tables, notes, data)


def _shown(value: float, sign: str = "") -> str:
    return "-" if math.isnan(value) else f"{value:{sign}.2f}"

"""The statement of survey S4 on Ruihua 2019: an adversarial codec does colour better than gray, which needs
post-processing.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from latentpress.bench.curves import Curve, compare_curves
from latentpress.bench.machine import machine, now, versions
from latentpress.bench.pictures import find_pictures, read_pixels
from latentpress.codecs.registry import get_codec
from latentpress.errors import InvalidInputError
from latentpress.image import Image
from latentpress.metrics import bits_per_pixel, ms_ssim_db, psnr
from latentpress.studies.base import Request, Result, Table

__all__ = ["run", "study"]

_QUALITIES = (0, 25, 50, 75, 100)
_JPEG = (3, 6, 10, 15, 22, 32, 45)
_CODECS = ("hific", "agustsson", "hyperprior")
_EVERY = 4
_METRICS: Mapping[str, Callable[[Pixels, Pixels], float]] = {"psnr": psnr, "ms-ssim": ms_ssim_db}
"""Both in dB."""

Pixels = NDArray[np.uint8]
Points = dict[str, list[list[tuple[float, float]]]]


def run(request: Request) -> Result:
    """Do the study. Raises InvalidInputError unless there is one folder of pictures."""
    if len(request.data) != 1:
        raise InvalidInputError("s4-ruihua takes one --data folder: pictures such as the Kodak set")
    paths = list(find_pictures(request.data[0]).values())[::_EVERY]
    return study([read_pixels(path) for path in paths], _QUALITIES, request.say)


def study(pictures: Sequence[Pixels], qualities: Sequence[int], say: Callable[[str], None]) -> Result:
    """Curves of the codecs and of JPEG on pictures (H, W, 3), and on what is left of them in gray."""
    gray = [_gray(pixels) for pixels in pictures]
    found: dict[str, dict[str, Points]] = {}
    for codec in _CODECS:
        found[codec] = {
            "colour": _curves(pictures, lambda pixels, q, codec=codec: _coded(codec, pixels, q), qualities),  # type: ignore[misc]
            "gray": _curves(gray, lambda pixels, q, codec=codec: _coded(codec, pixels, q), qualities),  # type: ignore[misc]
            "gray, as it comes": _curves(gray, lambda p, q, codec=codec: _tinged(codec, p, q), qualities),  # type: ignore[misc]
        }
        say(f"{codec} is done")
    jpeg = {"colour": _curves(pictures, _jpeg, _JPEG), "gray": _curves(gray, _jpeg, _JPEG)}
    return _result(found, jpeg, len(pictures), qualities)


def _gray(pixels: Pixels) -> Pixels:
    """(H, W, 1): luma."""
    return np.asarray(Pillow.fromarray(pixels).convert("L"))[:, :, None]


def _curves(
    pictures: Sequence[Pixels], code: Callable[[Pixels, int], tuple[int, Pixels]], qualities: Sequence[int]
) -> Points:
    """Points (bits a pixel, metric) of each picture, by metric."""
    points: Points = {name: [[] for _ in pictures] for name in _METRICS}
    for number, pixels in enumerate(pictures):
        for quality in qualities:
            size, shown = code(pixels, quality)
            rate = bits_per_pixel(size, pixels.shape[1], pixels.shape[0])
            for name, metric in _METRICS.items():
                points[name][number].append((rate, float(metric(_as_colour(pixels), _as_colour(shown)))))
    return points


def _as_colour(pixels: Pixels) -> Pixels:
    return np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels


def _coded(id: str, pixels: Pixels, quality: int) -> tuple[int, Pixels]:
    """Bytes and pixels of the codec's file of a picture as it is; of a gray one it shows the mean of its colours."""
    codec = get_codec(id, threads=1)
    data = codec.encode(Image(pixels), quality)
    return len(data), codec.decode(data).pixels.astype(np.uint8, copy=False)


def _tinged(id: str, pixels: Pixels, quality: int) -> tuple[int, Pixels]:
    """The same of a gray picture that is handed over as one in colour: what is decoded may have false colours."""
    return _coded(id, _as_colour(pixels), quality)


def _jpeg(pixels: Pixels, quality: int) -> tuple[int, Pixels]:
    file = BytesIO()
    Pillow.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).save(file, "JPEG", quality=quality)
    return file.tell(), np.asarray(Pillow.open(file)).reshape(pixels.shape)


def _mean(curves: Sequence[Sequence[tuple[float, float]]]) -> Curve:
    """Means over the pictures, point by point."""
    return [
        (statistics.fmean(rate for rate, _ in points), statistics.fmean(value for _, value in points))
        for points in zip(*curves, strict=True)
    ]


def _result(
    found: Mapping[str, Mapping[str, Points]], jpeg: Mapping[str, Points], count: int, qualities: Sequence[int]
) -> Result:
    rows, rates = [], {}
    for codec, kinds in found.items():
        for kind, points in kinds.items():
            anchor = jpeg["gray" if kind.startswith("gray") else "colour"]
            saved = {name: compare_curves(_mean(anchor[name]), _mean(points[name])).percent for name in _METRICS}
            rates[f"{codec}, {kind}"] = saved
            lowest = _mean(points["psnr"])[0]
            cells = (f"{saved[name]:+.1f} %" if saved[name] is not None else "-" for name in _METRICS)
            rows.append((codec, kind, *cells, f"{lowest[0]:.3f}", f"{lowest[1]:.2f} dB"))
    columns = ("codec", "pictures", "BD-rate, PSNR", "BD-rate, MS-SSIM", "lowest rate", "PSNR there")
    intro = [
        "Kunwar and Alade 2023 report of Ruihua 2019 that an adversarial codec does colour pictures better than gray "
        "ones, and that gray ones were post-processed. Here two adversarial codecs and one made for squared error code "
        f"{count} pictures in colour and in gray (luma), whole files, against JPEG of the same pictures (4:2:0, gray).",
    ]
    notes = [
        "BD-rates are against JPEG of the same kind of picture: that JPEG itself spends less on gray is not counted. "
        "A dash: the curves share no range.",
        "Gray: the codec is handed a gray picture and shows the mean of its three colours, which is the "
        "post-processing. As it comes: the same picture handed over as one in colour, measured with whatever false "
        "colours the decoder paints.",
        f"Qualities {', '.join(map(str, qualities))} of the codecs and {', '.join(map(str, _JPEG))} of JPEG.",
    ]
    data: dict[str, Any] = {
        "study": "s4-ruihua",
        "date": now(),
        "machine": machine(),
        "versions": versions(),
        "pictures": count,
        "bd_rates": rates,
        "curves": {codec: {kind: points for kind, points in kinds.items()} for codec, kinds in found.items()},
        "jpeg": dict(jpeg),
    }
    table = Table("Against JPEG of the same pictures", columns, rows)
    return Result("s4-ruihua", "Adversarial codecs: colour against gray", intro, [table], notes, data)

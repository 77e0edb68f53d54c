"""Krishnaraj 2020, row [33] of the survey S0: wavelet and networks for pictures from under water."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from latentpress.bench.machine import machine, now, versions
from latentpress.bench.pictures import find_pictures, read_pixels
from latentpress.codecs import get_codec
from latentpress.errors import InvalidInputError
from latentpress.image import Image
from latentpress.metrics import psnr
from latentpress.progress import steps
from latentpress.studies.base import Request, Result, Table
from latentpress.training.underwater import under_water

__all__ = ["RATES", "run"]

Pixels = NDArray[np.uint8]
Coder = Callable[[Pixels], list[tuple[int, Pixels]]]

RATES = (0.1, 0.2, 0.4, 24 * (1 - 0.797038))
"""Bits a pixel; the last is what the printed space saving leaves of 24."""

_PICTURES = 4
_PART = (384, 512)  # rows and columns of the middle that are taken
_J2K = (0.08, 0.15, 0.3, 0.6, 2.5, 4.6, 5.2)  # bits a pixel
_QUALITIES = (5, 15, 25, 35, 50, 65, 80, 90, 95, 100)


def run(request: Request) -> Result:
    """Do the study. Raises InvalidInputError unless there is one folder of pictures."""
    if len(request.data) != 1:
        raise InvalidInputError("krishnaraj-2020 takes one --data folder, of photographs to put under water")
    files = list(find_pictures(request.data[0]).items())
    coders = _coders()
    rows: dict[str, list[list[float]]] = {name: [] for name in coders}
    chosen = files[:: max(1, len(files) // _PICTURES)][:_PICTURES]
    for name, path in steps(chosen, len(chosen)):
        pixels = under_water(_middle(read_pixels(path)))
        for coder, code in coders.items():
            rows[coder].append(_measured(pixels, code(pixels)))
        request.say(name)
    means = {coder: np.mean(found, axis=0).tolist() for coder, found in rows.items()}  # NaN where one is missing
    return _result(means, [name for name, _ in chosen])


def _middle(pixels: Pixels) -> Pixels:
    rows, columns = (
        slice((length - part) // 2, (length + part) // 2) if length > part else slice(None)
        for length, part in zip(pixels.shape, _PART, strict=False)
    )
    return pixels[rows, columns]


def _coders() -> dict[str, Coder]:
    """Functions of a picture that give files of rising size, and what they show."""

    def ours(id: str, **settings: Any) -> Coder:
        codec = get_codec(id, threads=1, **settings)

        def code(pixels: Pixels) -> list[tuple[int, Pixels]]:
            files = [codec.encode(Image(pixels), quality) for quality in _QUALITIES]
            return [(len(data), codec.decode(data).pixels.astype(np.uint8)) for data in files]

        return code

    def pillow(format: str, settings: list[dict[str, Any]]) -> Coder:
        def code(pixels: Pixels) -> list[tuple[int, Pixels]]:
            found = []
            for setting in settings:
                buffer = io.BytesIO()
                PillowImage.fromarray(pixels).save(buffer, format, **setting)
                found.append((buffer.tell(), np.asarray(PillowImage.open(buffer).convert("RGB"))))
            return found

        return code

    ratios = [{"quality_mode": "rates", "quality_layers": [24 / rate], "irreversible": True, "mct": 1} for rate in _J2K]
    return {
        "wavelet between networks": ours("comcnn", model="comcnn-underwater-1"),
        "the same, learned on land": ours("comcnn", model="comcnn-2", inner="spiht"),
        "wavelet alone (spiht)": ours("spiht"),
        "hyperprior": ours("hyperprior"),
        "JPEG 2000": pillow("JPEG2000", ratios),
        "JPEG": pillow("JPEG", [{"quality": quality, "optimize": True} for quality in range(5, 101, 5)]),
    }


def _measured(pixels: Pixels, files: list[tuple[int, Pixels]]) -> list[float]:
    """PSNR at each rate, between files in the logarithm of their rates; no number outside of their range."""
    rates = np.log([8 * size / (pixels.shape[0] * pixels.shape[1]) for size, _ in files])
    quality = [psnr(pixels, shown) for _, shown in files]
    found: list[float] = np.interp(np.log(RATES), rates, quality, left=math.nan, right=math.nan).tolist()
    return found


def _result(means: dict[str, list[float]], pictures: list[str]) -> Result:
    lines = [(coder, *("-" if math.isnan(one) else f"{one:.2f}" for one in found)) for coder, found in means.items()]
    columns = ("coder", *(f"{rate:.2f} bpp ({100 * (1 - rate / 24):.1f} % saved)" for rate in RATES))
    intro = [
        "Krishnaraj et al. 2020 put a wavelet transform between networks on both sides, for pictures from cameras "
        "under water; printed are a mean PSNR of 53.96 dB and a space saving of 79.70 %, which is 4.87 bits a pixel. "
        "Their set is not at hand, so photographs are put under water: colours absorbed with distance, light "
        "scattered by the water added, what is far blurred. The codec of networks and wavelet is comcnn around spiht: "
        "one network halves the picture, trees of the 9/7 wavelet code it, another restores it. "
        f"{len(pictures)} pictures, whole files, PSNR in dB, means.",
    ]
    notes = [
        "Between the measured files of a coder, linear in the logarithm of the rate. A dash: a coder has no files of "
        "such rates on every picture; networks that halve the picture cannot use many bits.",
        "The networks of the first row have 3 and 20 layers and learned behind this wavelet, on photographs under "
        "waters drawn at random; those of the second, of 3 and 8 layers, on photographs above water, behind JPEG.",
    ]
    data = {"study": "krishnaraj-2020", "date": now(), "machine": machine(), "versions": versions()}
    return Result(
        "krishnaraj-2020",
        "Wavelet and networks under water",
        intro,
        [Table("PSNR of pictures under water", columns, lines)],
        notes,
        data
        | {
            "pictures": pictures,
            "rates": list(RATES),
            "psnr": {coder: [None if math.isnan(one) else one for one in found] for coder, found in means.items()},
        },
    )

"""Restoration of JPEGs on LIVE1 in gray and in colour, beside figures of the literature."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from latentpress.bench.coders.pillow import decode_pillow
from latentpress.bench.machine import machine, now, versions
from latentpress.bench.pictures import find_pictures, read_pixels
from latentpress.errors import InvalidInputError
from latentpress.metrics import measure
from latentpress.models import installed_models
from latentpress.restoration import CODEC, Restorer, restore
from latentpress.studies.base import Request, Result, Table

__all__ = ["PRINTED", "matlab_luma", "run", "study"]

_QUALITIES = (10, 20, 30, 40)

PRINTED: Mapping[str, Mapping[str, tuple[tuple[float, ...], str]]] = {
    "gray": {
        "JPEG": ((27.77, 30.07, 31.41, 32.35), "recalled"),
        "AR-CNN (0.1 M)": ((28.96, 31.29, 32.67, 33.63), "recalled"),
        "DnCNN-3, blind (0.67 M)": ((29.19, 31.59, 32.98, 33.96), "recalled"),
        "FBCNN, blind (71.9 M)": ((29.75, 32.13, 33.54, 34.53), "recalled"),
        "SwinIR, a network for each quality (11.5 M)": ((29.86, 32.25, 33.69, 34.67), "recalled"),
    },
    "colour": {
        "JPEG": ((25.69, 28.06, 29.37, 30.28), "recalled"),
        "FBCNN, blind (71.9 M)": ((27.77, 30.11, 31.43, 32.34), "recalled"),
        "SwinIR, a network for each quality (11.5 M)": ((28.06, 30.45, 31.82, 32.75), "read"),
    },
}
"""PSNR in dB on LIVE1 at qualities 10, 20, 30 and 40 as published, and whether it was read in a source or recalled."""

Pixels = NDArray[np.uint8]


def run(request: Request) -> Result:
    """Do the study with every restorer that is installed."""
    if len(request.data) != 1:
        raise InvalidInputError("s4-restoration takes one --data folder: that of the LIVE1 pictures")
    colour = {name: read_pixels(path) for name, path in find_pictures(request.data[0]).items()}
    restorers = {package.name: Restorer(package.name, threads=1) for package in installed_models(CODEC)}
    return study(colour, restorers, _QUALITIES, request)


def study(
    colour: Mapping[str, Pixels], restorers: Mapping[str, Restorer], qualities: Sequence[int], request: Request
) -> Result:
    """PSNR and SSIM of colour pictures by name and of their luma, as JPEGs and restored."""
    found: dict[str, dict[str, dict[int, dict[str, float]]]] = {}
    for kind in PRINTED:
        pictures = [pixels if kind == "colour" else matlab_luma(pixels) for pixels in colour.values()]
        rows: dict[str, dict[int, dict[str, float]]] = {name: {} for name in ("JPEG", *restorers)}
        for quality in qualities:
            files = [_saved(pixels, quality) for pixels in pictures]
            rows["JPEG"][quality] = _means(pictures, [decode_pillow(data, "JPEG") for data in files])
            for name, restorer in restorers.items():
                restored = [restore(data, model=restorer).image.pixels.astype(np.uint8) for data in files]
                rows[name][quality] = _means(pictures, restored)
            request.say(
                f"{kind}, quality {quality}: " + ", ".join(f"{k} {v[quality]['psnr']:.2f}" for k, v in rows.items())
            )
        found[kind] = rows
    return _result(found, qualities, len(colour))


def matlab_luma(pixels: Pixels) -> Pixels:
    """(H, W, 1): Y of 16..235 from (H, W, 3) as MATLAB's rgb2ycbcr has it, which the literature takes for gray."""
    luma = 16 + pixels.astype(np.float64) @ np.array([65.481, 128.553, 24.966]) / 255
    gray: Pixels = np.rint(luma).astype(np.uint8)[..., None]
    return gray


def _saved(pixels: Pixels, quality: int) -> bytes:
    buffer = io.BytesIO()
    PillowImage.fromarray(pixels if pixels.shape[2] == 3 else pixels[..., 0]).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def _means(pictures: Sequence[Pixels], results: Sequence[Pixels]) -> dict[str, float]:
    rows = [
        measure(one, other.reshape(one.shape), ("psnr", "ssim")) for one, other in zip(pictures, results, strict=True)
    ]
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def _result(
    found: Mapping[str, Mapping[str, Mapping[int, Mapping[str, float]]]], qualities: Sequence[int], count: int
) -> Result:
    tables = []
    for kind, rows in found.items():
        cells = []
        for name, figures in rows.items():
            gains = [figures[quality]["psnr"] - rows["JPEG"][quality]["psnr"] for quality in qualities]
            values = [f"{figures[quality]['psnr']:.2f} / {figures[quality]['ssim']:.4f}" for quality in qualities]
            gained = "" if name == "JPEG" else ", ".join(f"{gain:+.2f}" for gain in gains)
            cells.append((name, "measured here", *values, gained))
        for name, (values_printed, source) in PRINTED[kind].items():
            base = PRINTED[kind]["JPEG"][0]
            gained = ", ".join(f"{a - b:+.2f}" for a, b in zip(values_printed, base, strict=True))
            cells.append(
                (name, f"published, {source}", *(f"{v:.2f}" for v in values_printed), gained if name != "JPEG" else "")
            )
        columns = ("", "source", *(f"QF {quality}: PSNR, dB / SSIM" for quality in qualities), "dB over its JPEG")
        tables.append(Table(f"LIVE1, {kind}, {count} pictures", columns, cells))
    intro = [
        "Kunwar and Alade 2023 name networks that take the artefacts out of JPEGs. Here is what those that come with "
        "this package do on LIVE1, beside what larger ones are said to do. Means of each picture's own figures.",
        "Gray: luma of 16 to 235 after MATLAB, saved as gray JPEG. Colour: RGB, saved as 4:2:0. Encoder: "
        "libjpeg (Pillow).",
    ]
    notes = [
        '"Recalled": a figure that is known from the literature and was not looked up again for this table; "read": '
        "looked up. Published rows are things to compare with and no claims of ours.",
        "The row of JPEG itself says how far pictures and encoder are the same: where the measured and the published "
        "one differ, by as much do the rows below, and the last column is what can be compared.",
        "The restorers here are blind: the tables in the file tell them the quality, one network serves all. Results "
        "are projected on the file's quantisation intervals.",
    ]
    data: dict[str, Any] = {
        "study": "s4-restoration",
        "date": now(),
        "machine": machine(),
        "versions": versions(),
        "pictures": count,
        "measured": found,
        "printed_psnr": {
            kind: {k: {"psnr": v, "source": s} for k, (v, s) in rows.items()} for kind, rows in PRINTED.items()
        },
    }
    return Result("s4-restoration", "Restored JPEGs on LIVE1", intro, tables, notes, data)

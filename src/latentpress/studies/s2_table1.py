"""Table 1 of the 2022 survey on learned lossless coding: its McMaster column beside what coders take here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from latentpress.bench.coders import get_coder
from latentpress.bench.machine import machine, now, versions
from latentpress.bench.pictures import find_pictures, read_pixels
from latentpress.errors import InvalidInputError, LatentPressError
from latentpress.metrics import bits_per_pixel
from latentpress.progress import steps
from latentpress.studies.base import Request, Result, Table

__all__ = ["PRINTED", "ROWS", "run"]

PRINTED: Mapping[str, tuple[float, float, float]] = {
    "PNG": (13.97, 12.98, 13.25),
    "JPEG2000": (12.50, 11.71, 12.80),
    "WebP": (11.86, 11.09, 11.92),
    "LCIC": (12.30, 10.98, 8.88),
    "FLIF": (11.59, 10.23, 8.29),
    "L3C": (12.24, 11.18, 9.52),
    "Ours": (11.23, 9.78, 8.39),
}
"""Bits a pixel of three channels on McMaster, Open Images and DIV2K, as printed."""

ROWS: Mapping[str, str] = {
    "PNG": "png",
    "JPEG2000": "jpeg2000-lossless",
    "WebP": "webp-lossless-m6",
    "LCIC": "",
    "FLIF": "",
    "L3C": "",
    "Ours": "mlp-lossless",
    "JPEG XL e7": "jxl-lossless",
}
"""Rows of the table: the paper's name, and the coder that is run here, if there is one."""

_PICTURES = 18


def run(request: Request) -> Result:
    """Do the study. Raises InvalidInputError unless the folder holds 18 pictures."""
    if len(request.data) != 1:
        raise InvalidInputError("s2-table1 takes one --data folder: that of the McMaster pictures")
    files = find_pictures(request.data[0])
    if len(files) != _PICTURES:
        raise InvalidInputError(f"{request.data[0]} holds {len(files)} pictures; the McMaster set has {_PICTURES}")
    originals = {name: read_pixels(path) for name, path in files.items()}
    sizes: dict[str, dict[str, float]] = {}
    missing: dict[str, str] = {}
    for name, id in steps(ROWS.items(), len(ROWS)):
        if not id:
            continue
        try:
            coder = get_coder(id)
            sizes[name] = {}
            for picture, pixels in steps(originals.items(), len(originals)):
                data = coder.encode(pixels, coder.qualities[0])
                if not np.array_equal(coder.decode(data), pixels):
                    raise InvalidInputError(f"{id} does not give {picture} back")
                sizes[name][picture] = bits_per_pixel(len(data), pixels.shape[1], pixels.shape[0])
        except LatentPressError as error:
            sizes.pop(name, None)
            missing[name] = str(error)
            continue
        request.say(f"{name}: {np.mean(list(sizes[name].values())):.3f} bpp")
    hashes = {name: hashlib.sha256(pixels.tobytes()).hexdigest() for name, pixels in originals.items()}
    return _result(sizes, missing, hashes)


def _result(sizes: Mapping[str, Mapping[str, float]], missing: Mapping[str, str], hashes: Mapping[str, str]) -> Result:
    means = {name: float(np.mean(list(found.values()))) for name, found in sizes.items()}
    ours = means.get("Ours")
    rows = []
    for name, id in ROWS.items():
        printed = PRINTED.get(name)
        measured = means.get(name)
        rows.append(
            (
                name,
                id or "not run: no maintained package",
                f"{printed[0]:.2f}" if printed else "",
                f"{100 * (printed[0] / PRINTED['Ours'][0] - 1):+.1f} %" if printed else "",
                f"{measured:.3f}" if measured else "",
                f"{measured / 3:.3f}" if measured else "",
                f"{100 * (measured / ours - 1):+.1f} %" if measured and ours else "",
            )
        )
    columns = (
        "coder",
        "run here",
        "printed bpp",
        "printed, over theirs",
        "measured bpp",
        "measured bits a sample",
        "measured, over mlp-lossless",
    )
    intro = [
        "Table 1 of the survey (2022 summer conference of the Korean Institute of Broadcast and Media Engineers) "
        'compares a codec of small perceptrons ("Ours": CWPLIC, Rhee et al. 2020) with others, in bits a pixel of all '
        "three channels together. Its McMaster column stands beside what coders take on the 18 McMaster pictures here, "
        'whole files, each decoded and compared. In the row "Ours" the coder that is run here is this package\'s '
        "mlp-lossless, which is of the same kind and not the same.",
    ]
    intro += [f"Left out: {name} ({problem})." for name, problem in missing.items()]
    notes = [
        "The survey calls these bits per pixel; they are sums over three channels. Its second table and most of the "
        "literature on learned lossless coding print a third of that, bits a sample.",
        f"By the survey's own figures its codec loses to FLIF on DIV2K ({PRINTED['Ours'][2]} against "
        f"{PRINTED['FLIF'][2]}).",
        "The survey's two tables disagree on DIV2K (JPEG2000 12.80 and 9.36, WebP 11.92 and 9.33, PNG 13.25 and "
        "12.69): other subsets or settings. They cannot be merged, and only McMaster, a fixed set of 18 pictures, is "
        "measured here.",
        "PNG, JPEG 2000 and WebP depend on program and effort, which the survey does not state. A difference in a row "
        "that both have says how far the two columns can be compared.",
    ]
    data: dict[str, Any] = {
        "study": "s2-table1",
        "date": now(),
        "machine": machine(),
        "versions": versions(),
        "printed": {
            name: dict(zip(("mcmaster", "open_images", "div2k"), v, strict=True)) for name, v in PRINTED.items()
        },
        "coders": {name: id for name, id in ROWS.items() if name in sizes},
        "missing": dict(missing),
        "bpp": {name: dict(found) for name, found in sizes.items()},
        "mean_bpp": means,
        "sha256_of_pixels": dict(hashes),
    }
    table = Table("McMaster, 18 pictures, 500x500", columns, rows)
    return Result("s2-table1", "Table 1 of the survey on lossless coding, McMaster", intro, [table], notes, data)

"""A printed table of lossless coders, beside what coders take here: files written, read and compared."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latentpress.bench.coders import get_coder
from latentpress.bench.machine import machine, now, versions
from latentpress.bench.pictures import find_pictures, read_pixels
from latentpress.errors import InvalidInputError, LatentPressError
from latentpress.metrics import bits_per_pixel
from latentpress.progress import steps
from latentpress.studies.base import Request, Result, Table

__all__ = ["OURS", "Printed", "run_table"]

OURS = "Ours"
"""The row of a paper's own codec, with which the others are compared."""


@dataclass(frozen=True)
class Printed:
    """A table of a paper. ``name``, ``title`` of the study. ``sets``: the printed columns, names as in the data.
    ``values``: bits a pixel of three channels by row, a number for each set. ``coders``: by row, the coder that is run
    here or nothing; rows that the paper does not have come last. ``compared``: the column that percentages are of.
    ``pictures``: how many a folder must hold, or None. ``intro``, ``notes``: of the result.
    """

    name: str
    title: str
    sets: tuple[str, ...]
    values: Mapping[str, tuple[float, ...]]
    coders: Mapping[str, str]
    compared: str
    pictures: int | None
    intro: str
    notes: Sequence[str]


def run_table(printed: Printed, request: Request) -> Result:
    """Do the study. Raises InvalidInputError unless there is one folder with as many pictures as the table asks for."""
    if len(request.data) != 1:
        raise InvalidInputError(f"{printed.name} takes one --data folder of pictures")
    files = find_pictures(request.data[0])
    if printed.pictures is not None and len(files) != printed.pictures:
        raise InvalidInputError(
            f"{request.data[0]} holds {len(files)} pictures; the {printed.compared} set has {printed.pictures}"
        )
    originals = {name: read_pixels(path) for name, path in files.items()}
    sizes: dict[str, dict[str, float]] = {}
    missing: dict[str, str] = {}
    for row, id in steps(printed.coders.items(), len(printed.coders)):
        if not id:
            continue
        try:
            sizes[row] = _sizes(id, originals)
        except LatentPressError as error:
            missing[row] = str(error)
            continue
        request.say(f"{row}: {np.mean(list(sizes[row].values())):.3f} bpp")
    return _result(printed, request.data[0].name, originals, sizes, missing)


def _sizes(id: str, originals: Mapping[str, NDArray[np.uint8]]) -> dict[str, float]:
    """Bits a pixel of whole files, each decoded and compared."""
    coder, found = get_coder(id), {}
    for picture, pixels in steps(originals.items(), len(originals)):
        data = coder.encode(pixels, coder.qualities[0])
        if not np.array_equal(coder.decode(data), pixels):
            raise InvalidInputError(f"{id} does not give {picture} back")
        found[picture] = bits_per_pixel(len(data), pixels.shape[1], pixels.shape[0])
    return found


def _result(
    printed: Printed,
    folder: str,
    originals: Mapping[str, NDArray[np.uint8]],
    sizes: Mapping[str, Mapping[str, float]],
    missing: Mapping[str, str],
) -> Result:
    means = {row: float(np.mean(list(found.values()))) for row, found in sizes.items()}
    ours, column = means.get(OURS), printed.sets.index(printed.compared)
    rows = []
    for row, id in printed.coders.items():
        values, measured = printed.values.get(row), means.get(row)
        rows.append(
            (
                row,
                id or "not run here",
                *(f"{value:.2f}" for value in values or ()),
                *("" for _ in printed.sets if values is None),
                f"{100 * (values[column] / printed.values[OURS][column] - 1):+.1f} %" if values else "",
                f"{measured:.3f}" if measured else "",
                f"{measured / 3:.3f}" if measured else "",
                f"{100 * (measured / ours - 1):+.1f} %" if measured and ours else "",
            )
        )
    columns = (
        "coder", "run here", *(f"printed, {name}" for name in printed.sets),
        f"printed, over theirs on {printed.compared}", "measured bpp",
        "measured bits a sample", f"measured, over {printed.coders[OURS]}",
    )  # fmt: skip
    sides = sorted({f"{pixels.shape[1]}x{pixels.shape[0]}" for pixels in originals.values()})
    caption = f"{folder}, {len(originals)} pictures, {', '.join(sides[:3])}{' and others' if len(sides) > 3 else ''}"
    intro = [printed.intro, *(f"Left out: {row} ({problem})." for row, problem in missing.items())]
    data = {
        "study": printed.name,
        "date": now(),
        "machine": machine(),
        "versions": versions(),
        "printed": {row: dict(zip(printed.sets, values, strict=True)) for row, values in printed.values.items()},
        "coders": {row: id for row, id in printed.coders.items() if row in sizes},
        "missing": dict(missing),
        "bpp": {row: dict(found) for row, found in sizes.items()},
        "mean_bpp": means,
        "sha256_of_pixels": {name: hashlib.sha256(pixels.tobytes()).hexdigest() for name, pixels in originals.items()},
    }
    return Result(printed.name, printed.title, intro, [Table(caption, columns, rows)], printed.notes, data)

"""A JPEG file taken apart: what stands around its scans, and its coefficients; and put together again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.jpeg.bits import split
from latentpress.codecs.jpeg.blocks import order_of
from latentpress.codecs.jpeg.markers import Frame, parse
from latentpress.codecs.jpeg.reading import read_scan
from latentpress.codecs.jpeg.writing import write_scan
from latentpress.errors import CorruptFileError

__all__ = ["JpegFile", "Plane", "read_jpeg", "write_jpeg"]


@dataclass(frozen=True)
class Plane:
    """A component's coefficients, (rows, columns, 64) int16 in zigzag order, divided by its table (64,)."""

    coefficients: NDArray[np.int16]
    table: NDArray[np.int64]


@dataclass(frozen=True)
class JpegFile:
    """frame: size and components. planes: of each component. rest: the file without the entropy-coded bytes of its
    scans. fills: for each scan the bit that fills its last bytes."""

    frame: Frame
    planes: tuple[Plane, ...]
    rest: bytes
    fills: tuple[int, ...]


def read_jpeg(data: bytes) -> JpegFile:
    """Take a file of Huffman-coded JPEG apart: baseline, extended or progressive, 8 bits a sample.

    `write_jpeg` gives the very bytes back for files written as libjpeg writes them; a caller who needs that compares.

    Raises CorruptFileError for a damaged file, UnsupportedError for kinds of JPEG that are not taken apart.
    """
    structure = parse(data)
    frame = structure.frame
    sizes = [frame.blocks(index) for index in range(len(frame.components))]
    blocks = sum(rows * columns for rows, columns in sizes)
    if blocks > 8 * len(data):  # each has a bit, or the file is no whole one
        raise CorruptFileError("the JPEG file is cut short")
    coefficients = np.zeros((blocks, 64), np.int16)
    rest, position, fills = [], 0, []
    for scan in structure.scans:
        rest.append(data[position : scan.start])
        bits = split(data[scan.start : scan.end])
        try:
            fills.append(read_scan(bits, order_of(frame, scan), scan, coefficients, frame.progressive))
        except (IndexError, ValueError) as error:
            raise CorruptFileError("the JPEG file is damaged") from error
        position = scan.end
    rest.append(data[position:])
    parts = _parts(coefficients, sizes)
    planes = tuple(Plane(part, table) for part, table in zip(parts, structure.component_tables, strict=True))
    return JpegFile(frame, planes, b"".join(rest), tuple(fills))


def write_jpeg(rest: bytes, planes: Sequence[NDArray[np.int16]], fills: Sequence[int]) -> bytes:
    """The bytes of the file again. planes: coefficients as in `Plane`.

    Raises CorruptFileError or UnsupportedError if ``rest`` is no file without its scans' bytes.
    """
    structure = parse(rest, cut=True)
    coefficients = np.concatenate([plane.reshape(-1, 64) for plane in planes])
    out, position = [], 0
    for scan, fill in zip(structure.scans, fills, strict=True):
        out.append(rest[position : scan.start])
        out.append(write_scan(order_of(structure.frame, scan), scan, coefficients, fill))
        position = scan.start
    out.append(rest[position:])
    return b"".join(out)


def _parts(coefficients: NDArray[np.int16], sizes: Sequence[tuple[int, int]]) -> list[NDArray[np.int16]]:
    """The planes (rows, columns, 64) that lie one after another."""
    ends = np.cumsum([rows * columns for rows, columns in sizes])
    return [part.reshape(*size, 64) for part, size in zip(np.split(coefficients, ends[:-1]), sizes, strict=True)]

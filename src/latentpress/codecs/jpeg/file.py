"""A JPEG file taken apart: what stands around its scans, and its coefficients; and put together again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.jpeg.arithmetic import read_arithmetic_scan, write_arithmetic_scan
from latentpress.codecs.jpeg.bits import split
from latentpress.codecs.jpeg.blocks import order_of
from latentpress.codecs.jpeg.markers import Frame, Structure, parse
from latentpress.codecs.jpeg.reading import RanOut, read_part, read_scan
from latentpress.codecs.jpeg.writing import write_scan
from latentpress.errors import CorruptFileError, UnsupportedError

__all__ = ["JpegFile", "Plane", "read_jpeg", "write_jpeg"]

_MOST_EMPTY = 1000  # blocks for each byte that a file may promise with its end missing, or with arithmetic codes


@dataclass(frozen=True)
class Plane:
    """A component's coefficients, (rows, columns, 64) int16 in zigzag order, divided by its table (64,)."""

    coefficients: NDArray[np.int16]
    table: NDArray[np.int64]


@dataclass(frozen=True)
class JpegFile:
    """structure: what its markers say. planes: of each component. rest: the file without the entropy-coded bytes of its
    scans. fills: for each scan the bit that fills its last bytes."""

    structure: Structure
    planes: tuple[Plane, ...]
    rest: bytes
    fills: tuple[int, ...]

    @property
    def frame(self) -> Frame:
        """Size and components."""
        return self.structure.frame


def read_jpeg(data: bytes, partial: bool = False) -> JpegFile:
    """Take a file of JPEG apart: baseline, extended or progressive, 8 bits a sample.

    `write_jpeg` gives the very bytes back for files written as libjpeg writes them; a caller who needs that compares.
    partial: of a file that is cut short, read what is whole, while other coefficients stay zero; and take the bits and
    bytes between codes and markers for what they are, nothing.

    Raises CorruptFileError for a damaged file, UnsupportedError for kinds of JPEG that are not taken apart.
    """
    structure = parse(data, partial=partial)
    frame = structure.frame
    if frame.lossless:
        raise UnsupportedError("a lossless JPEG file has no coefficients")
    sizes = [frame.blocks(index) for index in range(len(frame.components))]
    blocks = sum(rows * columns for rows, columns in sizes)
    most = _MOST_EMPTY if partial or frame.arithmetic else 8  # a Huffman code has a bit
    if blocks > most * len(data):
        raise CorruptFileError("the JPEG file is cut short")
    coefficients = np.zeros((blocks, 64), np.int16)
    rest, position, fills = [], 0, []
    for scan in structure.scans:
        rest.append(data[position : scan.start])
        bits, order = split(data[scan.start : scan.end]), order_of(frame, scan)
        position = scan.end
        if frame.arithmetic:
            cut = not structure.whole and scan is structure.scans[-1]
            read_arithmetic_scan(bits, order, scan, coefficients, frame.progressive, cut)
            fills.append(1)
            continue
        try:
            fills.append(read_scan(bits, order, scan, coefficients, frame.progressive, exact=not partial))
        except RanOut:
            if not partial:
                raise
            structure.whole = False
            read_part(bits, order, scan, coefficients, frame.progressive)
        except (IndexError, ValueError) as error:
            raise CorruptFileError("the JPEG file is damaged") from error
    rest.append(data[position:])
    parts = _parts(coefficients, sizes)
    planes = tuple(Plane(part, table) for part, table in zip(parts, structure.component_tables, strict=True))
    return JpegFile(structure, planes, b"".join(rest), tuple(fills))


def write_jpeg(rest: bytes, planes: Sequence[NDArray[np.int16]], fills: Sequence[int]) -> bytes:
    """The bytes of the file again. planes: coefficients as in `Plane`.

    Raises CorruptFileError or UnsupportedError if ``rest`` is no file without its scans' bytes.
    """
    structure = parse(rest, cut=True)
    coefficients = np.concatenate([plane.reshape(-1, 64) for plane in planes])
    out, position = [], 0
    frame = structure.frame
    for scan, fill in zip(structure.scans, fills, strict=True):
        out.append(rest[position : scan.start])
        order = order_of(frame, scan)
        if frame.arithmetic:
            out.append(write_arithmetic_scan(order, scan, coefficients, frame.progressive))
        else:
            out.append(write_scan(order, scan, coefficients, fill))
        position = scan.start
    out.append(rest[position:])
    return b"".join(out)


def _parts(coefficients: NDArray[np.int16], sizes: Sequence[tuple[int, int]]) -> list[NDArray[np.int16]]:
    """The planes (rows, columns, 64) that lie one after another."""
    ends = np.cumsum([rows * columns for rows, columns in sizes])
    return [part.reshape(*size, 64) for part, size in zip(np.split(coefficients, ends[:-1]), sizes, strict=True)]

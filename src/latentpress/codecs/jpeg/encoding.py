"""Pixels to JPEG files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.jpeg.blocks import order_of
from latentpress.codecs.jpeg.colour import ColourSpace
from latentpress.codecs.jpeg.file import write_jpeg
from latentpress.codecs.jpeg.huffman import HuffmanTable
from latentpress.codecs.jpeg.markers import ADOBE, DRI, JFIF, SOS, Component, Frame, Scan
from latentpress.codecs.jpeg.pixels import picture_stages
from latentpress.codecs.jpeg.segments import huffman_segment, quantiser_segment, segment
from latentpress.codecs.jpeg.standard import STANDARD_TABLES, SymbolCounts
from latentpress.codecs.jpeg.writing import write_scan
from latentpress.errors import InvalidInputError, UnsupportedError
from latentpress.transforms import zigzag
from latentpress.transforms.jpeg_tables import scaled_tables

__all__ = ["SAMPLINGS", "encode_jpeg"]

SAMPLINGS = {"4:4:4": (1, 1), "4:2:2": (2, 1), "4:2:0": (2, 2), "4:1:1": (4, 1), "4:4:0": (1, 2)}
"""Pixels across and down for each sample of chroma."""

_LONGEST = 65_500
_IDS = {"gray": b"\x01", "ycc": b"\x01\x02\x03", "rgb": b"RGB", "cmyk": b"CMYK", "ycck": b"\x01\x02\x03\x04"}
_ADOBE = {"rgb": 0, "cmyk": 0, "ycck": 2}
_SPACES: dict[int, ColourSpace] = {1: "gray", 3: "ycc", 4: "cmyk"}
_END = b"\xff\xd9"

_Part = tuple[tuple[int, ...], int, int, int, int]  # of a scan: components, low, high, before, shift


@dataclass(frozen=True)
class _Coding:
    """How scans are written. chroma: components that have the second tables."""

    chroma: frozenset[int]
    arithmetic: bool
    optimise: bool
    restart: int


def encode_jpeg(
    pixels: NDArray[np.uint8],
    quality: int = 75,
    *,
    sampling: str = "4:2:0",
    progressive: bool = False,
    optimise: bool = True,
    arithmetic: bool = False,
    restart: int = 0,
    space: ColourSpace | None = None,
) -> bytes:
    """A JPEG file of pixels (H, W, C): the very bytes that libjpeg would write with the same settings.

    pixels: uint8, gray, RGB or CMYK as files have it (mostly inverted). quality: 1..100, scales the standard's tables.
    sampling: one of `SAMPLINGS`. progressive: libjpeg's ten scans instead of one. optimise: Huffman tables that suit
    the picture, not the standard's. arithmetic: arithmetic codes, which few programs read. restart: units between
    restart markers, 0 for none. space: the colours of the file; None for those that are usual.

    Raises InvalidInputError for settings or arrays of another kind, UnsupportedError for a side above 65,500.
    """
    height, width, channels = _checked(pixels, quality, sampling, restart)
    space = space or _SPACES[channels]
    if len(_IDS[space]) != channels:
        raise InvalidInputError(f"{channels} channels are not {space}")
    chroma = frozenset({1, 2} if space in ("ycc", "ycck") else ())
    across, down = SAMPLINGS[sampling] if chroma else (1, 1)
    components = tuple(
        Component(id, 1 if index in chroma else across, 1 if index in chroma else down, int(index in chroma))
        for index, id in enumerate(_IDS[space])
    )
    frame = Frame(progressive, width, height, components, arithmetic)
    scaled = [table.ravel()[zigzag(8)] for table in scaled_tables(quality)][: 2 if chroma else 1]
    stages = picture_stages(frame, space, [scaled[part.table] for part in components])
    planes = stages.forward(pixels)
    for index, plane in enumerate(planes):
        _fill_up(plane, frame, index)
    head = b"".join([
        b"\xff\xd8",
        segment(JFIF, b"JFIF\0\1\1\0\0\1\0\1\0\0") if space in ("gray", "ycc") else b"",
        segment(ADOBE, b"Adobe\0\x64\0\0\0\0" + bytes([_ADOBE[space]])) if space in _ADOBE else b"",
        *(quantiser_segment(number, table) for number, table in enumerate(scaled)),
        _frame_segment(frame),
    ])  # fmt: skip
    coding = _Coding(chroma, arithmetic, (optimise or progressive) and not arithmetic, restart)
    scans = list(_progression(len(components), bool(chroma) and channels == 3) if progressive else _single(channels))
    return write_jpeg(_with_scans(head, frame, scans, planes, coding), planes, [1] * len(scans))


def _checked(pixels: NDArray[Any], quality: int, sampling: str, restart: int) -> tuple[int, int, int]:
    """The shape."""
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] not in _SPACES or not pixels.size:
        raise InvalidInputError("JPEG takes pixels (height, width, channels) of 8 bits and 1, 3 or 4 channels")
    if not 1 <= quality <= 100 or sampling not in SAMPLINGS or not 0 <= restart < 1 << 16:
        raise InvalidInputError(
            f"JPEG has qualities 1 to 100, samplings {', '.join(SAMPLINGS)}, and up to 65535 units between restarts"
        )
    height, width, channels = pixels.shape
    if max(height, width) > _LONGEST:
        raise UnsupportedError(f"JPEG holds sides up to {_LONGEST:,}")
    return height, width, channels


def _fill_up(plane: NDArray[np.int16], frame: Frame, index: int) -> None:
    """Make the blocks that only fill up units as cheap as they can be: the DC of the block that is coded before."""
    rows, columns = frame.own_blocks(index)
    across = frame.components[index].horizontal
    plane[:, columns:] = 0
    plane[:, columns:, 0] = plane[:, columns - 1 : columns, 0]
    plane[rows:] = 0
    plane[rows:, :, 0] = plane[rows - 1, across - 1 :: across, 0].repeat(across)


def _frame_segment(frame: Frame) -> bytes:
    marker = (0xC9 if frame.arithmetic else 0xC0) + (frame.progressive and 2 - frame.arithmetic)
    size = frame.height.to_bytes(2, "big") + frame.width.to_bytes(2, "big")
    parts = (bytes([part.id, part.horizontal << 4 | part.vertical, part.table]) for part in frame.components)
    return segment(marker, bytes([frame.bits]) + size + bytes([len(frame.components)]) + b"".join(parts))


def _single(count: int) -> Iterator[_Part]:
    """All in one scan."""
    yield tuple(range(count)), 0, 63, 0, 0


def _progression(count: int, ycc: bool) -> Iterator[_Part]:
    """libjpeg's scans: coarse DC, then low frequencies of luma, all of chroma; one bit more of each at the end."""
    each = tuple(range(count))
    backward = (2, 1, 0) if ycc else each
    yield each, 0, 0, 0, 1
    if ycc:
        yield from [((0,), 1, 5, 0, 2), ((2,), 1, 63, 0, 1), ((1,), 1, 63, 0, 1), ((0,), 6, 63, 0, 2)]
    else:
        yield from (((index,), low, high, 0, 2) for low, high in ((1, 5), (6, 63)) for index in each)
    yield from (((index,), 1, 63, 2, 1) for index in ((0,) if ycc else each))
    yield each, 0, 0, 1, 0
    yield from (((index,), 1, 63, 1, 0) for index in backward)


def _with_scans(
    head: bytes, frame: Frame, parts: Sequence[_Part], planes: Sequence[NDArray[np.int16]], coding: _Coding
) -> bytes:
    """The file without its entropy-coded bytes: behind its head tables and headers of the scans."""
    ids = bytes(part.id for part in frame.components)
    whole, coefficients = [head], np.concatenate([plane.reshape(-1, 64) for plane in planes])
    sent: dict[tuple[int, int], HuffmanTable] = {}
    for number, part in enumerate(parts):
        needed = {} if coding.arithmetic else _tables(frame, part, coefficients, coding)
        for (kind, place), table in needed.items():
            if sent.get((kind, place)) is not table:
                whole.append(huffman_segment(kind, place, table))
        sent |= needed
        if coding.restart and not number:
            whole.append(segment(DRI, coding.restart.to_bytes(2, "big")))
        whole.append(_scan_segment(ids, part, coding))
    return b"".join([*whole, _END])


def _scan_segment(ids: bytes, part: _Part, coding: _Coding) -> bytes:
    """The header of a scan."""
    components, low, high, before, shift = part
    rows = b""
    for index in components:
        number = int(index in coding.chroma)
        rows += bytes([ids[index], (0 if low or before else number << 4) | (number if high else 0)])
    return segment(SOS, bytes([len(components)]) + rows + bytes([low, high, before << 4 | shift]))


def _tables(
    frame: Frame, part: _Part, coefficients: NDArray[np.int16], coding: _Coding
) -> dict[tuple[int, int], HuffmanTable]:
    """The Huffman tables that a scan needs, by kind (0 for DC, 1 for AC) and number, in libjpeg's order."""
    components, low, high, before, shift = part
    kinds = [kind for kind, used in enumerate((low == 0 and not before, high > 0)) if used]
    wanted = [(kind, int(index in coding.chroma)) for index in components for kind in kinds]
    if not coding.optimise:
        return {key: STANDARD_TABLES[key[0]][key[1]] for key in wanted}
    counts = {key: SymbolCounts() for key in wanted}
    dc, ac = (tuple(counts.get((kind, int(index in coding.chroma))) for index in components) for kind in range(2))
    scan = Scan(components, dc, ac, low, high, before, shift, coding.restart, 0, 0)
    write_scan(order_of(frame, scan), scan, coefficients, 1)
    return {key: count.best() for key, count in counts.items()}

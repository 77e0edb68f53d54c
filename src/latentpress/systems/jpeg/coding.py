"""The coefficients of a JPEG file to a stream and back: bands of the picture, each with a range coder of its own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.jpeg import Frame, Plane
from latentpress.codecs.parallel import each
from latentpress.codecs.ports import Port, Reading, Writing
from latentpress.container import varint
from latentpress.errors import CorruptFileError
from latentpress.systems.jpeg.field import NATURAL, Field
from latentpress.systems.jpeg.model import JpegModel
from latentpress.systems.jpeg.walk import code_component

__all__ = ["decode_planes", "encode_planes"]

_BAND = 1 << 16  # blocks of all components that a band has, more or less

_KINDS = (0, 1, 2, 0)
"""What the components of a file are taken for: luma, chroma, chroma; and the black of CMYK like luma."""


def encode_planes(frame: Frame, planes: Sequence[Plane], model: JpegModel, threads: int | None = None) -> bytes:
    """The stream of a file's coefficients."""
    tables = [plane.table for plane in planes]

    def encode_band(band: range) -> bytes:
        writer = Writing(again=False)  # the codec decodes the whole file
        _code_band(writer, model, frame, tables, band, [plane.coefficients for plane in planes])
        return writer.finish()

    streams = each(encode_band, _bands(frame), threads or os.cpu_count() or 1)
    return b"".join(map(varint.encode, map(len, streams[:-1]))) + b"".join(streams)


def decode_planes(
    frame: Frame,
    tables: Sequence[NDArray[np.int64]],
    stream: memoryview,
    model: JpegModel,
    threads: int | None = None,
) -> list[NDArray[np.int16]]:
    """The coefficients (rows, columns, 64) of each component, in zigzag order; CorruptFileError for damaged data."""
    bands, position, sizes = _bands(frame), 0, []
    for _ in bands[1:]:
        size, position = varint.decode(stream, position)
        sizes.append(size)
    starts = position + np.cumsum([0, *sizes])
    if starts[-1] > len(stream):
        raise CorruptFileError("the picture's data are damaged: a stream of the wrong length")
    ends = [*starts[1:].tolist(), len(stream)]
    planes = [np.empty((*frame.blocks(index), 64), np.int16) for index in range(len(tables))]

    def decode_band(job: tuple[range, int, int]) -> None:
        band, start, end = job
        reader = Reading(bytes(stream[start:end]))
        fields = _code_band(reader, model, frame, tables, band, None)
        reader.finish()
        for index, field in enumerate(fields):
            rows = _rows(frame, index, band)
            planes[index][rows] = field.values[:-1, NATURAL].reshape(field.rows, field.columns, 64)

    each(decode_band, zip(bands, starts.tolist(), ends, strict=True), threads or os.cpu_count() or 1)
    return planes


def _code_band(
    port: Port,
    model: JpegModel,
    frame: Frame,
    tables: Sequence[NDArray[np.int64]],
    band: range,
    wanted: Sequence[NDArray[np.int16]] | None,
) -> list[Field]:
    """Code a band's components one after another; gives what they hold."""
    fields: list[Field] = []
    for index, table in enumerate(tables):
        rows, columns = _rows(frame, index, band), frame.blocks(index)[1]
        natural = np.empty(64, np.int64)
        natural[NATURAL] = table
        field = Field(rows.stop - rows.start, columns, natural)
        true = None
        if wanted is not None:
            true = np.empty((field.rows * columns, 64), np.int16)
            true[:, NATURAL] = wanted[index][rows].reshape(-1, 64)
        kind = _KINDS[index]
        code_component(port, model, kind, field, fields[:kind], true)
        fields.append(field)
    return fields


def _bands(frame: Frame) -> list[range]:
    """Rows of units that are coded together."""
    units = frame.mcus[0]
    blocks = sum(rows * columns for rows, columns in map(frame.blocks, range(len(frame.components))))
    count = min(units, -(-blocks // _BAND))
    cuts = [units * part // count for part in range(count + 1)]
    return [range(start, stop) for start, stop in pairwise(cuts)]


def _rows(frame: Frame, index: int, band: range) -> slice:
    """The rows of a component's blocks in a band."""
    vertical = frame.components[index].vertical
    return slice(band.start * vertical, band.stop * vertical)

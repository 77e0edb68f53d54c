"""Files of layers: cut anywhere after the header they give the layers that are whole; nothing else may be cut."""

from __future__ import annotations

import contextlib
import io
import zlib
from collections.abc import Callable

import pytest

from latentpress.container import (
    EXIF,
    LAYER,
    STREAM,
    Chunk,
    Header,
    keep_layers,
    layers_of,
    read,
    read_header,
    scan,
    write,
)
from latentpress.errors import CorruptFileError, InvalidInputError, LatentPressError, UnsupportedError

LAYERS = [b"one" * 5, b"", b"three" * 40]
HEADER = 20


@pytest.fixture
def layered(header: Callable[..., Header]) -> bytes:
    """A file of metadata and three layers."""
    chunks = [Chunk(EXIF, zlib.compress(b"exif"), ancillary=True), *(Chunk(LAYER, layer) for layer in LAYERS)]
    return write(header(rate=3, layered=True), chunks)


def test_every_cut(layered: bytes) -> None:
    ends = [layered.index(LAYERS[0]) + len(LAYERS[0]), layered.index(LAYERS[2]), len(layered)]
    ends[1] -= 7  # the third layer's type, length of two bytes, checksum
    for length in range(len(layered)):
        cut = layered[:length]
        if length < HEADER:
            with pytest.raises(CorruptFileError, match=r"cut short|not an"):
                read(cut, layered=True)
            continue
        header, chunks = read(cut, layered=True)
        assert header == read_header(layered)
        assert layers_of(chunks) == LAYERS[: sum(length >= end for end in ends)]
        with pytest.raises(UnsupportedError, match="layers"):
            read(cut)
    assert layers_of(read(layered, layered=True)[1]) == LAYERS


def test_a_first_look_at_a_cut_file(layered: bytes) -> None:
    for length in range(HEADER, len(layered)):
        found = dict(scan(io.BytesIO(layered[:length]), (EXIF, LAYER)))
        assert (EXIF in found) == (length >= layered.index(LAYERS[0]) - 6)


def test_damage_is_no_cut(layered: bytes) -> None:
    first = layered.index(LAYERS[0])
    for position in (*range(HEADER), *range(first, len(layered))):
        damaged = bytearray(layered)
        damaged[position] ^= 1
        with contextlib.suppress(LatentPressError):  # a wrong length may look like a cut; what comes before it is right
            found = layers_of(read(damaged, layered=True)[1])
            assert found == LAYERS[: len(found)] != LAYERS
    with pytest.raises(CorruptFileError, match="follow"):
        read(layered + b"x", layered=True)


def test_layers_stand_last_and_as_many_as_the_header_says(header: Callable[..., Header]) -> None:
    layer, stream = Chunk(LAYER, b"layer"), Chunk(STREAM, b"stream")
    for head, chunks in (
        (header(rate=1), [layer]),
        (header(rate=1, layered=True), [layer, stream]),
        (header(rate=2, layered=True), [layer]),
        (header(rate=1, layered=True), [layer, layer]),
    ):
        with pytest.raises(InvalidInputError):
            write(head, chunks)
    with pytest.raises(InvalidInputError, match="at least one"):
        header(rate=0, layered=True)


def test_fewer_layers(layered: bytes, header: Callable[..., Header]) -> None:
    for count in (1, 2, 3):
        head, chunks = read(keep_layers(layered, count), layered=True)
        assert (head.rate, layers_of(chunks)) == (count, LAYERS[:count])
    assert keep_layers(layered[:-1], 3) == layered[:-1]  # what is not there is not made up
    assert keep_layers(layered[:-1], 2) == keep_layers(layered, 2)
    for count in (0, 4):
        with pytest.raises(InvalidInputError, match="3 layers"):
            keep_layers(layered, count)
    with pytest.raises(InvalidInputError, match="not made of layers"):
        keep_layers(write(header(), [Chunk(STREAM, b"")]), 1)

"""What is written is read back, and takes the bytes that docs/format.md says."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latentpress.container import LAYER, STREAM, VERSION, Chunk, Header, read, read_header, write
from latentpress.container.layout import CRITICAL_KINDS
from latentpress.errors import InvalidInputError, UnsupportedError

HEADERS = st.builds(
    Header,
    codec=st.integers(1, 254),
    model=st.binary(min_size=8, max_size=8),
    width=st.integers(1, 2**14),
    height=st.integers(1, 2**14),
    channels=st.sampled_from([1, 3]),
    rate=st.integers(0, 0xFFFF),
)
OTHERS = st.sampled_from([kind for kind in range(1, 64) if kind not in CRITICAL_KINDS])
EXTRAS = st.builds(Chunk, kind=OTHERS, payload=st.binary(max_size=300), ancillary=st.just(True))
WHOLE = [kind for kind in CRITICAL_KINDS if kind != LAYER]  # layers have a header of their own: test_layers.py
STREAMS = st.builds(Chunk, kind=st.sampled_from(WHOLE), payload=st.binary(max_size=300))


@given(HEADERS, st.lists(EXTRAS | STREAMS, min_size=1, max_size=5))
def test_round_trip(header: Header, chunks: list[Chunk]) -> None:
    data = write(header, chunks)
    assert read(data, sealed=True) == (header, chunks)
    assert read_header(data) == header


def test_bytes_of_a_file(header: Callable[..., Header]) -> None:
    """The example of docs/format.md, and the same built by hand."""
    head = bytes.fromhex("8f4c50580d0a 10 01 0102030405060708 02 ac02 c801 28")
    start = bytes.fromhex("41 03")
    crc = zlib.crc32(head + start + b"abc").to_bytes(4, "little")
    data = write(header(width=300, height=200), [Chunk(STREAM, b"abc")])
    assert data == head + start + crc + b"abc"
    specification = Path(__file__).parents[2].joinpath("docs", "format.md").read_text(encoding="utf-8")
    example = re.findall(r"^    ((?: *\b[0-9A-F]{2}\b)+)", specification, re.MULTILINE)
    assert bytes.fromhex("".join(example)) == data


def test_overhead_of_a_small_picture(header: Callable[..., Header]) -> None:
    payload = bytes(200)
    assert len(write(header(), [Chunk(STREAM, payload)])) - len(payload) == 27


def test_named_codec(header: Callable[..., Header]) -> None:
    named = header(codec=255, codec_name="someone.codec-2")
    data = write(named, [Chunk(STREAM, b"")])
    assert data[7:24] == b"\xff\x0fsomeone.codec-2"
    assert read(data)[0] == named


def test_codec_without_a_model(header: Callable[..., Header]) -> None:
    assert header().has_model
    assert not header(model=bytes(8)).has_model


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_every_bytes_like_type_is_read(small_file: bytes, kind: Any) -> None:
    assert read(kind(small_file)) == read(small_file)


@pytest.mark.parametrize("data", ["text", None, 7, [1, 2]])
def test_other_types_are_refused(data: Any) -> None:
    with pytest.raises(InvalidInputError, match="must be given as bytes"):
        read(data)


def test_payloads_do_not_hold_on_to_the_input(small_file: bytes) -> None:
    data = bytearray(small_file)
    _, chunks = read(data)
    data[:] = bytes(len(data))
    data += b"grows"  # a bytearray with a live view could not
    assert chunks[1].payload == bytes(range(40))


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"codec": 0}, InvalidInputError),
        ({"codec": 256}, InvalidInputError),
        ({"codec": 255}, InvalidInputError),
        ({"codec_name": "x"}, InvalidInputError),
        ({"codec": 255, "codec_name": "Upper"}, InvalidInputError),
        ({"codec": 255, "codec_name": "x" * 65}, InvalidInputError),
        ({"codec": 255, "codec_name": "é"}, InvalidInputError),
        ({"model": b"short"}, InvalidInputError),
        ({"width": 0}, InvalidInputError),
        ({"height": -1}, InvalidInputError),
        ({"width": 2**31}, InvalidInputError),
        ({"rate": -1}, InvalidInputError),
        ({"rate": 65536}, InvalidInputError),
        ({"channels": 0}, InvalidInputError),
        ({"channels": 5}, InvalidInputError),
        ({"bit_depth": 7}, InvalidInputError),
        ({"bit_depth": 17}, InvalidInputError),
        ({"version": (2, 0)}, UnsupportedError),
        ({"version": (1, 16)}, UnsupportedError),
    ],
)
def test_headers_out_of_range_are_refused(
    header: Callable[..., Header], fields: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        header(**fields)


@pytest.mark.parametrize("arguments", [(0, b""), (64, b""), (-1, b""), (STREAM, b"", True)])
def test_chunks_out_of_range_are_refused(arguments: tuple[Any, ...]) -> None:
    with pytest.raises(InvalidInputError):
        Chunk(*arguments)


def test_a_file_needs_a_chunk(header: Callable[..., Header]) -> None:
    with pytest.raises(InvalidInputError, match="at least one chunk"):
        write(header(), [])


def test_this_library_writes_version_one(small_file: bytes) -> None:
    assert VERSION == (1, 0)
    assert small_file[6] == 0x10

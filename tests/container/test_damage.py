"""Damaged, hostile and newer files: always a `LatentPressError`, never memory, never a wrong picture."""

from __future__ import annotations

import random
import tracemalloc
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latentpress.container import MAGIC, STREAM, Chunk, Header, Limits, read, read_header, varint, write
from latentpress.errors import CorruptFileError, LatentPressError, LimitError, UnsupportedError


def file_bytes(head: bytes, *chunks: tuple[int, bytes]) -> bytes:
    """A file with right checksums from a raw header and (type byte, payload) pairs, however senseless."""
    out, covered = head, head
    for kind, payload in chunks:
        start = bytes([kind]) + varint.encode(len(payload))
        covered += start + payload
        out += start + zlib.crc32(covered).to_bytes(4, "little") + payload
    return out


def head_bytes(
    version: int = 0x10, codec: int = 1, flags: int = 2, sides: bytes = b"\x40\x40", rate: bytes = b"\x05"
) -> bytes:
    """A raw header, to be bent out of shape."""
    return MAGIC + bytes([version, codec]) + bytes(8) + bytes([flags]) + sides + rate


def test_cut_at_every_byte(small_file: bytes) -> None:
    for length in range(len(small_file)):
        with pytest.raises(CorruptFileError):
            read(small_file[:length])


def test_every_bit_of_the_file_counts(small_file: bytes) -> None:
    for position in range(len(small_file)):
        for bit in range(8):
            damaged = bytearray(small_file)
            damaged[position] ^= 1 << bit
            with pytest.raises(LatentPressError):
                read(damaged)


def test_two_thousand_random_byte_changes(small_file: bytes) -> None:
    rng = random.Random(1)
    for _ in range(2000):
        damaged = bytearray(small_file)
        for _ in range(rng.randint(1, 8)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        if damaged != small_file:
            with pytest.raises(LatentPressError):
                read(damaged)


@given(st.binary(max_size=80))
def test_random_bytes_after_a_good_start(tail: bytes) -> None:
    for start in (b"", MAGIC, MAGIC + b"\x10\x01", head_bytes()):
        with pytest.raises(LatentPressError):
            read(start + tail)


@pytest.mark.parametrize("tail", [b"\0", b"\n", b"another file"])
def test_bytes_after_the_end(small_file: bytes, tail: bytes) -> None:
    with pytest.raises(CorruptFileError, match="follow its end"):
        read(small_file + tail)


def test_two_files_in_one(small_file: bytes) -> None:
    with pytest.raises(CorruptFileError):
        read(small_file + small_file)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not an .lpx file"),
        (b"\x89PNG\r\n\x1a\n", "not an .lpx file"),
        (b"\x8fLPX", "cut short"),
        (b"\x8fLPX\n\x10\x01", "text mode"),
        (b"\x8fLPX\r\r\n\x10", "text mode"),
    ],
)
def test_the_first_bytes_tell_what_happened(data: bytes, reason: str) -> None:
    with pytest.raises(CorruptFileError, match=reason):
        read(data)


def test_chunk_swapped_between_files(header: Callable[..., Header]) -> None:
    one = write(header(rate=3), [Chunk(STREAM, b"the symbols of one")])
    two = write(header(rate=4), [Chunk(STREAM, b"the symbols of two")])
    size = len(head_bytes())
    assert read(one[:size] + one[size:])[0].rate == 3
    with pytest.raises(CorruptFileError, match="checksum"):
        read(one[:size] + two[size:])


def test_chunks_left_out_or_moved(header: Callable[..., Header]) -> None:
    chunks = [Chunk(60, b"aa", ancillary=True), Chunk(61, b"bb", ancillary=True), Chunk(STREAM, b"cc")]
    data, size = write(header(), chunks), len(head_bytes())
    parts = [data[size + 8 * i : size + 8 * (i + 1)] for i in range(3)]
    assert read(data[:size] + b"".join(parts))[1] == chunks
    for order in ((1, 2), (0, 2), (1, 0, 2), (0, 0, 1, 2)):
        with pytest.raises(CorruptFileError, match="checksum"):
            read(data[:size] + b"".join(parts[i] for i in order))


@pytest.mark.parametrize("sides", [(10**9, 10**9), (2**31 - 1, 2**31 - 1), (2**21, 1), (1, 2**21), (2**15, 2**15)])
def test_bomb_sizes_are_refused_before_memory(sides: tuple[int, int]) -> None:
    data = file_bytes(head_bytes(sides=varint.encode(sides[0]) + varint.encode(sides[1])), (0x41, b"x"))
    tracemalloc.start()
    try:
        with pytest.raises(LimitError, match=f"{sides[0]} x {sides[1]} pixels"):
            read(data)
        with pytest.raises(LimitError):
            read_header(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 100_000


def test_sides_above_the_format(small_file: bytes) -> None:
    with pytest.raises(CorruptFileError, match="too large"):
        read(file_bytes(head_bytes(sides=b"\xff\xff\xff\xff\x08\x40"), (0x41, b"x")))


def test_chunk_length_bombs() -> None:
    claim = head_bytes() + b"\x41" + varint.encode(2**31 - 1) + bytes(4)
    with pytest.raises(LimitError, match="chunk of 2147483647 bytes"):
        read(claim)
    claim = head_bytes() + b"\x41" + varint.encode(2**29) + bytes(4)
    with pytest.raises(CorruptFileError, match="cut short"):
        read(claim)


def test_limits_are_the_callers(header: Callable[..., Header]) -> None:
    extra = Chunk(33, b"12345", ancillary=True)
    data = write(header(width=30, height=20), [extra, extra, Chunk(STREAM, b"1234")])
    exact = Limits(max_pixels=600, max_side=30, max_chunk_bytes=5, max_chunks=3)
    assert len(read(data, exact)[1]) == 3
    for tighter in (
        Limits(max_pixels=599),
        Limits(max_side=29),
        Limits(max_chunk_bytes=4),
        Limits(max_chunks=2),
    ):
        with pytest.raises(LimitError):
            read(data, tighter)


def test_default_limits_stop_a_file_of_many_chunks() -> None:
    with pytest.raises(LimitError, match="more than 1024 chunks"):
        read(file_bytes(head_bytes(), *[(0xA1, b"")] * 1025, (0x41, b"")))


def test_unknown_ancillary_chunk_is_passed_over() -> None:
    _, chunks = read(file_bytes(head_bytes(), (0x80 | 50, b"new"), (0x41, b"symbols")))
    assert [c.payload for c in chunks if c.kind == STREAM] == [b"symbols"]
    _, chunks = read(file_bytes(head_bytes(), (0x01, b"symbols"), (0xC0 | 50, b"new")))
    assert [c.kind for c in chunks if not c.ancillary] == [STREAM]


def test_unknown_critical_chunk_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="chunk type 50"):
        read(file_bytes(head_bytes(), (50, b"new"), (0x41, b"symbols")))


@pytest.mark.parametrize("kind", [0x40, 0xC0, 0xC1])
def test_chunk_types_that_mean_nothing(kind: int) -> None:
    with pytest.raises(CorruptFileError, match="breaks the format"):
        read(file_bytes(head_bytes(), (kind, b"")))


def test_newer_minor_version_is_read() -> None:
    header, _ = read(file_bytes(head_bytes(version=0x1F), (0x41, b"")))
    assert header.version == (1, 15)


@pytest.mark.parametrize("version", [0x00, 0x0F, 0x20, 0xF0])
def test_other_major_versions_are_refused(version: int) -> None:
    with pytest.raises(UnsupportedError, match=f"version {version >> 4}.{version & 15} "):
        read(file_bytes(head_bytes(version=version), (0x41, b"")))


@pytest.mark.parametrize("flags", [0x10, 0x12, 0x1A, 0x22, 0x42, 0x82, 0xFF])
def test_reserved_flags_are_refused(flags: int) -> None:
    with pytest.raises(UnsupportedError):
        read(file_bytes(head_bytes(flags=flags), (0x41, b"")))


@pytest.mark.parametrize(
    "head",
    [
        head_bytes(codec=0),
        head_bytes(sides=b"\x00\x40"),
        head_bytes(sides=b"\x40\x00"),
        head_bytes(sides=b"\xc0\x00\x40"),
        head_bytes(rate=b"\x80\x80\x04"),
        MAGIC + b"\x10\xff\x00" + bytes(8) + b"\x02\x40\x40\x05",
        MAGIC + b"\x10\xff\x03A b" + bytes(8) + b"\x02\x40\x40\x05",
        MAGIC + b"\x10\xff\x02\xc3\xa9" + bytes(8) + b"\x02\x40\x40\x05",
        MAGIC + b"\x10\xff\xfex",
    ],
    ids=["codec 0", "width 0", "height 0", "long form", "rate", "no name", "bad name", "not ASCII", "name cut"],
)
def test_headers_with_right_checksums_and_wrong_fields(head: bytes) -> None:
    with pytest.raises(CorruptFileError):
        read(file_bytes(head, (0x41, b"")))


def test_header_alone(small_file: bytes) -> None:
    """`read_header` needs no byte after the header."""
    end = len(head_bytes()) + 2
    assert read_header(small_file[:end]).width == 300
    with pytest.raises(CorruptFileError, match="cut short"):
        read_header(small_file[: end - 1])

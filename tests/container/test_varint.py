"""Variable-length integers: one value, one spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latentpress.container import varint
from latentpress.errors import CorruptFileError, InvalidInputError

KNOWN = [
    (0, "00"),
    (1, "01"),
    (127, "7f"),
    (128, "8001"),
    (300, "ac02"),
    (16383, "ff7f"),
    (16384, "808001"),
    (2**31 - 1, "ffffffff07"),
]


@pytest.mark.parametrize(("value", "text"), KNOWN)
def test_known_bytes(value: int, text: str) -> None:
    data = bytes.fromhex(text)
    assert varint.encode(value) == data
    assert varint.decode(memoryview(data), 0) == (value, len(data))


@given(st.integers(0, varint.MAX_VALUE), st.binary(max_size=3), st.binary(max_size=3))
def test_round_trip_inside_other_bytes(value: int, before: bytes, after: bytes) -> None:
    data = varint.encode(value)
    assert len(data) <= varint.MAX_BYTES
    end = len(before) + len(data)
    assert varint.decode(memoryview(before + data + after), len(before)) == (value, end)


@given(st.binary(min_size=1, max_size=6))
def test_what_decodes_is_what_encode_writes(data: bytes) -> None:
    try:
        value, end = varint.decode(memoryview(data), 0)
    except CorruptFileError:
        return
    assert varint.encode(value) == data[:end]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "cut short"),
        ("80", "cut short"),
        ("ffffffff", "cut short"),
        ("8000", "shortest form"),
        ("808080 8000", "shortest form"),
        ("ff8000", "shortest form"),
        ("8080808008", "too large"),
        ("ffffffff7f", "too large"),
        ("808080808001", "too large"),
        ("ffffffffffffffffff01", "too large"),
    ],
)
def test_other_spellings_are_damage(text: str, reason: str) -> None:
    with pytest.raises(CorruptFileError, match=reason):
        varint.decode(memoryview(bytes.fromhex(text)), 0)


@pytest.mark.parametrize("value", [-1, 2**31, 10**30])
def test_out_of_range_is_refused(value: int) -> None:
    with pytest.raises(InvalidInputError, match="does not fit"):
        varint.encode(value)

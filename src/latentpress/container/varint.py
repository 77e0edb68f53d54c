"""Unsigned integers of variable length: LEB128, seven bits a byte, low bits first, in the shortest form only."""

from __future__ import annotations

from latentpress.errors import CorruptFileError, InvalidInputError

__all__ = ["MAX_BYTES", "MAX_VALUE", "CutShortError", "decode", "encode"]

MAX_BYTES = 5
"""Longest varint; a sixth byte is damage."""

MAX_VALUE = 2**31 - 1
"""Largest value, so that every reader can hold it in a signed 32-bit integer."""


class CutShortError(CorruptFileError):
    """Bytes are missing at the end."""

    def __init__(self, message: str = "the file is cut short") -> None:
        super().__init__(message)


def encode(value: int) -> bytes:
    """The 1 to 5 bytes of ``value``; raises InvalidInputError outside 0..2^31-1."""
    if not 0 <= value <= MAX_VALUE:
        raise InvalidInputError(f"{value} does not fit the file format: it must be 0..{MAX_VALUE}")
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def decode(data: memoryview, position: int) -> tuple[int, int]:
    """Read a varint at ``position`` and return (value, position after it).

    Raises CorruptFileError at the end of the data, after five bytes, above 2^31-1, and for a longer form than needed
    (a last byte of zero): one value has one spelling, so equal pictures give equal files.
    """
    value = 0
    for index in range(MAX_BYTES):
        if position + index >= len(data):
            raise CutShortError
        byte = data[position + index]
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            if index and not byte:
                raise CorruptFileError("the file is damaged: a number is not in its shortest form")
            if value > MAX_VALUE:
                break
            return value, position + index + 1
    raise CorruptFileError("the file is damaged: a number is too large")

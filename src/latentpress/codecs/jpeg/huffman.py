"""Huffman tables of JPEG (ITU-T T.81, Annex C)."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from latentpress.errors import CorruptFileError

__all__ = ["HuffmanTable"]


class HuffmanTable:
    """A table as it stands in a DHT segment. counts: how many codes of 1..16 bits; symbols: in order of their codes."""

    def __init__(self, counts: bytes, symbols: bytes) -> None:
        if len(counts) != 16 or len(symbols) != sum(counts) or len(symbols) > 256:
            raise CorruptFileError("the JPEG file has a damaged Huffman table")
        lengths = np.repeat(np.arange(1, 17), np.frombuffer(counts, np.uint8))
        room = np.cumsum(np.int64(1) << (16 - lengths))
        if (room.size and room[-1] > 1 << 16) or len(set(symbols)) < len(symbols):
            raise CorruptFileError("the JPEG file has a damaged Huffman table")
        self.counts, self.symbols = counts, symbols
        self._symbols = np.frombuffer(symbols, np.uint8)
        self._lengths = lengths
        self._ends = room

    def look(self, symbols: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Codes and their lengths; raises CorruptFileError for a symbol that has none."""
        codes, lengths = (part[symbols] for part in self.codes)
        if not lengths.all():
            raise CorruptFileError("a Huffman table of the JPEG file lacks a symbol")
        return codes, lengths

    @cached_property
    def codes(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(256,) code and length of each symbol; length 0 for one that the table lacks."""
        codes, lengths = np.zeros(256, np.int64), np.zeros(256, np.int64)
        starts = self._ends - (np.int64(1) << (16 - self._lengths))
        codes[self._symbols] = starts >> (16 - self._lengths)
        lengths[self._symbols] = self._lengths
        return codes, lengths

    @cached_property
    def lookup(self) -> tuple[NDArray[np.int16], NDArray[np.uint8]]:
        """(65536,) symbol and length of the code that the next 16 bits start with; symbol -1, length 1 if none does."""
        symbols, lengths = np.full(1 << 16, -1, np.int16), np.ones(1 << 16, np.uint8)
        end = int(self._ends[-1]) if self._ends.size else 0
        sizes = np.diff(self._ends, prepend=0)
        symbols[:end] = np.repeat(self._symbols, sizes)
        lengths[:end] = np.repeat(self._lengths, sizes)
        return symbols, lengths

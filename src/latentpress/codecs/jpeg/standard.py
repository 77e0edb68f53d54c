"""The Huffman tables that JPEG's standard gives as an example, and those that suit a file (ITU-T T.81, annex K)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.jpeg.huffman import HuffmanTable

__all__ = ["STANDARD_TABLES", "SymbolCounts"]

_LONGEST = 16

# K.3, for luma and chroma: how many codes of each length, and the symbols in order.
_DC = bytes(range(12))
_DC_COUNTS = ("00010501010101010100000000000000", "00030101010101010101010000000000")
_AC_COUNTS = ("0002010303020403050504040000017d", "00020102040403040705040400010277")
_AC_SYMBOLS = (
    "01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a3435363738393a"
    "434445464748494a535455565758595a636465666768696a737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9"
    "aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa",
    "000102031104052131061241510761711322328108144291a1b1c109233352f0156272d10a162434e125f11718191a262728292a3536373839"
    "3a434445464748494a535455565758595a636465666768696a737475767778797a82838485868788898a92939495969798999aa2a3a4a5a6a7"
    "a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9fa",
)


STANDARD_TABLES = (
    tuple(HuffmanTable(bytes.fromhex(counts), _DC) for counts in _DC_COUNTS),
    tuple(HuffmanTable(*map(bytes.fromhex, both)) for both in zip(_AC_COUNTS, _AC_SYMBOLS, strict=True)),
)
"""The tables for DC, then for AC: of luma and of chroma."""


class SymbolCounts(HuffmanTable):
    """A table that is still to be made: it counts the symbols that a scan would take from it."""

    def __init__(self) -> None:
        super().__init__(bytes(16), b"")
        self._found = np.zeros(256, np.int64)

    def look(self, symbols: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Codes of no use."""
        self._found += np.bincount(symbols, minlength=256)
        return np.zeros_like(symbols), np.ones_like(symbols)

    def best(self) -> HuffmanTable:
        """The table with the shortest codes for the symbols so far, none longer than 16 bits and none all ones (K.2).

        Of equal counts the largest symbol gets the longest code, as in the standard and so in libjpeg.
        """
        counts = [*self._found.tolist(), 1]  # the last one stands for the code of all ones
        groups = {symbol: [symbol] for symbol, count in enumerate(counts) if count}
        size = [0] * 257
        while len(groups) > 1:
            first, second = sorted(groups, key=lambda symbol: (counts[symbol], -symbol))[:2]
            counts[first] += counts[second]
            groups[first] += groups.pop(second)
            for symbol in groups[first]:
                size[symbol] += 1
        lengths = np.bincount([length for length in size if length] or [1], minlength=_LONGEST + 1).tolist()
        for length in range(len(lengths) - 1, _LONGEST, -1):
            while lengths[length]:
                # two codes become one that is shorter; a code of some shorter length becomes two
                short = next(n for n in range(length - 2, 0, -1) if lengths[n])
                lengths[length] -= 2
                lengths[length - 1] += 1
                lengths[short + 1] += 2
                lengths[short] -= 1
        longest = max(length for length, count in enumerate(lengths) if count)
        lengths[longest] -= 1
        symbols = sorted(np.flatnonzero(self._found).tolist(), key=lambda symbol: (size[symbol], symbol))
        return HuffmanTable(bytes(lengths[1 : _LONGEST + 1]), bytes(symbols))

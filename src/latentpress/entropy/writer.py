"""The encoder's side: passes of symbols become a byte string."""

from __future__ import annotations

from typing import Any

import constriction
import numpy as np
from numpy.typing import NDArray

from latentpress.entropy._bits import BIT_MODEL, check_chances
from latentpress.entropy._escape import MAX_MAGNITUDE, encode_escapes
from latentpress.entropy._groups import Groups, check_indices, group_by_table
from latentpress.entropy.tables import ProbabilityTables
from latentpress.errors import InvalidInputError

__all__ = ["SymbolWriter"]


class SymbolWriter:
    """Codes passes of integer symbols with a range coder; `SymbolReader` reads them back in the same order.

    Within a pass the symbols are coded table by table (0 first), in their own order within a table, then the payloads
    of the escapes. Tables of radius 0 cost nothing. The coder is constriction's range coder with 32-bit words and a
    64-bit state; `finish` gives its words in little-endian order without the zero bytes at the end.
    """

    def __init__(self) -> None:
        self._coder = constriction.stream.queue.RangeEncoder()

    def write(self, symbols: NDArray[np.integer[Any]], indices: NDArray[np.uint8], tables: ProbabilityTables) -> Groups:
        """Code one pass: `symbols` (int32, 1-D) with those of the `tables` that `indices` (uint8, 1-D, as long)
        name. Gives the groups that it found, for who reads the pass back.

        Raises `InvalidInputError`, before anything is coded, for arrays that do not fit together, a table that does not
        exist, a symbol beyond +-(2^31 - 1), or a non-zero symbol in a table of radius 0.
        """
        values, index = np.asarray(symbols), check_indices(indices)
        if values.shape != index.shape or not np.issubdtype(values.dtype, np.integer):
            raise InvalidInputError(f"{values.shape} symbols of {values.dtype} do not go with {index.shape} indices")
        if values.size and not -MAX_MAGNITUDE <= values.min() <= values.max() <= MAX_MAGNITUDE:
            raise InvalidInputError(f"symbols must lie in -{MAX_MAGNITUDE}..{MAX_MAGNITUDE}")
        groups = group_by_table(index, tables)
        ordered = values.astype(np.int32, copy=False)[groups.order]
        if np.count_nonzero(ordered) != np.count_nonzero(values):
            table = index[(tables.radius[index] == 0) & (values != 0)][0]
            raise InvalidInputError(f"probability table {table} has radius 0 and codes only the symbol 0")

        entries = ordered + groups.radius  # may pass 2^31, which then is outside too
        outside = entries.view(np.uint32) > (2 * groups.radius).view(np.uint32)
        escaped = np.flatnonzero(outside)
        entries[escaped] = 2 * groups.radius[escaped] + 1
        for table, start, end in groups.parts:
            self._coder.encode(entries[start:end], tables.model(table))
        if escaped.size:
            where = np.sort(groups.order[escaped])
            encode_escapes(self._coder, values[where].astype(np.int64), tables.radius[index[where]].astype(np.int64))
        return groups

    def write_bits(self, bits: NDArray[np.integer[Any]], ones: NDArray[np.integer[Any]]) -> None:
        """Code bits (1-D, each 0 or 1), of which each has the chance ``ones`` / 65536 (1..65535) to be 1.

        Raises `InvalidInputError`, before anything is coded, for arrays that do not fit together or other values.
        """
        values, chances = np.asarray(bits), check_chances(ones)
        if values.shape != chances.shape or (values.size and not 0 <= values.min() <= values.max() <= 1):
            raise InvalidInputError(f"{values.shape} bits do not go with {chances.shape} chances, or are not bits")
        if values.size:
            self._coder.encode(values.astype(np.int32), BIT_MODEL, chances)

    def finish(self) -> bytes:
        """The bytes of everything written so far."""
        words: NDArray[np.uint32] = self._coder.get_compressed()
        # Past its end the reader's coder reads zeros, so the zeros at the end need no room.
        return words.astype("<u4").tobytes().rstrip(b"\0")

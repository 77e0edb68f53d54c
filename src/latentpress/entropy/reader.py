"""The decoder's side: a byte string becomes passes of symbols again."""

from __future__ import annotations

from typing import Any

import constriction
import numpy as np
from numpy.typing import NDArray

from latentpress.entropy._bits import BIT_MODEL, check_chances
from latentpress.entropy._escape import MAX_MAGNITUDE, decode_escapes
from latentpress.entropy._groups import Groups, check_indices, group_by_table
from latentpress.entropy.tables import ProbabilityTables
from latentpress.errors import CorruptFileError

__all__ = ["SymbolReader"]


class SymbolReader:
    """Reads what a `SymbolWriter` wrote, pass by pass with the same tables.

    A range coder finds little damage by itself: most damaged streams decode to wrong symbols, so the container's
    checksums come first. Whatever the data, reading takes time and memory in proportion to the symbols asked for, and
    raises nothing but `CorruptFileError` on account of it.
    """

    def __init__(self, data: bytes | bytearray | memoryview) -> None:
        raw = bytes(data)
        if raw.endswith(b"\0"):
            raise CorruptFileError("the symbol stream ends with a zero byte, which no encoder writes")
        words = np.frombuffer(raw + bytes(-len(raw) % 4), dtype="<u4").astype(np.uint32)
        self._coder = constriction.stream.queue.RangeDecoder(words)

    def read(
        self, indices: NDArray[np.uint8], tables: ProbabilityTables, groups: Groups | None = None
    ) -> NDArray[np.int32]:
        """Decode one pass: the symbol (int32) for each index (uint8, 1-D) into `tables`. groups: those of the pass,
        where they are known.

        Raises `CorruptFileError` where the data cannot be decoded, `InvalidInputError` for indices without a table.
        """
        index = check_indices(indices)
        groups = groups or group_by_table(index, tables)
        symbols = np.zeros(index.size, dtype=np.int32)
        if not groups.parts:
            return symbols
        entries = np.concatenate([self._decode(tables.model(table), end - start) for table, start, end in groups.parts])
        escaped = np.flatnonzero(entries > 2 * groups.radius)
        symbols[groups.order] = entries - groups.radius
        if escaped.size:
            where = np.sort(groups.order[escaped])
            symbols[where] = self._escapes(tables.radius[index[where]].astype(np.int64))
        return symbols

    def read_bits(self, ones: NDArray[np.integer[Any]]) -> NDArray[np.int32]:
        """Decode as many bits as there are chances ``ones`` (1-D, of 65536) to be 1: the inverse of `write_bits`.

        Raises `CorruptFileError` where the data cannot be decoded, `InvalidInputError` for chances that are none.
        """
        chances = check_chances(ones)
        if not chances.size:
            return np.zeros(0, np.int32)
        try:
            bits: NDArray[np.int32] = self._coder.decode(BIT_MODEL, chances)
        except (AssertionError, ValueError, KeyError) as error:
            raise CorruptFileError("the symbol stream is damaged: its data fits no bit") from error
        return bits

    def finish(self) -> None:
        """Check that the data may end here. Raises `CorruptFileError` where symbols are certainly left over."""
        if not self._coder.maybe_exhausted():
            raise CorruptFileError("the symbol stream is longer than its symbols")

    def _decode(self, model: Any, size: int) -> NDArray[np.int32]:
        try:
            part: NDArray[np.int32] = self._coder.decode(model, size)
        except (AssertionError, ValueError, KeyError) as error:
            raise CorruptFileError("the symbol stream is damaged: its data fits no symbol") from error
        return part

    def _escapes(self, radius: NDArray[np.int64]) -> NDArray[np.int64]:
        try:
            values: NDArray[np.int64] = decode_escapes(self._coder, radius)
        except (AssertionError, ValueError, KeyError) as error:
            raise CorruptFileError("the symbol stream is damaged: its data fits no escape") from error
        if np.abs(values).max() > MAX_MAGNITUDE:
            raise CorruptFileError("the symbol stream is damaged: a symbol exceeds 2^31 - 1")
        return values

"""Residuals as bytes and back: symbols by a range coder, the plain bits of large ones behind them.

A walk codes with a `ResidualPort`, as in `latentpress.codecs.ports`, so that it is written once: an encoder's says what
it wants coded, a decoder's does not know, and both go on with what they get back.
"""

from __future__ import annotations

from typing import Any, Protocol

import constriction
import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.alphabet import LARGEST_ALPHABET, Alphabet, BitReader, BitWriter
from latentpress.codecs.lossless.tables import TABLES
from latentpress.container import varint
from latentpress.errors import CorruptFileError

__all__ = ["ResidualCounter", "ResidualPort", "ResidualReader", "ResidualWriter"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# perfect=False is pinned: another choice gives other streams
_FAMILY: Any = constriction.stream.model.Categorical(perfect=False)


class ResidualPort(Protocol):
    """Where residuals go, or come from."""

    def rows(
        self, wanted: Integers | None, alphabet: Alphabet, tables: Integers, rows: Floats, plane: int
    ) -> tuple[NDArray[np.int32], Integers]:
        """Code residuals (N,) of a plane: gives their symbols and themselves. tables: (N,), numbers of the tables that
        they are coded with; rows: (N, alphabet's size), what these say, probabilities but for a factor.

        Raises CorruptFileError if what is read fits no symbol.
        """


class ResidualWriter:
    """Collects residuals into a stream."""

    def __init__(self) -> None:
        self._coder = constriction.stream.queue.RangeEncoder()
        self._bits = BitWriter()

    def rows(
        self, wanted: Integers | None, alphabet: Alphabet, tables: Integers, rows: Floats, plane: int
    ) -> tuple[NDArray[np.int32], Integers]:
        """See `ResidualPort.rows`."""
        assert wanted is not None
        symbols, extra, plain = alphabet.split(wanted)
        self._coder.encode(symbols, _FAMILY, rows)
        self._bits.write(plain, extra)
        return symbols, wanted

    def finish(self) -> bytes:
        """The stream."""
        words: NDArray[np.uint32] = self._coder.get_compressed()
        coded = words.astype("<u4").tobytes().rstrip(b"\0")
        return varint.encode(len(coded)) + coded + self._bits.finish()


class ResidualReader:
    """Reads what a `ResidualWriter` wrote. Raises CorruptFileError if the stream is certainly damaged."""

    def __init__(self, stream: memoryview) -> None:
        length, start = varint.decode(stream, 0)
        raw = bytes(stream[start : start + length])
        if len(raw) < length or raw.endswith(b"\0"):
            raise CorruptFileError("the picture's data are damaged: a stream of the wrong length")
        words = np.frombuffer(raw + bytes(-len(raw) % 4), "<u4").astype(np.uint32)
        self._coder = constriction.stream.queue.RangeDecoder(words)
        self._bits = BitReader(stream[start + length :])

    def rows(
        self, wanted: Integers | None, alphabet: Alphabet, tables: Integers, rows: Floats, plane: int
    ) -> tuple[NDArray[np.int32], Integers]:
        """See `ResidualPort.rows`."""
        try:
            symbols: NDArray[np.int32] = self._coder.decode(_FAMILY, rows)
        except (AssertionError, ValueError, KeyError) as error:
            raise CorruptFileError("the picture's data are damaged: they fit no symbol") from error
        return symbols, alphabet.read(symbols, self._bits)

    def finish(self) -> None:
        """Make sure that the stream ends here."""
        if not self._coder.maybe_exhausted() or not 0 <= self._bits.left < 8:
            raise CorruptFileError("the picture's data are damaged: their length does not fit")


class ResidualCounter:
    """Counts symbols in place of coding them. counts: of each plane, (tables, size of the largest alphabet)."""

    def __init__(self, planes: int) -> None:
        self.counts = [np.zeros((TABLES, LARGEST_ALPHABET.size)) for _ in range(planes)]

    def rows(
        self, wanted: Integers | None, alphabet: Alphabet, tables: Integers, rows: Floats, plane: int
    ) -> tuple[NDArray[np.int32], Integers]:
        """See `ResidualPort.rows`."""
        assert wanted is not None
        symbols = alphabet.split(wanted)[0]
        np.add.at(self.counts[plane], (tables, symbols + LARGEST_ALPHABET.zero - alphabet.zero), 1)
        return symbols, wanted

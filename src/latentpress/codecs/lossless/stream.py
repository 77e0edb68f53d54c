"""Residuals as bytes and back: symbols by a range coder, the plain bits of large ones behind them."""

from __future__ import annotations

from typing import Any

import constriction
import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.alphabet import Alphabet, BitReader, BitWriter
from latentpress.container import varint
from latentpress.errors import CorruptFileError

__all__ = ["ResidualReader", "ResidualWriter"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# perfect=False is pinned: another choice gives other streams
_FAMILY: Any = constriction.stream.model.Categorical(perfect=False)


class ResidualWriter:
    """Collects residuals into a stream."""

    def __init__(self) -> None:
        self._coder = constriction.stream.queue.RangeEncoder()
        self._bits = BitWriter()

    def write(self, alphabet: Alphabet, residuals: Integers, rows: Floats) -> NDArray[np.int32]:
        """Append residuals (N,) and give their symbols. rows: (N, alphabet's size), probabilities but for a factor."""
        symbols, extra, plain = alphabet.split(residuals)
        self._coder.encode(symbols, _FAMILY, rows)
        self._bits.write(plain, extra)
        return symbols

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

    def read(self, alphabet: Alphabet, rows: Floats) -> tuple[NDArray[np.int32], Integers]:
        """The next symbols and residuals (N,), given the ``rows`` that they were written with."""
        try:
            symbols: NDArray[np.int32] = self._coder.decode(_FAMILY, rows)
        except (AssertionError, ValueError, KeyError) as error:
            raise CorruptFileError("the picture's data are damaged: they fit no symbol") from error
        return symbols, alphabet.join(symbols, self._bits.read(alphabet.extra(symbols)))

    def finish(self) -> None:
        """Make sure that the stream ends here."""
        if not self._coder.maybe_exhausted() or not 0 <= self._bits.left < 8:
            raise CorruptFileError("the picture's data are damaged: their length does not fit")

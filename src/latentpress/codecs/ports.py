"""Ports: where the symbols of a walk go, or come from.

A codec writes its walk - what is coded, in which order, with which tables - once, as a function of a `Port`. The
encoder runs it with `Writing`, the decoder with `Reading`, the makers of probability tables with `Counting`, and who
wants to know what it costs with `Pricing`. A walk hands over what it would like to code, or None if it does not know
(the decoder), and goes on with what it gets back, which is the same on all sides:

    def walk(port):
        symbols = port.symbols(wanted, index, tables, LIMIT)    # wanted: None when reading
        return ...                                              # all integers, as an `Exact`

    data = write(walk, number)
    exact = read(data, walk, number)
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from latentpress.entropy import TOTAL, ProbabilityTables, SymbolReader, SymbolWriter
from latentpress.errors import CorruptFileError, LatentPressError

__all__ = [
    "CHECK_BYTES",
    "EVEN",
    "Counting",
    "Exact",
    "Points",
    "Port",
    "Pricing",
    "Reading",
    "Tracing",
    "Walk",
    "Writing",
    "checksum",
    "read",
    "write",
]

CHECK_BYTES = 4
"""Of the checksum before a stream."""

EVEN = np.array([TOTAL // 2], np.uint32)
"""Chances of bits of which nothing is known, all of index 0."""

Symbols = NDArray[np.int32]
Chances = NDArray[np.uint32]


class Port(Protocol):
    """What a walk codes with. All arrays are 1-D and of one length, but for tables and chances."""

    def symbols(
        self,
        wanted: NDArray[Any] | None,
        index: NDArray[np.uint8],
        tables: ProbabilityTables,
        limit: int,
        name: str = "symbols",
    ) -> Symbols:
        """Code whole numbers of magnitude at most ``limit`` (larger ones are clamped to it), each with that of the
        ``tables`` that ``index`` names. name: what they are, for those who count.

        Raises CorruptFileError when what is read does not fit.
        """

    def bits(
        self, wanted: NDArray[Any] | None, index: NDArray[np.integer[Any]], chances: Chances, name: str = "bits"
    ) -> Symbols:
        """Code bits, each with that of the ``chances`` / 65536 (1..65535) to be 1 that ``index`` names."""


class Exact(Protocol):
    """What a walk decodes to, or has coded: integers that are the same on every machine."""

    def check(self, number: int) -> bytes:
        """Their checksum, starting from the number of their place in the file."""


E = TypeVar("E", bound=Exact)
Walk = Callable[[Port], E]
"""Codes everything in order with a port, and returns it."""


def write(walk: Walk[E], number: int = 0) -> bytes:
    """The stream of a walk: checksum, then the range-coded symbols. ``number``: of its place in the file, so that a
    stream in the place of another is noticed.

    Reads the symbols back before it hands them out; raises LatentPressError if they are not the same.
    """
    port = Writing()
    exact = walk(port)
    return exact.check(number) + port.finish()


def read(stream: bytes, walk: Walk[E], number: int = 0) -> E:
    """What `write` wrote of the walk, at the same number.

    Raises CorruptFileError when the stream is damaged or what it decodes to does not match its checksum.
    """
    if len(stream) < CHECK_BYTES:
        raise CorruptFileError("the symbol stream is too short")
    port = Reading(stream[CHECK_BYTES:])
    exact = walk(port)
    port.finish()
    if exact.check(number) != stream[:CHECK_BYTES]:
        raise CorruptFileError("the decoded symbols do not match their checksum")
    return exact


def checksum(number: int, *arrays: NDArray[Any]) -> bytes:
    """CRC32 of arrays one after another, little-endian as they lie, from a number on."""
    for array in arrays:
        number = zlib.crc32(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).data, number)
    return number.to_bytes(CHECK_BYTES, "little")


class _Giving:
    """A port that is told what to code: it gives that back, within what can be coded. What else becomes of it, the
    subclasses' ``_take`` and ``_take_bits`` say.
    """

    def symbols(
        self,
        wanted: NDArray[Any] | None,
        index: NDArray[np.uint8],
        tables: ProbabilityTables,
        limit: int,
        name: str = "symbols",
    ) -> Symbols:
        """See `Port.symbols`."""
        symbols = _within(wanted, limit)
        self._take(symbols, index, tables, limit, name)
        return symbols

    def bits(
        self, wanted: NDArray[Any] | None, index: NDArray[np.integer[Any]], chances: Chances, name: str = "bits"
    ) -> Symbols:
        """See `Port.bits`."""
        bits = _within(wanted, 1)
        self._take_bits(bits, index, chances, name)
        return bits

    def _take(
        self, symbols: Symbols, index: NDArray[np.uint8], tables: ProbabilityTables, limit: int, name: str
    ) -> None:
        raise NotImplementedError

    def _take_bits(self, bits: Symbols, index: NDArray[np.integer[Any]], chances: Chances, name: str) -> None:
        raise NotImplementedError


class Writing(_Giving):
    """Symbols into a stream. again: whether to read them back at the end, which who decodes the whole file need not."""

    def __init__(self, again: bool = True) -> None:
        self._writer, self._again = SymbolWriter(), again
        self._written: list[tuple[Symbols, Callable[[SymbolReader], Symbols]]] = []

    def finish(self) -> bytes:
        """The stream. Raises LatentPressError if it does not read back."""
        stream = self._writer.finish()
        reader = SymbolReader(stream)
        if not all(np.array_equal(again(reader), symbols) for symbols, again in self._written):
            raise LatentPressError("the coded symbols do not read back; please report this picture")
        return stream

    def _take(
        self, symbols: Symbols, index: NDArray[np.uint8], tables: ProbabilityTables, limit: int, name: str
    ) -> None:
        groups = self._writer.write(symbols, index, tables)
        if self._again:
            self._written.append((symbols, lambda reader: reader.read(index, tables, groups)))

    def _take_bits(self, bits: Symbols, index: NDArray[np.integer[Any]], chances: Chances, name: str) -> None:
        self._writer.write_bits(bits, chances[index])
        if self._again:
            self._written.append((bits, lambda reader: reader.read_bits(chances[index])))


class Reading:
    """Symbols out of a stream."""

    def __init__(self, stream: bytes) -> None:
        self._reader = SymbolReader(stream)

    def symbols(
        self,
        wanted: NDArray[Any] | None,
        index: NDArray[np.uint8],
        tables: ProbabilityTables,
        limit: int,
        name: str = "symbols",
    ) -> Symbols:
        """See `Port.symbols`."""
        symbols = self._reader.read(index, tables)
        if symbols.size and np.abs(symbols).max() > limit:
            raise CorruptFileError(f"the symbol stream is damaged: one of its {name} is out of range")
        return symbols

    def bits(
        self, wanted: NDArray[Any] | None, index: NDArray[np.integer[Any]], chances: Chances, name: str = "bits"
    ) -> Symbols:
        """See `Port.bits`."""
        return self._reader.read_bits(chances[index])

    def finish(self) -> None:
        """Check that the stream may end here. Raises CorruptFileError where symbols are certainly left over."""
        self._reader.finish()


class Counting(_Giving):
    """Symbols into counts, for probability tables.

    counts: by the name of symbols, how often each was coded with each table, (tables, 2 * limit + 1) from -limit on; by
    the name of bits, how often each index was 0 and 1, (2, chances).
    """

    def __init__(self) -> None:
        self.counts: dict[str, NDArray[np.int64]] = {}

    def _take(
        self, symbols: Symbols, index: NDArray[np.uint8], tables: ProbabilityTables, limit: int, name: str
    ) -> None:
        self._add(name, (len(tables), 2 * limit + 1), index, symbols + limit)

    def _take_bits(self, bits: Symbols, index: NDArray[np.integer[Any]], chances: Chances, name: str) -> None:
        self._add(name, (2, chances.size), bits, index)

    def _add(self, name: str, shape: tuple[int, int], row: NDArray[Any], column: NDArray[Any]) -> None:
        flat = np.bincount(row.astype(np.int64) * shape[1] + column, minlength=shape[0] * shape[1])
        self.counts[name] = self.counts.get(name, 0) + flat.reshape(shape)


class Pricing(_Giving):
    """Symbols into their ideal code length: ``total``, in bits."""

    def __init__(self) -> None:
        self.total = 0.0

    def _take(
        self, symbols: Symbols, index: NDArray[np.uint8], tables: ProbabilityTables, limit: int, name: str
    ) -> None:
        self.total += float(tables.bits(symbols, index).sum())

    def _take_bits(self, bits: Symbols, index: NDArray[np.integer[Any]], chances: Chances, name: str) -> None:
        ones = chances[index].astype(np.float64)
        self.total -= float(np.log2(np.where(bits, ones, TOTAL - ones) / TOTAL).sum())


class Points:
    """Digests of what a file decodes to, stage after stage, to find the first one at which two machines differ."""

    def __init__(self) -> None:
        self._digests: dict[str, Any] = {}

    def add(self, name: str, array: NDArray[Any]) -> None:
        """Take an array into the digest of a stage: its numbers, little-endian, and their kind."""
        digest = self._digests.setdefault(name, hashlib.sha256())
        digest.update(repr((array.dtype.kind, array.itemsize, array.shape)).encode())
        digest.update(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes())

    def __call__(self) -> dict[str, str]:
        """SHA-256 in hexadecimal digits by stage, in the order in which they came."""
        return {name: digest.hexdigest() for name, digest in self._digests.items()}


class Tracing:
    """Another port, with digests of what passes through it: by name, which tables are chosen and what is coded."""

    def __init__(self, port: Port, points: Points) -> None:
        self._port, self._points = port, points

    def symbols(
        self,
        wanted: NDArray[Any] | None,
        index: NDArray[np.uint8],
        tables: ProbabilityTables,
        limit: int,
        name: str = "symbols",
    ) -> Symbols:
        """See `Port.symbols`."""
        self._points.add(f"tables of {name}", index)
        symbols = self._port.symbols(wanted, index, tables, limit, name)
        self._points.add(name, symbols)
        return symbols

    def bits(
        self, wanted: NDArray[Any] | None, index: NDArray[np.integer[Any]], chances: Chances, name: str = "bits"
    ) -> Symbols:
        """See `Port.bits`."""
        self._points.add(f"chances of {name}", chances[index])
        bits = self._port.bits(wanted, index, chances, name)
        self._points.add(name, bits)
        return bits


def _within(wanted: NDArray[Any] | None, limit: int) -> Symbols:
    """What an encoder wants coded."""
    if wanted is None:
        raise ValueError("the walk of an encoder must say what it wants to code")
    inside = wanted if wanted.dtype == np.bool_ else np.clip(wanted, -limit, limit)
    symbols: Symbols = inside.astype(np.int32)
    return symbols

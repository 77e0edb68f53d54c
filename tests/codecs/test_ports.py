"""One walk with every port: written, read, counted, priced."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from latentpress.codecs.ports import EVEN, Counting, Port, Pricing, Reading, Writing, checksum, read, write
from latentpress.entropy import ProbabilityTables, SymbolReader, quantise_pmf
from latentpress.errors import CorruptFileError, LatentPressError

LIMIT = 40
TABLES = ProbabilityTables(
    np.concatenate([[65536], quantise_pmf(np.append(0.5 ** np.abs(np.arange(-9, 10.0)), 1e-3))]).astype(np.uint32),
    np.array([0, 9]),
)
CHANCES = np.array([100, 30_000, 65_000], np.uint32)


@dataclass(frozen=True)
class Numbers:
    """Symbols, and bits of those that are not zero: what comes depends on what came."""

    symbols: np.ndarray
    bits: np.ndarray
    again: np.ndarray

    def check(self, number: int) -> bytes:
        return checksum(number, self.symbols, self.bits, self.again)


def walk(port: Port, wanted: np.ndarray | None, size: int = 300) -> Numbers:
    index = np.ones(size, np.uint8)
    symbols = port.symbols(wanted, index, TABLES, LIMIT, "values")
    some = symbols[symbols != 0]
    bits = port.bits(None if wanted is None else some > 0, np.abs(some) % 3, CHANCES, "signs")
    again = port.bits(None if wanted is None else bits, np.zeros(bits.size, np.intp), EVEN, "again")
    return Numbers(symbols, bits, again)


def drawn(seed: int = 0, size: int = 300) -> np.ndarray:
    return np.rint(np.random.default_rng(seed).laplace(0, 6, size))


def test_what_is_written_is_read() -> None:
    wanted = drawn()
    found = read(write(lambda port: walk(port, wanted), 7), lambda port: walk(port, None), 7)
    assert np.array_equal(found.symbols, np.clip(wanted, -LIMIT, LIMIT))
    assert np.array_equal(found.bits, found.symbols[found.symbols != 0] > 0)


def test_the_price_is_the_length_and_counts_are_the_symbols() -> None:
    wanted, pricing, counting = drawn(1), Pricing(), Counting()
    numbers = walk(pricing, wanted)
    walk(counting, wanted)
    assert len(write(lambda port: walk(port, wanted))) - 4 == pytest.approx(pricing.total / 8, abs=9)
    assert set(counting.counts) == {"values", "signs", "again"}
    values, signs = counting.counts["values"], counting.counts["signs"]
    assert values.shape == (2, 2 * LIMIT + 1)
    assert np.array_equal(values[1], np.bincount(numbers.symbols + LIMIT, minlength=2 * LIMIT + 1))
    assert signs.shape == (2, 3)
    assert signs.sum(axis=1).tolist() == [(numbers.bits == 0).sum(), (numbers.bits == 1).sum()]


def test_damage_is_noticed() -> None:
    data = write(lambda port: walk(port, drawn(2)))
    for wrong in (data[:3], data[:-9], data + b"\1" * 12, data[:20] + bytes([data[20] ^ 4]) + data[21:]):
        with pytest.raises(CorruptFileError):
            read(wrong, lambda port: walk(port, None))
    with pytest.raises(CorruptFileError, match="checksum"):
        read(data, lambda port: walk(port, None), 1)
    port = Writing()
    port.symbols(np.array([LIMIT + 5]), np.ones(1, np.uint8), TABLES, LIMIT + 5)
    with pytest.raises(CorruptFileError, match="one of its values is out of range"):
        Reading(port.finish()).symbols(None, np.ones(1, np.uint8), TABLES, LIMIT, "values")


def test_a_coder_that_fails_hands_out_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    original = SymbolReader.read_bits
    monkeypatch.setattr(SymbolReader, "read_bits", lambda self, ones: 1 - original(self, ones))
    with pytest.raises(LatentPressError, match="do not read back"):
        write(lambda port: walk(port, drawn()))


def test_an_encoder_knows_what_it_wants() -> None:
    for port in (Writing(), Counting(), Pricing()):
        with pytest.raises(ValueError, match="must say"):
            walk(port, None)

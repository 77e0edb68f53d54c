"""Bits with chances of their own, among passes of symbols."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest

from latentpress.entropy import ProbabilityTables, SymbolReader, SymbolWriter
from latentpress.errors import CorruptFileError, InvalidInputError

TABLES = ProbabilityTables(np.array([1, 65533, 1, 1], np.uint32), np.array([1], np.uint16))


def test_bits_come_back_between_symbols() -> None:
    rng = np.random.default_rng(0)
    chances = rng.integers(1, 65536, 5000).astype(np.uint32)
    bits = (rng.random(5000) < chances / 65536).astype(np.int32)
    symbols, index = np.array([0, 1, 0, -1], np.int32), np.zeros(4, np.uint8)
    writer = SymbolWriter()
    writer.write(symbols, index, TABLES)
    writer.write_bits(bits, chances)
    writer.write_bits(bits[:0], chances[:0])
    writer.write(symbols, index, TABLES)
    data = writer.finish()
    ideal = -np.log2(np.where(bits, chances, 65536 - chances.astype(int)) / 65536).sum() / 8
    assert len(data) < ideal + 30
    reader = SymbolReader(data)
    assert np.array_equal(reader.read(index, TABLES), symbols)
    assert np.array_equal(reader.read_bits(chances), bits)
    assert reader.read_bits(chances[:0]).size == 0
    assert np.array_equal(reader.read(index, TABLES), symbols)
    reader.finish()


@pytest.mark.parametrize("chance", [1, 65535])
def test_the_least_likely_bits_can_be_coded(chance: int) -> None:
    chances = np.full(40, chance, np.uint32)
    bits = np.arange(40, dtype=np.int32) % 2
    writer = SymbolWriter()
    writer.write_bits(bits, chances)
    assert np.array_equal(SymbolReader(writer.finish()).read_bits(chances), bits)


def test_what_is_no_bit_or_no_chance_is_refused() -> None:
    writer = SymbolWriter()
    for bits, chances in (([2], [5]), ([-1], [5]), ([0, 1], [5]), ([0], [0]), ([0], [65536])):
        with pytest.raises(InvalidInputError):
            writer.write_bits(np.array(bits), np.array(chances))
    with pytest.raises(InvalidInputError):
        writer.write_bits(np.array([0]), np.array([0.5]))
    assert writer.finish() == b""


def test_no_data_is_either_bits_or_damage() -> None:
    with contextlib.suppress(CorruptFileError):
        SymbolReader(b"\xff" * 8).read_bits(np.full(1000, 3, np.uint32))

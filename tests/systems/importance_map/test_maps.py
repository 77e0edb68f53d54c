"""The importance map in the stream."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from latentpress.entropy import SymbolReader, SymbolWriter
from latentpress.errors import CorruptFileError
from latentpress.systems.importance_map.layout import MOST_DROPPED
from latentpress.systems.importance_map.maps import TABLES, decode_map, encode_map, walk_map


def coded(values: np.ndarray, made_up: Any) -> bytes:
    writer = SymbolWriter()
    encode_map(values, made_up.map_tables, writer)
    return writer.finish()


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (33, 2), (16, 16), (19, 50)])
def test_maps_come_back(made_up: Any, size: tuple[int, int]) -> None:
    rng = np.random.default_rng(size)
    for values in (rng.integers(0, MOST_DROPPED + 1, size), np.full(size, 5), np.indices(size).sum(axis=0) % 8):
        given = values.astype(np.uint8)
        assert np.array_equal(decode_map(*size, made_up.map_tables, SymbolReader(coded(given, made_up))), given)


@pytest.mark.parametrize("size", [(1, 1), (7, 40), (33, 18)])
def test_each_place_is_visited_once_and_seen_from_places_before(size: tuple[int, int]) -> None:
    visits = np.zeros(size, int)
    values = np.full(size, 200, np.uint8)  # what is not known would show in the guess

    def code(places: Any, guess: np.ndarray, table: np.ndarray) -> None:
        visits[places] += 1
        assert guess.max(initial=0) <= MOST_DROPPED
        assert table.max(initial=0) < TABLES
        values[places] = 3

    walk_map(values, code)
    assert (visits == 1).all()


def test_a_level_map_is_smaller_than_a_broken_one(made_up: Any) -> None:
    rng = np.random.default_rng(0)
    level = np.full((48, 32), 4, np.uint8)
    noise = rng.integers(2, 6, (48, 32)).astype(np.uint8)
    assert len(coded(level, made_up)) < 0.7 * len(coded(noise, made_up))


def test_values_out_of_range_are_damage(made_up: Any) -> None:
    writer = SymbolWriter()
    writer.write(np.array([6], np.int32), np.zeros(1, np.uint8), made_up.map_tables)  # 3 + 6
    with pytest.raises(CorruptFileError, match="importance"):
        decode_map(1, 1, made_up.map_tables, SymbolReader(writer.finish()))

"""The importance map in the stream."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from latentpress.codecs.ports import Pricing, Reading, Writing
from latentpress.errors import CorruptFileError
from latentpress.systems.importance_map.layout import MAP_TABLES, MOST_DROPPED
from latentpress.systems.importance_map.maps import code_map


class Recorder(Pricing):
    """Keeps the symbols of each batch, and the tables of all."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[np.ndarray] = []
        self.tables = np.zeros(0, np.uint8)

    def symbols(self, wanted: Any, index: Any, *rest: Any) -> Any:
        self.tables = np.append(self.tables, index)
        self.seen.append(super().symbols(wanted, index, *rest))
        return self.seen[-1]


def coded(values: np.ndarray, made_up: Any) -> bytes:
    port = Writing()
    code_map(port, values, values.shape, made_up.map_tables)
    return port.finish()


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (33, 2), (16, 16), (19, 50)])
def test_maps_come_back(made_up: Any, size: tuple[int, int]) -> None:
    rng = np.random.default_rng(size)
    for values in (rng.integers(0, MOST_DROPPED + 1, size), np.full(size, 5), np.indices(size).sum(axis=0) % 8):
        given = values.astype(np.uint8)
        assert np.array_equal(code_map(Reading(coded(given, made_up)), None, size, made_up.map_tables), given)


@pytest.mark.parametrize("size", [(1, 1), (7, 40), (33, 18)])
def test_each_place_is_visited_once_and_seen_from_places_before(made_up: Any, size: tuple[int, int]) -> None:
    """A level map: every guess but the first is right only if it is made of values that are known."""
    port = Recorder()
    assert (code_map(port, np.full(size, 3, np.uint8), size, made_up.map_tables) == 3).all()
    assert sum(map(len, port.seen)) == size[0] * size[1]
    assert not np.concatenate(port.seen).any()
    assert port.tables.max() < MAP_TABLES


def test_a_level_map_is_smaller_than_a_broken_one(made_up: Any) -> None:
    rng = np.random.default_rng(0)
    level = np.full((48, 32), 4, np.uint8)
    noise = rng.integers(2, 6, (48, 32)).astype(np.uint8)
    assert len(coded(level, made_up)) < 0.7 * len(coded(noise, made_up))


def test_values_out_of_range_are_damage(made_up: Any) -> None:
    port = Writing()
    port.symbols(np.array([6]), np.zeros(1, np.uint8), made_up.map_tables, 6)  # 3 + 6
    with pytest.raises(CorruptFileError, match="importance"):
        code_map(Reading(port.finish()), None, (1, 1), made_up.map_tables)

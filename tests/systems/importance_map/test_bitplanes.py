"""The plane coder beside a plain one that goes bit by bit, as its description says."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from latentpress.entropy import SymbolReader, SymbolWriter
from latentpress.errors import CorruptFileError
from latentpress.systems.importance_map import bitplanes
from latentpress.systems.importance_map.bitplanes import BitsFound, BitsGiven, PlaneCoder, group_of, tops_of
from latentpress.systems.importance_map.quantiser import Coefficients, shifts_of
from latentpress.systems.importance_map.stream import decode_tile, encode_tile

HEIGHT, WIDTH = 6, 7


def drawn(made_up: Any, seed: int, height: int = HEIGHT, width: int = WIDTH) -> Coefficients:
    """Mostly zeros, some small numbers, a few large ones."""
    rng = np.random.default_rng([seed, height, width])
    dropped = rng.integers(0, 5, (height, width)).astype(np.uint8)
    values = np.rint(rng.laplace(0, 14, (made_up.latents, height, width)) * rng.integers(0, 2, (40, 1, 1)))
    values[:3] *= 20
    shifts = shifts_of(dropped, made_up.latents, made_up.pyramid)
    magnitude = (np.abs(values).astype(np.int32) >> shifts) << shifts
    return Coefficients(dropped, magnitude, (np.sign(values) * (magnitude > 0)).astype(np.int8))


class Recorder(BitsGiven):
    """Keeps every bit with its chance, in place of coding them."""

    def __init__(self, coefficients: Coefficients, tables: Any) -> None:
        super().__init__(coefficients.magnitude, coefficients.sign, SymbolWriter(), tables)
        self.tables, self.seen = tables, []

    def take(self, places: Any, plane: int) -> Any:
        bits = self.look(places, plane)
        chances = bitplanes.chances_of(self.tables, places, bits.size)
        self.seen += list(zip(bits.tolist(), chances.tolist(), strict=True))
        return bits


def plain(made_up: Any, found: Coefficients) -> list[tuple[int, int]]:
    """Every bit and its chance, by loops over single coefficients."""
    maps, height, width = found.magnitude.shape
    shifts = shifts_of(found.dropped, maps, made_up.pyramid)
    every = [(c, i, j) for c in range(maps) for i in range(height) for j in range(width)]
    phase_of = {(c, i, j): (2 * ((i + j) % 2) + i % 2) ^ (c % 4) for c, i, j in every}
    groups = [0 if c < made_up.pyramid else 1 + (c - made_up.pyramid) // 16 for c in range(maps)]
    tops = {
        group: max(int(m).bit_length() for c in range(maps) if groups[c] == group for m in found.magnitude[c].flat)
        for group in groups
    }
    known = dict.fromkeys(every, 0)
    signs = dict.fromkeys(every, 0)
    out: list[tuple[int, int]] = []
    for plane in range(max(tops.values()) - 1, -1, -1):
        for phase in range(4):
            here = [p for p in every if phase_of[p] == phase and tops[groups[p[0]]] > plane and shifts[p] <= plane]
            if not here:
                continue
            levels, signed, hints = np.zeros((maps, height, width)), np.zeros((9, height, width)), None
            for p in every:
                size = known[p] >> plane
                levels[p] = min(math.floor(32 * math.log2(1 + min(size, 255)) + 0.5), 255) / 32
                if p[0] < 9 and size:
                    sure = phase_of[p] < phase or shifts[p] > plane
                    signed[p] = signs[p] * min(size + (0.5 if sure else 1), 127)
            gap = np.clip(plane - found.dropped.astype(int), 0, 7)
            hints = np.stack([gap, np.full(gap.shape, plane / 4)])
            band = np.zeros((10, height, width))
            for i in range(height):
                for j in range(width):
                    band[band_of(i, j), i, j] = 1
            logit, sign = made_up.context(None, levels, signed, hints, band)
            logit, sign = (np.clip(16 * x, -255, 255).astype(int) for x in (logit, sign))
            newly = []
            for p in [p for p in here if known[p] >> plane == 0]:
                klass = 0 if shifts[p] == plane else 3
                if p[0] < 9:
                    klass += int(abs(sign[p]) >= 16) + int(abs(sign[p]) >= 48)
                bit = (int(found.magnitude[p]) >> plane) & 1
                out.append((bit, int(made_up.bit_tables.significance[klass, logit[p] + 255])))
                newly += [p] * bit
            refined = [p for p in here if known[p] >> plane]
            for p in [p for p in newly if p[0] < 9] + [p for p in newly if p[0] >= 9]:
                chance = int(made_up.bit_tables.sign[sign[p] + 255]) if p[0] < 9 else 32768
                out.append((int(found.sign[p] > 0), chance))
                known[p], signs[p] = 1 << plane, int(found.sign[p])
            for p in refined:
                above = known[p] >> (plane + 1)
                bit = (int(found.magnitude[p]) >> plane) & 1
                klass = (above > 1) + (above > 3)
                out.append((bit, int(made_up.bit_tables.refinement[klass, logit[p] + 255])))
                known[p] |= bit << plane
    return out


def band_of(i: int, j: int) -> int:
    for level in range(3):
        odd = (i >> level) % 2, (j >> level) % 2
        if odd != (0, 0):
            return 3 * level + {(0, 1): 0, (1, 0): 1, (1, 1): 2}[odd]
    return 9


@pytest.mark.parametrize("seed", range(3))
def test_bits_and_contexts_are_those_of_the_plain_coder(made_up: Any, seed: int) -> None:
    found = drawn(made_up, seed)
    shifts = shifts_of(found.dropped, made_up.latents, made_up.pyramid)
    recorder = Recorder(found, made_up.bit_tables)
    coder = PlaneCoder(made_up, 0, shifts, found.dropped, tops_of(found.magnitude, made_up.pyramid))
    coder.run(recorder)
    assert recorder.seen == plain(made_up, found)
    assert np.array_equal(coder.magnitude, found.magnitude)
    assert np.array_equal(coder.sign, found.sign)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (5, 2), (17, 16)])
def test_coefficients_come_back(made_up: Any, size: tuple[int, int]) -> None:
    found = drawn(made_up, 7, *size)
    back = decode_tile(made_up, encode_tile(made_up, found, 3, 5), 3, *size, 5)
    for name in ("dropped", "magnitude", "sign"):
        assert np.array_equal(getattr(back, name), getattr(found, name))


def test_code_length_is_what_the_chances_say(made_up: Any) -> None:
    found = drawn(made_up, 1, 24, 24)
    shifts = shifts_of(found.dropped, made_up.latents, made_up.pyramid)
    tops = tops_of(found.magnitude, made_up.pyramid)
    recorder, writer = Recorder(found, made_up.bit_tables), SymbolWriter()
    PlaneCoder(made_up, 0, shifts, found.dropped, tops).run(recorder)
    PlaneCoder(made_up, 0, shifts, found.dropped, tops).run(
        BitsGiven(found.magnitude, found.sign, writer, made_up.bit_tables)
    )
    ideal = -sum(math.log2((chance if bit else 65536 - chance) / 65536) for bit, chance in recorder.seen)
    assert ideal / 8 - 8 < len(writer.finish()) < ideal / 8 * 1.001 + 8


def test_dropped_planes_cost_nothing(made_up: Any) -> None:
    """With all planes dropped no bit is coded, whatever the tops say."""
    dropped = np.full((4, 4), 7, np.uint8)
    shifts = np.full((made_up.latents, 4, 4), 7, np.uint8)
    coder = PlaneCoder(made_up, 0, shifts, dropped, np.full(4, 7))
    coder.run(BitsFound(SymbolReader(b""), made_up.bit_tables))
    assert not coder.magnitude.any()


def test_groups_and_tops() -> None:
    assert group_of(40, 3).tolist() == [0] * 3 + [1] * 16 + [2] * 16 + [3] * 5
    magnitude = np.zeros((40, 2, 2), np.int32)
    magnitude[1, 0, 1], magnitude[20, 1, 1], magnitude[39] = 1 << 19, 8, 7
    assert tops_of(magnitude, 3).tolist() == [20, 0, 4, 3]


def test_damage_is_noticed(made_up: Any) -> None:
    data = encode_tile(made_up, drawn(made_up, 2), 0)
    rng = np.random.default_rng(0)
    for _ in range(60):
        damaged = bytearray(data)
        damaged[rng.integers(len(damaged))] ^= 1 << rng.integers(8)
        with pytest.raises(CorruptFileError):
            decode_tile(made_up, bytes(damaged), 0, HEIGHT, WIDTH)
    for end in (0, 3, 4, len(data) // 2):
        with pytest.raises(CorruptFileError):
            decode_tile(made_up, data[:end], 0, HEIGHT, WIDTH)
    with pytest.raises(CorruptFileError):
        decode_tile(made_up, data, 0, HEIGHT, WIDTH, number=1)

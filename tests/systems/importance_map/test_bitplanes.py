"""The plane coder beside a plain one that goes bit by bit, as its description says."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from latentpress.codecs.latent import Values
from latentpress.codecs.ports import Pricing, Reading, Writing, read, write
from latentpress.errors import CorruptFileError
from latentpress.systems.importance_map.bitplanes import PlaneCoder
from latentpress.systems.importance_map.coefficients import Coefficients, group_of, shifts_of, tops_of

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


class Recorder(Pricing):
    """Keeps every bit with its chance."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[int, int]] = []

    def bits(self, wanted: Any, index: Any, chances: Any, name: str = "bits") -> Any:
        bits = super().bits(wanted, index, chances, name)
        self.seen += list(zip(bits.tolist(), chances[index].tolist(), strict=True))
        return bits


def planes(made_up: Any, found: Coefficients) -> PlaneCoder:
    """A coder of the bit planes of coefficients."""
    shifts = shifts_of(found.dropped, made_up.latents, made_up.pyramid)
    return PlaneCoder(made_up, 0, found.dropped, shifts, tops_of(found.magnitude, made_up.pyramid))


def encoded(made_up: Any, found: Coefficients, rate: int = 0, number: int = 0) -> bytes:
    """The stream of a tile."""
    return write(lambda port: made_up.code_coefficients(port, rate, found.dropped.shape, found), number)


def decoded(made_up: Any, data: bytes, size: tuple[int, int], rate: int = 0, number: int = 0) -> Values:
    """What a stream holds."""
    return read(data, lambda port: made_up.code_coefficients(port, rate, size, None), number)


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
                out.append((bit, int(made_up.significance[511 * klass + logit[p] + 255])))
                newly += [p] * bit
            refined = [p for p in here if known[p] >> plane]
            for p in [p for p in newly if p[0] < 9] + [p for p in newly if p[0] >= 9]:
                chance = int(made_up.sign[sign[p] + 255]) if p[0] < 9 else 32768
                out.append((int(found.sign[p] > 0), chance))
                known[p], signs[p] = 1 << plane, int(found.sign[p])
            for p in refined:
                above = known[p] >> (plane + 1)
                bit = (int(found.magnitude[p]) >> plane) & 1
                klass = (above > 1) + (above > 3)
                out.append((bit, int(made_up.refinement[511 * klass + logit[p] + 255])))
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
    found, recorder = drawn(made_up, seed), Recorder()
    coder = planes(made_up, found)
    coder.run(recorder, found)
    assert recorder.seen == plain(made_up, found)
    assert np.array_equal(coder.magnitude, found.magnitude)
    assert np.array_equal(coder.sign, found.sign)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (5, 2), (17, 16)])
def test_coefficients_come_back(made_up: Any, size: tuple[int, int]) -> None:
    found = drawn(made_up, 7, *size)
    dropped, signed = decoded(made_up, encoded(made_up, found, 3, 5), size, 3, 5).exact
    assert np.array_equal(dropped, found.dropped)
    assert np.array_equal(signed, found.magnitude * found.sign.astype(int))


def test_code_length_is_what_the_chances_say(made_up: Any) -> None:
    found = drawn(made_up, 1, 24, 24)
    recorder, writing = Recorder(), Writing()
    for port in (recorder, writing):
        planes(made_up, found).run(port, found)
    ideal = -sum(math.log2((chance if bit else 65536 - chance) / 65536) for bit, chance in recorder.seen)
    assert recorder.total == pytest.approx(ideal)
    assert ideal / 8 - 8 < len(writing.finish()) < ideal / 8 * 1.001 + 8


def test_dropped_planes_cost_nothing(made_up: Any) -> None:
    """With all planes dropped no bit is coded, whatever the tops say."""
    dropped = np.full((4, 4), 7, np.uint8)
    shifts = np.full((made_up.latents, 4, 4), 7, np.uint8)
    coder = PlaneCoder(made_up, 0, dropped, shifts, np.full(4, 7))
    coder.run(Reading(b""), None)
    assert not coder.magnitude.any()


def test_groups_and_tops() -> None:
    assert group_of(40, 3).tolist() == [0] * 3 + [1] * 16 + [2] * 16 + [3] * 5
    magnitude = np.zeros((40, 2, 2), np.int32)
    magnitude[1, 0, 1], magnitude[20, 1, 1], magnitude[39] = 1 << 19, 8, 7
    assert tops_of(magnitude, 3).tolist() == [20, 0, 4, 3]


def test_damage_is_noticed(made_up: Any) -> None:
    data = encoded(made_up, drawn(made_up, 2))
    rng = np.random.default_rng(0)
    for _ in range(60):
        damaged = bytearray(data)
        damaged[rng.integers(len(damaged))] ^= 1 << rng.integers(8)
        with pytest.raises(CorruptFileError):
            decoded(made_up, bytes(damaged), (HEIGHT, WIDTH))
    for end in (0, 3, 4, len(data) // 2):
        with pytest.raises(CorruptFileError):
            decoded(made_up, data[:end], (HEIGHT, WIDTH))
    with pytest.raises(CorruptFileError):
        decoded(made_up, data, (HEIGHT, WIDTH), number=1)

"""The parts of the walk: lanes, alphabet, least squares, tables, bias."""

from __future__ import annotations

import numpy as np
import pytest

from latentpress.codecs.lossless.adaptive import solve
from latentpress.codecs.lossless.alphabet import LARGEST_ALPHABET, Alphabet, BitReader, BitWriter
from latentpress.codecs.lossless.features import level_of
from latentpress.codecs.lossless.grid import tiles_of
from latentpress.codecs.lossless.lanes import Lanes, Skewed
from latentpress.codecs.lossless.model import PlainModel
from latentpress.codecs.lossless.tables import CLASSES, PHASES, TABLES, AdaptiveTables, table_of

SIZES = [(1, 1, 1), (1, 9, 1), (9, 1, 2), (7, 5, 3), (16, 10, 4), (17, 33, 5)]


@pytest.mark.parametrize(("height", "width", "count"), SIZES)
def test_every_pixel_is_in_one_wave(height: int, width: int, count: int) -> None:
    lanes = Lanes(height, width, count)
    plane = np.arange(height * width).reshape(height, width)
    source, target = Skewed(lanes), Skewed(lanes, -1.0)
    source.fill(plane)
    assert np.array_equal(source.plane(), plane)
    seen = 0
    for wave in range(lanes.waves):
        slots = lanes.active(wave)
        target.open(wave)
        target.close(wave, slots, source.view(wave, slots).copy())
        seen += slots.stop - slots.start
    assert seen == height * width
    assert np.array_equal(target.plane(), plane)


@pytest.mark.parametrize(("height", "width", "count"), SIZES[2:])
def test_neighbours_are_where_they_should_be(height: int, width: int, count: int) -> None:
    """Inside a lane the neighbour's value; beyond its borders a copy of a pixel that is known by then."""
    lanes = Lanes(height, width, count)
    plane = np.arange(1, height * width + 1).reshape(height, width)
    source, known = Skewed(lanes), Skewed(lanes, 0.0)
    source.fill(plane)
    rows = [set(range(s, e)) for s, e in zip(lanes.starts, [*lanes.starts[1:], height], strict=True)]
    for wave in range(lanes.waves):
        slots = lanes.active(wave)
        known.open(wave)
        for place in ((0, -1), (-1, 0), (-1, 1), (-1, 2), (-2, 0), (-2, 2), (0, -3)):
            start = lanes.at(wave, slots) + lanes.offset(*place)
            found = known.array.reshape(-1)[start : start + slots.stop - slots.start]
            for value, neighbour in zip(source.view(wave, slots), found, strict=True):
                y, x = divmod(int(value) - 1, width)
                lane = next(i for i, r in enumerate(rows) if y in r)
                if y + place[0] in rows[lane] and 0 <= x + place[1] < width:
                    assert neighbour == plane[y + place[0], x + place[1]]
                elif (y, x) != (lanes.starts[lane], 0):
                    # a pixel of this lane, but for the corner before its first
                    assert neighbour == 0 or (int(neighbour) - 1) // width in rows[lane]
        known.close(wave, slots, source.view(wave, slots).copy())


@pytest.mark.parametrize("bits", [1, 5, 9, 17])
def test_alphabet(bits: int) -> None:
    alphabet = Alphabet(bits)
    reach = (1 << max(bits, 5)) - 1
    residuals = np.unique(np.concatenate([np.arange(-300, 301), np.arange(-reach, reach + 1, 97), [-reach, reach]]))
    residuals = residuals[np.abs(residuals) <= reach]
    symbols, extra, plain = alphabet.split(residuals)
    assert symbols.min() == 0
    assert symbols.max() == alphabet.size - 1
    assert np.array_equal(alphabet.extra(symbols), extra)
    assert np.array_equal(alphabet.join(symbols, plain), residuals)
    assert (np.diff(symbols) >= 0).all()


def test_plain_bits() -> None:
    rng = np.random.default_rng(0)
    counts = [rng.integers(0, 17, size) for size in (0, 1, 50, 400)]
    values = [rng.integers(0, 1 << 16, c.size) & ((1 << c) - 1) for c in counts]
    writer = BitWriter()
    for value, count in zip(values, counts, strict=True):
        writer.write(value, count)
    data = writer.finish()
    assert len(data) == -(-sum(int(c.sum()) for c in counts) // 8)
    reader = BitReader(data)
    for value, count in zip(values, counts, strict=True):
        assert np.array_equal(reader.read(count), value)
    assert 0 <= reader.left < 8
    assert not reader.read(np.full(3, 16)).any()
    assert reader.left < 0


def test_solver() -> None:
    rng = np.random.default_rng(1)
    samples = rng.normal(size=(5, 40, 7))
    matrices = samples.transpose(0, 2, 1) @ samples
    right = rng.normal(size=(5, 7))
    systems = np.concatenate([matrices, right[:, :, None]], axis=2).transpose(1, 2, 0).copy()
    assert np.allclose(solve(systems).T, np.linalg.solve(matrices, right[:, :, None])[:, :, 0])


def test_level_is_sixteen_times_the_logarithm() -> None:
    values = np.array([1, 2, 3, 64, 65, 1000, 2**20, 2**20 - 1])
    assert level_of(values).tolist() == [int(np.floor(16 * np.log2(v) + 1e-9)) for v in values]


def test_tables_learn_and_forget() -> None:
    alphabet = Alphabet(9)
    tables = AdaptiveTables(PlainModel().counts(0), alphabet)
    which = np.zeros(5000, np.int64)
    before = tables.rows(which[:1])[0]
    assert before.min() >= 1
    tables.learn(which, np.full(5000, alphabet.zero + 3, np.int32))
    after = tables.rows(which[:1])[0]
    assert after[alphabet.zero + 3] > 0.95 * after.sum()
    assert after.sum() < 2**20
    assert after.min() >= 1
    assert np.array_equal(tables.rows(which[:1] + 1)[0], before)


def test_every_class_and_phase_has_a_table() -> None:
    klass, phase = (a.reshape(-1) for a in np.meshgrid(np.arange(CLASSES), np.arange(PHASES)))
    assert sorted(set(table_of(klass, phase).tolist())) == list(range(TABLES))
    spread = [(row[LARGEST_ALPHABET.zero] / row.sum()) for row in PlainModel().counts(0)[::PHASES]]
    assert all(np.diff(spread[:24]) < 0)


@pytest.mark.parametrize("size", [(1, 1), (1535, 1024), (1537, 3000), (20000, 3)])
def test_tiles_cover_the_picture(size: tuple[int, int]) -> None:
    seen = np.zeros(size, np.uint8)
    for part in tiles_of(*size):
        seen[part.rows, part.columns] += 1
        assert max(part.width, part.height) <= 1536
    assert (seen == 1).all()

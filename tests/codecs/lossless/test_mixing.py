"""Logistic mixing: exact tables, distributions that learn, and tiles that come back through it on every path."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from latentpress.codecs.lossless import fast
from latentpress.codecs.lossless.alphabet import Alphabet
from latentpress.codecs.lossless.logistic import ONE, STEPS, log2_steps, probability
from latentpress.codecs.lossless.mixing import Mixer, Places
from latentpress.codecs.lossless.model import PlainModel
from latentpress.codecs.lossless.tiles import MIXED, Method, TileCoder, method_of
from latentpress.codecs.lossless.waves import WaveCoder
from latentpress.systems.mlp_lossless.codec import MlpLosslessCodec

ALPHABET = Alphabet(9)


def test_logarithms_and_probabilities() -> None:
    """As the floating functions say, to the steps that the tables have."""
    numbers = np.concatenate([np.arange(1.0, 5000), 2.0 ** np.linspace(-12, 40, 999)])
    steps = log2_steps(numbers) - log2_steps(np.ones(numbers.size))
    assert np.abs(steps - STEPS * np.log2(numbers)).max() <= 1.1
    logits = np.arange(-12.0 * STEPS, 12.0 * STEPS + 1)
    expected = ONE / (1 + 2.0 ** (-logits / STEPS))
    assert np.abs(probability(logits) - expected).max() <= 1.0
    assert probability(np.array([-1e9]))[0] > 0 < ONE - probability(np.array([1e9]))[0]


def bits(mixer: Mixer | None, symbols: Any, contexts: Any, rows: Any) -> float:
    """What it takes to code waves of 20 symbols."""
    total = 0.0
    for start in range(0, symbols.size, 20):
        part = slice(start, start + 20)
        known = rows[part]
        if mixer:
            places = Places(contexts[:, part], np.zeros(20, np.int64))
            known = mixer.rows(known, places)
        chosen = known[np.arange(20), symbols[part]] / known.sum(axis=1)
        total -= np.log2(chosen).sum()
        if mixer:
            mixer.learn(symbols[part].astype(np.int32))
    return float(total)


@pytest.mark.parametrize("helpful", [True, False])
def test_what_contexts_tell(helpful: bool) -> None:
    """A context that knows the residual's sign and size saves most of their bits; contexts of chance cost little."""
    rng = np.random.default_rng(2)
    kind = rng.integers(0, 8, 8000)
    residual = np.where(rng.random(8000) < 0.1, rng.integers(-40, 41, 8000), (kind - 4) * 2)
    alphabet = Alphabet(9)
    symbols = alphabet.split(residual)[0]
    table = np.bincount(symbols, minlength=alphabet.size) + 1.0
    rows = np.tile(table, (8000, 1))
    contexts = np.stack([kind if helpful else rng.permutation(kind), rng.integers(0, 50, 8000)])
    alone = bits(None, symbols, contexts, rows)
    mixed = bits(Mixer((8, 50), 1, alphabet), symbols, contexts, rows)
    assert mixed < 0.65 * alone if helpful else alone - 50 < mixed < 1.03 * alone


def make_tile(depth: int, channels: int, height: int = 150, width: int = 23) -> Any:
    rng = np.random.default_rng(8)
    y, x = np.mgrid[0:height, 0:width]
    planes = np.stack([np.sin(x / (5 + c)) + np.cos(y / 9) for c in range(channels)], axis=-1)
    planes += 0.05 * rng.normal(size=planes.shape) + 2.0 * ((y > 70) & (x > 9))[..., None]
    scaled = (planes - planes.min()) / np.ptp(planes) * (2**depth - 1)
    return scaled.astype(np.uint8 if depth == 8 else np.uint16)


CASES = [(8, 3, 0, False), (8, 1, 0, True), (16, 1, 0, False), (12, 3, 0, True), (8, 3, 2, False), (8, 3, 1, True)]


@pytest.mark.parametrize(("depth", "channels", "max_error", "drawn"), CASES)
def test_tiles(monkeypatch: pytest.MonkeyPatch, depth: int, channels: int, max_error: int, drawn: bool) -> None:
    """Right to the bound, read back by the check, the same bytes on threads and by compiled loops."""
    method, samples = Method.NETWORK_DRAWN_MIXED if drawn else Method.NETWORK_MIXED, make_tile(depth, channels)
    one, two = (
        TileCoder(depth, channels, max_error, {method: WaveCoder(PlainModel(), drawn, True, threads)}, others=False)
        for threads in (1, 2)
    )
    data = one.encode(samples, (method,))
    assert two.encode(samples, (method,)) == data
    back = one.decode(memoryview(data), *samples.shape[:2])
    assert np.abs(back.astype(int) - samples).max() <= max_error
    pytest.importorskip("numba")
    monkeypatch.setattr(fast, "_expected", 1 << 30)
    assert two.encode(samples, (method,)) == data
    assert np.array_equal(two.decode(memoryview(data), *samples.shape[:2]), back)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (7, 1), (3, 4)])
def test_small_tiles(size: tuple[int, int]) -> None:
    coder = TileCoder(8, 3, 0, {Method.NETWORK_MIXED: WaveCoder(PlainModel(), mixed=True)}, others=False)
    samples = make_tile(8, 3, *size)
    data = coder.encode(samples, (Method.NETWORK_MIXED,))
    assert np.array_equal(coder.decode(memoryview(data), *size), samples)


def test_the_smaller_of_both() -> None:
    """Mixing is tried on the best of the methods, and the tile says so where it wins; where it does not, all is as
    without."""
    methods = (Method.NETWORK, MIXED[Method.NETWORK])
    coders = {method: WaveCoder(PlainModel(), mixed=method is not Method.NETWORK) for method in methods}
    coder = TileCoder(8, 3, 0, coders)
    samples = make_tile(8, 3)
    plain, both = (coder.encode(samples, (Method.NETWORK,), mixed=mixed) for mixed in (False, True))
    assert len(both) < len(plain)
    assert (method_of(plain), method_of(both)) == ("networks", "networks with mixing")


def test_effort_three_names_its_model(make: Any) -> None:
    """A file of mixed tiles is decoded with the model that made it."""
    image = make(96, 80, 3, 8)
    codec = MlpLosslessCodec(effort=3, threads=1)
    data = codec.encode(image)
    assert len(data) <= len(MlpLosslessCodec(effort=2, threads=1).encode(image))
    assert np.array_equal(codec.decode(data).pixels, image.pixels)

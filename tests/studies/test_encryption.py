"""Chaos as a cipher: exact, with the usual figures, and broken by a few questions."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("scipy")

from latentpress.studies import Request, chaos, s3_encryption, to_markdown
from latentpress.studies.chaos import ChaosKey

KEY = ChaosKey(0x1234_5678_9ABC_DEF1, int(3.99 * 2**30))


def test_the_map_is_the_same_everywhere_and_is_undone() -> None:
    assert KEY.numbers(3).tolist() == [chaos_number(KEY, index) for index in range(3)]
    data = np.random.default_rng(0).integers(0, 256, 1001, np.uint8)
    assert np.array_equal(chaos.decrypt(chaos.encrypt(data, KEY), KEY), data)
    assert not np.array_equal(chaos.decrypt(chaos.encrypt(data, KEY), ChaosKey(KEY.x ^ 1, KEY.r)), data)


def chaos_number(key: ChaosKey, index: int) -> int:
    """By rational arithmetic, rounded down where the fixed point is."""
    x = key.x
    for _ in range(1000 + index + 1):
        exact = Fraction(key.r, 2**30) * Fraction(x, 2**64) * (1 - Fraction(x, 2**64))
        x = max(1, min(math.floor(exact * 2**64), 2**64 - 1))
    return x >> 32


def test_a_period_is_one() -> None:
    count, x, seen = chaos.period(12345, KEY.r, 20), 12345, {}
    for number in range(2**20):
        if x in seen:
            break
        seen[x] = number
        x = chaos.step(x, KEY.r, 20)
    assert count == len(seen) - seen[x]


@pytest.mark.parametrize("size", [1, 2, 97, 4096])
def test_few_questions_break_it(size: int) -> None:
    broken = chaos.break_with_chosen_bytes(lambda data: chaos.encrypt(data, KEY), size)
    assert broken.questions == 8 + max(1, (size - 1).bit_length())
    secret = np.random.default_rng(size).integers(0, 256, size, np.uint8)
    assert np.array_equal(broken.decrypt(chaos.encrypt(secret, KEY)), secret)


def test_the_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("cryptography")
    y, x = np.mgrid[:96, :80]
    Image.fromarray((x + y).astype(np.uint8)).save(tmp_path / "a.png")
    monkeypatch.setattr(s3_encryption, "_PERIODS", (16,))
    result = s3_encryption.run(Request([tmp_path]))
    means = result.data["means"]
    assert means["chaos"]["attack"] == 100
    assert means["chacha20"]["attack"] < 2
    for name in ("chaos", "chacha20"):
        assert means[name]["entropy"] > 7.9
        assert abs(means[name]["correlation"]) < 0.06
        assert means[name]["npcr"] == pytest.approx(99.61, abs=0.4)
        assert means[name]["uaci"] == pytest.approx(33.46, abs=6)  # few carries reach the highest bit here
        assert means[name]["key_npcr"] == pytest.approx(99.61, abs=0.4)
    assert means["plain"]["correlation"] > 0.9
    assert "100.0000" in to_markdown(result)

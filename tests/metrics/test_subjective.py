"""Scores and comparisons by people: against SciPy, and on made-up data whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy")

from scipy import optimize, stats

from latentpress.errors import InvalidInputError
from latentpress.metrics import bradley_terry, opinion_scores, outlying_observers


def test_mean_opinions_and_their_intervals() -> None:
    rng = np.random.default_rng(0)
    scores = rng.integers(1, 6, (17, 5)).astype(float)
    scores[:6, 2] = np.nan
    scores[1:, 3] = np.nan
    found = opinion_scores(scores)
    for place in (0, 1, 2, 4):
        seen = scores[np.isfinite(scores[:, place]), place]
        low, high = stats.t.interval(0.95, len(seen) - 1, seen.mean(), stats.sem(seen))
        assert found.mean[place] == pytest.approx(seen.mean())
        assert (found.mean[place] - found.interval[place], found.mean[place] + found.interval[place]) == pytest.approx(
            (low, high)
        )
    assert found.count.tolist() == [17, 17, 11, 1, 17]
    assert np.isnan(found.interval[3])


def test_who_scores_at_random_is_left_out() -> None:
    rng = np.random.default_rng(1)
    truth = np.linspace(1.5, 4.5, 100)
    scores = np.clip(np.rint(truth + rng.normal(0, 0.8, (30, 100))), 1, 5)
    assert outlying_observers(scores) == []
    scores[7] = rng.permutation(scores[7])
    assert outlying_observers(scores) == [7]
    strict = scores.copy()
    strict[3] = np.clip(strict[3] - 2, 1, 5)  # lower throughout, but in line: kept
    assert outlying_observers(strict) == [7]


def test_the_scale_is_the_most_likely_one() -> None:
    rng = np.random.default_rng(2)
    worth = np.array([1.2, 0.3, -0.4, -1.1])
    wins = np.zeros((4, 4))
    for i in range(4):
        for j in range(i):
            won = rng.binomial(60, 1 / (1 + np.exp(worth[j] - worth[i])))
            wins[i, j], wins[j, i] = won + 0.5, 60 - won + 0.5
    found = bradley_terry(wins)
    assert found.worth.sum() == pytest.approx(0, abs=1e-9)
    assert np.abs(found.worth - worth).max() < 0.4

    def unlikely(free: np.ndarray) -> float:
        scale = np.append(free, -free.sum())
        return float((wins * np.log1p(np.exp(scale[None] - scale[:, None]))).sum())

    best = optimize.minimize(unlikely, np.zeros(3), method="BFGS", options={"gtol": 1e-8})
    assert found.worth[:3] == pytest.approx(best.x, abs=1e-5)
    steps = 1e-3 * np.eye(3)
    curved = [
        [unlikely(best.x + a + b) - unlikely(best.x + a) - unlikely(best.x + b) + unlikely(best.x) for b in steps]
        for a in steps
    ]
    deviations = np.sqrt(np.diag(np.linalg.inv(np.array(curved) / 1e-6)))
    assert found.interval[:3] == pytest.approx(1.959964 * deviations, rel=0.02)


@pytest.mark.parametrize(
    ("wins", "reason"),
    [
        ([[0, 3, 4], [0, 0, 2], [0, 1, 0]], "always won"),
        ([[0, 1]], "square"),
        ([[0, -1], [2, 0]], "counts"),
    ],
)
def test_what_has_no_scale(wins: list[list[float]], reason: str) -> None:
    with pytest.raises(InvalidInputError, match=reason):
        bradley_terry(wins)


def test_no_scores_are_no_table() -> None:
    for scores in ([1.0, 2.0], [[np.nan, np.nan]]):
        with pytest.raises(InvalidInputError):
            opinion_scores(scores)

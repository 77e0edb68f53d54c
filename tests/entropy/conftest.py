"""Tables and symbols shared by the entropy tests."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from latentpress.entropy import ProbabilityTables, quantise_pmf


def gaussian_pmf(sigma: float, radius: int) -> np.ndarray:
    """Integrals of a normal density over unit bins -r..r, then what is left for the escape."""
    edges = (np.arange(2 * radius + 2) - radius - 0.5) / (sigma * math.sqrt(2))
    cdf = np.array([0.5 * (1 + math.erf(e)) for e in edges])
    inside = np.diff(cdf)
    return np.append(inside, max(1 - inside.sum(), 0.0))


def gaussian_tables(sigmas: np.ndarray, radii: np.ndarray) -> ProbabilityTables:
    parts = []
    for sigma, radius in zip(sigmas, radii, strict=True):
        parts.append(
            np.array([65536], dtype=np.uint32) if radius == 0 else quantise_pmf(gaussian_pmf(float(sigma), int(radius)))
        )
    return ProbabilityTables(np.concatenate(parts), radii.astype(np.uint16))


@pytest.fixture(scope="session")
def gaussian() -> Callable[[float, int], np.ndarray]:
    return gaussian_pmf


@pytest.fixture(scope="session")
def sigmas() -> np.ndarray:
    return np.geomspace(0.05, 64, 64)


@pytest.fixture(scope="session")
def tables(sigmas: np.ndarray) -> ProbabilityTables:
    """64 Gaussian tables; the first codes nothing."""
    radii = np.ceil(4 * sigmas).astype(int)
    radii[0] = 0
    return gaussian_tables(sigmas, radii)


@pytest.fixture(scope="session")
def draw(sigmas: np.ndarray) -> Callable[[int, int], tuple[np.ndarray, np.ndarray]]:
    """draw(seed, size): symbols that follow the tables, and their indices (uint8)."""

    def make(seed: int, size: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed)
        indices = rng.integers(0, sigmas.size, size).astype(np.uint8)
        symbols = np.rint(rng.normal(size=size) * sigmas[indices]).astype(np.int32)
        symbols[indices == 0] = 0
        return symbols, indices

    return make

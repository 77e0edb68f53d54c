"""The shipped model, and one made up: contexts that are simple sums, chances drawn at random."""

from __future__ import annotations

import math
from pathlib import Path
from types import MethodType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from latentpress.entropy import ProbabilityTables, quantise_pmf
from latentpress.image import Image, read
from latentpress.systems.importance_map.codec import ImportanceCodec
from latentpress.systems.importance_map.layout import (
    MAP_TABLES,
    MOST_DROPPED,
    REFINEMENT_SHAPE,
    SIGN_LEVELS,
    SIGNIFICANCE_SHAPE,
)
from latentpress.systems.importance_map.model import ImportanceModel

EXAMPLE = Path(__file__).parents[3] / "examples" / "macaws.png"


@pytest.fixture(scope="session")
def importance() -> ImportanceCodec:
    return ImportanceCodec(threads=1)


@pytest.fixture(scope="session")
def crop() -> Image:
    """A part of the example picture, 160 wide and 128 high."""
    return Image(read(EXAMPLE).pixels[180:308, 250:410].copy())


def _tables(count: int, reach: int) -> ProbabilityTables:
    pmf = np.append(0.5 ** np.abs(np.arange(-reach, reach + 1.0)), 1e-4)
    return ProbabilityTables(np.tile(quantise_pmf(pmf), count), np.full(count, reach, np.uint16))


@pytest.fixture(scope="session")
def made_up() -> Any:
    """What the plane coder asks of a model: 40 feature maps, 3 of a wavelet, 9 with signs that are predicted."""
    rng = np.random.default_rng(3)

    def context(rate: Any, levels: Any, signed: Any, hints: Any, band: Any) -> tuple[Any, Any]:
        left = np.pad(levels, ((0, 0), (0, 0), (1, 0)))[:, :, :-1]
        up = np.pad(signed, ((0, 0), (1, 0), (0, 0)))[:, :-1]
        logit = left + 0.25 * levels.max(axis=0) - 2 + hints[0] / 4 + hints[1] / 2 + band[4] / 2
        return np.floor(16 * logit) / 16, up / 2

    model = SimpleNamespace(
        latents=40,
        pyramid=3,
        signed=9,
        context=context,
        nearest_anchor=lambda rate: 0,
        tops=np.full((1, 4), 5, np.int32),
        significance=rng.integers(1, 65536, math.prod(SIGNIFICANCE_SHAPE), np.uint32),
        sign=rng.integers(1, 65536, SIGN_LEVELS, np.uint32),
        refinement=rng.integers(1, 65536, math.prod(REFINEMENT_SHAPE), np.uint32),
        map_tables=_tables(MAP_TABLES, MOST_DROPPED),
        top_tables=_tables(4, 6),
    )
    for method in ("code_coefficients", "_code_tops"):
        setattr(model, method, MethodType(getattr(ImportanceModel, method), model))
    return model

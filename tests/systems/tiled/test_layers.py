"""Tiles are refined until they are as good as the rate asks, and no further."""

from __future__ import annotations

from typing import Any

import numpy as np

from latentpress.codecs.closed_loop import ONE, STEP_ONE, Around, Residuals, dct_of_planes, steps_of
from latentpress.systems.tiled.codec import TiledModel

SIZE = 768


class Model(TiledModel):
    """Predicts the mean; no package."""

    def __init__(self) -> None:
        self.residuals = Residuals(np.rint(ONE * dct_of_planes(16)))
        self._steps = steps_of(64, 96, 16).astype(np.int64)
        self.anchors, self.steps = 7, 16

    def predict(self, around: Any, rate: int, sides: Any) -> Any:
        return np.zeros((len(sides), SIZE), np.int64)


def test_each_tile_has_as_few_layers_as_its_quality_takes() -> None:
    model, rng, rate = Model(), np.random.default_rng(1), 40
    sizes = np.array([0, 1, 3, 10, 40, 100])
    target = rng.normal(0, 1, (len(sizes), SIZE)) * sizes[:, None]
    around = Around(
        np.zeros((1, len(sizes), 3, 1, 1)), np.zeros((1, len(sizes), 3)), np.zeros((len(sizes), 1, 1), bool)
    )
    layers = model.choose(around, rate, target, 0)
    enough = (steps_of(64, 96, 16)[rate] / STEP_ONE) ** 2 / 12

    def errors(of: Any) -> Any:
        shown = model.residuals.rest(model.symbols(target, rate, of), model.step(rate, of))
        return np.square(target - shown).mean(axis=1)

    assert layers[0] == layers[1] == 0
    assert (np.diff(layers) >= 0).all()
    assert layers[-1] > 3
    assert (errors(layers) <= enough).all()
    refined = layers > 0
    assert (errors(np.maximum(layers - 1, 0))[refined] > enough).all()
    assert not model.symbols(target, rate, 0 * layers).any()

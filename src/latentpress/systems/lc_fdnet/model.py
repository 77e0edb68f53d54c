"""What the steps of a tile are predicted with besides the picture: networks, thresholds, starting points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.model import Model, TrainedModel, checked_counts
from latentpress.codecs.models import PackageModel
from latentpress.systems.lc_fdnet.features import layout_of
from latentpress.systems.lc_fdnet.subimages import ORDER

__all__ = ["STEPS", "StepModel", "TrainedSteps", "high_name", "low_name", "step_name"]

Floats = NDArray[np.float64]
Outputs = tuple[Floats, Floats]

STEPS = tuple((position, plane) for position in ORDER for plane in range(3))
"""The nine steps."""


def step_name(position: int, plane: int) -> str:
    """How a step is called: position and plane, like ``d_0``."""
    return f"{'abcd'[position]}_{plane}"


def low_name(position: int, plane: int) -> str:
    """Name of a step's first network in a package."""
    return f"{step_name(position, plane)}_low"


def high_name(position: int, plane: int) -> str:
    """Name of a step's second network in a package."""
    return f"{step_name(position, plane)}_high"


class StepModel(Protocol):
    """What `TrainedSteps` offers."""

    @property
    def first(self) -> Model:
        """The model that sub-image a is coded with."""

    def start(self, position: int, plane: int) -> NDArray[np.int64]:
        """Normal equations that least squares start with, (n, n + 1)."""

    def counts(self, plane: int) -> NDArray[Any]:
        """Counts that the probability tables of a plane start with, (TABLES, size of the largest alphabet)."""

    def threshold(self, position: int, plane: int) -> NDArray[np.int64]:
        """Weights of the threshold, (3,)."""

    def low(self, position: int, plane: int, inputs: NDArray[np.float32]) -> Outputs:
        """Correction and spread (N,) of all pixels of a batch."""

    def high(self, position: int, plane: int, inputs: NDArray[np.float32]) -> Outputs:
        """What is added to both for pixels of high frequency."""


class TrainedSteps(PackageModel):
    """The networks and starting points of a model package."""

    first: TrainedModel

    def read(self, config: Mapping[str, Any], tables: Mapping[str, NDArray[Any]]) -> None:
        """Take the starting points out of the package; see `PackageModel.read`."""
        one = 1 if self.running.engine == "onnx" else None
        self.first = TrainedModel.open(self.package, replace(self.running, threads=one))
        self._counts = [checked_counts(tables[f"step_counts_{p}"]) for p in range(3)]
        self._starts = {step: np.asarray(tables[f"start_{step_name(*step)}"], np.int64) for step in STEPS}
        self._thresholds = {step: np.asarray(tables[f"threshold_{step_name(*step)}"], np.int64) for step in STEPS}
        for step in STEPS:
            n = layout_of(*step).linear
            if self._starts[step].shape != (n, n + 1) or self._thresholds[step].shape != (3,):
                raise ValueError(f"step {step_name(*step)} has arrays of other shapes")

    def start(self, position: int, plane: int) -> NDArray[np.int64]:
        """As stored."""
        return self._starts[position, plane]

    def counts(self, plane: int) -> NDArray[Any]:
        """As stored."""
        return self._counts[plane]

    def threshold(self, position: int, plane: int) -> NDArray[np.int64]:
        """As stored."""
        return self._thresholds[position, plane]

    def low(self, position: int, plane: int, inputs: NDArray[np.float32]) -> Outputs:
        """Runs the network on the engine."""
        return self._outputs(low_name(position, plane), inputs)

    def high(self, position: int, plane: int, inputs: NDArray[np.float32]) -> Outputs:
        """Runs the network on the engine."""
        return self._outputs(high_name(position, plane), inputs)

    def _outputs(self, name: str, inputs: NDArray[np.float32]) -> Outputs:
        out = self.run(name, x=inputs)["y"].T.astype(np.float64)
        return out[0], out[1]

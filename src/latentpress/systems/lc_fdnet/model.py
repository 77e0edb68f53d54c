"""What the steps of a tile are predicted with besides the picture: networks, thresholds, starting points."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from latentpress import engine
from latentpress.codecs.lossless.model import LARGEST_ALPHABET, Model, TrainedModel
from latentpress.codecs.lossless.tables import TABLES
from latentpress.errors import CorruptFileError
from latentpress.models import ModelPackage
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


class TrainedSteps:
    """The networks and starting points of a model package.

    Raises CorruptFileError if the package does not describe such a model.
    """

    def __init__(self, package: ModelPackage, engine_name: str, threads: int | None, dtype: str) -> None:
        self.package = package
        self.first = TrainedModel(package, engine_name, 1 if engine_name == "onnx" else None, dtype)
        arrays = package.tables
        try:
            self._counts = [arrays[f"step_counts_{p}"] for p in range(3)]
            self._starts = {step: np.asarray(arrays[f"start_{step_name(*step)}"], np.int64) for step in STEPS}
            self._thresholds = {step: np.asarray(arrays[f"threshold_{step_name(*step)}"], np.int64) for step in STEPS}
            for step in STEPS:
                n = layout_of(*step).linear
                if self._starts[step].shape != (n, n + 1) or self._thresholds[step].shape != (3,):
                    raise ValueError(f"step {step_name(*step)} has arrays of other shapes")
            for counts in self._counts:
                if counts.shape != (TABLES, LARGEST_ALPHABET.size) or counts.min() < 1:
                    raise ValueError(f"probability tables of shape {counts.shape}")
        except (KeyError, ValueError) as error:
            raise CorruptFileError(f"model package {package.folder} is no lc-fdnet model: {error}") from error
        self._networks = {
            name(*step): engine.load(package.network(name(*step)), engine_name, threads, dtype=dtype)
            for step in STEPS
            for name in (low_name, high_name)
        }

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
        return self._run(low_name(position, plane), inputs)

    def high(self, position: int, plane: int, inputs: NDArray[np.float32]) -> Outputs:
        """Runs the network on the engine."""
        return self._run(high_name(position, plane), inputs)

    def _run(self, name: str, inputs: NDArray[np.float32]) -> Outputs:
        out = self._networks[name](x=inputs)["y"].T.astype(np.float64)
        return out[0], out[1]

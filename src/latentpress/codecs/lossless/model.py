"""What a tile is predicted with besides the picture itself: networks and starting points of everything that adapts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.alphabet import LARGEST_ALPHABET
from latentpress.codecs.lossless.features import CLIP, linear_of, middle_of
from latentpress.codecs.lossless.predictor import Guess
from latentpress.codecs.lossless.refinement import BiasMemory
from latentpress.codecs.lossless.tables import CLASSES, PHASES, TABLES, table_of
from latentpress.codecs.models import PackageModel

__all__ = ["Model", "PlainModel", "PlaneNetwork", "TrainedModel", "checked_counts", "network_inputs", "network_name"]

Floats = NDArray[np.float64]

PlaneNetwork = Callable[[Guess], tuple[Floats | float, Floats | float]]
"""Gives the correction of a guess (1/16 normalised unit) and its spread (see `Refinement.tables`)."""


def network_name(plane: int) -> str:
    """Name of a plane's network in a package."""
    return f"plane_{plane}"


def network_inputs(guess: Guess, shift: int) -> NDArray[np.float32]:
    """What the network of a plane reads: (N, inputs), whole numbers -255..255. shift: bits of a sample beyond 8."""
    if guess.inputs is not None:
        return guess.inputs
    features = guess.features
    linear, errors = features.linear, features.errors
    n = linear.shape[0]
    x = np.empty((n + 3 + errors.shape[0], linear.shape[1]), np.float32)
    x[:n] = linear
    x[n] = np.floor(guess.prediction * 0.0625)
    x[n + 1] = np.floor((guess.shared - guess.prediction) * 0.125)
    x[n + 2] = (features.level - middle_of(shift)) * 2
    new = x[n : n + 3]
    np.minimum(np.maximum(new, -CLIP, out=new), CLIP, out=new)
    x[n + 3 :] = errors
    return x.T


class Model(Protocol):
    """What `TrainedModel` and `PlainModel` offer for each plane."""

    @property
    def bias(self) -> BiasMemory:
        """How biases are remembered."""

    def start(self, plane: int) -> NDArray[np.int64]:
        """Normal equations that least squares start with, (n, n + 1)."""

    def counts(self, plane: int) -> NDArray[Any]:
        """Counts that the probability tables start with, (TABLES, size of the largest alphabet)."""

    def network(self, plane: int, shift: int) -> PlaneNetwork:
        """The network, for samples of 8 + shift bits."""


class PlainModel:
    """No networks, nothing trained: adaptive prediction alone, any number of planes."""

    bias = BiasMemory()

    def start(self, plane: int) -> NDArray[np.int64]:
        """Nothing known."""
        n = linear_of(plane)
        return np.zeros((n, n + 1), np.int64)

    def counts(self, plane: int) -> NDArray[Any]:
        """Two-sided geometric distributions."""
        return _geometric_counts()

    def network(self, plane: int, shift: int) -> PlaneNetwork:
        """Leaves everything as it is."""
        return lambda guess: (0.0, 0.0)


class TrainedModel(PackageModel):
    """The networks and starting points of a model package, for up to three planes."""

    def read(self, config: Mapping[str, Any], tables: Mapping[str, NDArray[Any]]) -> None:
        """Take the starting points out of the package; see `PackageModel.read`."""
        self.bias = BiasMemory(*config.get("bias", ()))
        self._starts = [np.asarray(tables[f"start_{p}"], np.int64) for p in range(3)]
        self._counts = [checked_counts(tables[f"counts_{p}"]) for p in range(3)]
        for p in range(3):
            if self._starts[p].shape != (linear_of(p), linear_of(p) + 1):
                raise ValueError(f"normal equations of shape {self._starts[p].shape}")

    def start(self, plane: int) -> NDArray[np.int64]:
        """As stored."""
        return self._starts[plane]

    def counts(self, plane: int) -> NDArray[Any]:
        """As stored."""
        return self._counts[plane]

    def network(self, plane: int, shift: int) -> PlaneNetwork:
        """Runs the plane's network on the engine."""
        name = network_name(plane)

        def run(guess: Guess) -> tuple[Floats, Floats]:
            out = self.run(name, x=network_inputs(guess, shift))["y"].T.astype(np.float64)
            return out[0], out[1]

        return run


def checked_counts(counts: NDArray[Any]) -> NDArray[Any]:
    """Counts that probability tables start with; raises ValueError for those of other tables."""
    if counts.shape != (TABLES, LARGEST_ALPHABET.size) or counts.min() < 1:
        raise ValueError(f"probability tables of shape {counts.shape}")
    return counts


@lru_cache(maxsize=1)
def _geometric_counts() -> NDArray[np.int64]:
    """Counts for each class, by whole-number arithmetic; the same for all phases."""
    size, zero = LARGEST_ALPHABET.size, LARGEST_ALPHABET.zero
    upper = np.arange(zero, size)
    width = 1 << LARGEST_ALPHABET.extra(upper)  # residuals that a symbol stands for
    middle = LARGEST_ALPHABET.join(upper, width // 2)
    out = np.ones((TABLES, size), np.int64)
    for klass in range(CLASSES):
        # the scale in 1/64 pixel value; a step of one pixel value keeps scale / (scale + 64)
        scale = (4 + klass % 4) << (klass // 4)
        side = _power((scale << 30) // (scale + 64), middle) * width
        row = np.concatenate([side[:0:-1], side])
        row = 1 + row * 4096 // int(row.sum())
        out[table_of(np.full(PHASES, klass), np.arange(PHASES))] = row
    return out


def _power(base: int, exponents: NDArray[np.int64]) -> NDArray[np.int64]:
    """Powers of base / 2^30, in units of 2^-30."""
    result = np.full(exponents.shape, 1 << 30, np.int64)
    for bit in range(17):
        result = np.where((exponents >> bit) & 1, (result * base) >> 30, result)
        base = (base * base) >> 30
    return result

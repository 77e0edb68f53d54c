"""Stages: what a classical codec is made of. Data goes down through them and comes back up in reverse.

    chain(ToYcc(), Subsample(), Each(luma, chroma, chroma))     with
    luma = chain(Blocks(8), Linear(separable(dct_matrix())), Divide(steps), DeadZone(), Reorder(zigzag(8)))

A stage is made for one picture: what its inverse has to know (a size, a step) stands in its constructor. The transforms
themselves are in `latentpress.transforms`; anything with the two methods is a stage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["DeadZone", "Divide", "Each", "Join", "Stage", "chain"]

A = TypeVar("A")
B = TypeVar("B")


class Stage(Protocol[A, B]):
    """A step of a codec and the way back."""

    def forward(self, x: A, /) -> B:
        """Towards the file."""

    def inverse(self, y: B, /) -> A:
        """Towards the picture: exact, or as near as the stage says."""


def chain(*stages: Stage[Any, Any]) -> Stage[Any, Any]:
    """All stages as one: forward in their order, inverse in reverse. Without any, what leaves everything as it is."""
    return _Chain(stages)


@dataclass(frozen=True)
class _Chain:
    stages: tuple[Stage[Any, Any], ...]

    def forward(self, x: Any) -> Any:
        """First to last."""
        for stage in self.stages:
            x = stage.forward(x)
        return x

    def inverse(self, y: Any) -> Any:
        """Last to first."""
        for stage in reversed(self.stages):
            y = stage.inverse(y)
        return y


class Each:
    """Stage: a list, of which each item goes through a stage of its own, such as the planes of a picture."""

    def __init__(self, *stages: Stage[Any, Any]) -> None:
        self._stages = stages

    def forward(self, items: Sequence[Any]) -> list[Any]:
        """Each by its stage."""
        return [stage.forward(item) for stage, item in zip(self._stages, items, strict=True)]

    def inverse(self, items: Sequence[Any]) -> list[Any]:
        """Each back."""
        return [stage.inverse(item) for stage, item in zip(self._stages, items, strict=True)]


@dataclass(frozen=True)
class Join:
    """Stage: a list of ``count`` vectors (..., N) to one (..., count * N). Exact."""

    count: int

    def forward(self, parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
        """One after another."""
        return np.concatenate(parts, axis=-1)

    def inverse(self, whole: NDArray[Any]) -> list[NDArray[Any]]:
        """The parts."""
        return np.split(whole, self.count, axis=-1)


class Divide:
    """Stage: numbers (..., N) in units of ``steps``, which broadcast to them. Exact to rounding."""

    def __init__(self, steps: NDArray[np.float32] | float) -> None:
        self._steps = np.asarray(steps, np.float32)

    def forward(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """In steps."""
        divided: NDArray[np.float32] = x / self._steps
        return divided

    def inverse(self, y: NDArray[Any]) -> NDArray[np.float32]:
        """In the units of before."""
        product: NDArray[np.float32] = y * self._steps
        return product


@dataclass(frozen=True)
class DeadZone:
    """Stage: numbers in steps to whole numbers (int32): sign(x) floor(|x| + rounding). Back, they are float.

    rounding: 1/2 goes to the nearest, with an error of at most half a step; less widens the interval around zero to
    2 (1 - rounding) steps, and an error may reach 1 - rounding. least: what is smaller is dropped, so is its error.
    """

    rounding: float = 0.5
    least: float = 0.0

    def forward(self, x: NDArray[np.float32]) -> NDArray[np.int32]:
        """Whole numbers."""
        whole: NDArray[np.int32] = np.copysign(np.floor(np.abs(x) + np.float32(self.rounding)), x).astype(np.int32)
        if self.least > 1 - self.rounding:
            whole[np.abs(x) < self.least] = 0
        return whole

    def inverse(self, y: NDArray[np.int32]) -> NDArray[np.float32]:
        """The same numbers."""
        return y.astype(np.float32)

"""Blocks that are predicted from what is decoded around them; the rest is transformed, and coded with contexts.

What a block is predicted from depends on blocks before it down to the last bit, so the whole loop is whole numbers:
decoded values are grey levels of Y - 128, Cb - 128, Cr - 128, the transform back is a matrix of integers, and networks
are on the integer path. Blocks on a diagonal (column + 2 row) know nothing of each other and are done together.

All symbols are read before the loop begins: their contexts are symbols. The encoder runs the loop too, in `analysis`,
and what it finds is what `code` codes.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.coefficients import CoefficientCoder
from latentpress.codecs.latent import LatentModel, TileSettings, Values
from latentpress.codecs.orders import Waves
from latentpress.codecs.ports import Port
from latentpress.transforms import Blocks, ToYcc, dct_matrix, separable

__all__ = ["ONE", "SEEN", "STEP_ONE", "Around", "Border", "ClosedLoopModel", "Residuals", "dct_of_planes", "in_waves"]
__all__ += ["steps_of"]

Float = NDArray[np.float32]
Whole = NDArray[np.integer[Any]]

ONE = 2**12
"""The unit of the transform's entries."""

STEP_ONE = 16
"""The unit of steps: a grey level."""

SEEN = 255
"""Largest magnitude that networks see, or answer with, in grey levels."""

_ROUNDING = 0.36  # of 0.5: what is nearer to zero is cheaper
_PRICE = 0.12  # of a bit, in squared steps
_HIGHEST, _LOWEST = 127, -128


@dataclass(frozen=True)
class Around:
    """What is decoded around n blocks, with ``side``, of each of some pictures. levels (pictures, n, 3, reach + side,
    reach + 2 side): less ``mean`` (pictures, n, 3), the mean of all that is known; what is not is 0. known: the same
    without pictures and planes. The block begins at (reach, reach).
    """

    levels: Whole
    mean: Whole
    known: NDArray[np.bool_]


@dataclass(frozen=True)
class Border:
    """What a network sees of the surroundings of blocks of ``side``: ``lines`` of each plane above, to the left and to
    the upper right, whether there is anything on these three sides, and the rate.
    """

    side: int
    lines: tuple[int, int, int]

    @property
    def reach(self) -> int:
        """Lines that `in_waves` has to keep."""
        return max(self.lines)

    @cached_property
    def _cells(self) -> NDArray[np.bool_]:
        cells = np.zeros((3, self.reach + self.side, self.reach + 2 * self.side), bool)
        for plane, lines in zip(cells, self.lines, strict=True):
            seen = plane[self.reach - lines :, self.reach - lines :]
            seen[:lines] = seen[:, :lines] = True
        return cells

    @property
    def inputs(self) -> int:
        """Numbers for each block."""
        return int(self._cells.sum()) + 4

    def features(self, around: Around, rates: Whole) -> Float:
        """Whole numbers of 1/32 (pictures * n, inputs), of magnitudes up to `SEEN`, of blocks (pictures, n) of pictures
        at rate indices.
        """
        pictures, count = around.levels.shape[:2]
        levels = np.clip(around.levels[:, :, self._cells], -SEEN, SEEN)
        sides = (0, self.reach), (self.reach, 0), (0, self.reach + self.side)
        flags = np.stack([SEEN * around.known[:, row, column] for row, column in sides], axis=1)
        there = np.broadcast_to(flags, (pictures, *flags.shape))
        rate = np.broadcast_to(np.minimum(rates, SEEN)[:, None, None], (pictures, count, 1))
        whole = np.concatenate([levels, there, rate], axis=2).reshape(pictures * count, self.inputs)
        return whole.astype(np.float32) * np.float32(1 / 32)


def in_waves(
    count: int, shape: tuple[int, int], side: int, reach: int, block_of: Callable[[Whole, Around], Whole]
) -> Whole:
    """``count`` pictures (count, 3, h side, w side) of ``shape`` (h, w) blocks, wave by wave. block_of: of the flat
    places (n,) of a wave, and what is around them, the values (count, n, 3, side, side).
    """
    height, width = shape
    picture = np.zeros((count, 3, reach + height * side, reach + (width + 1) * side), np.int32)
    known = np.zeros(picture.shape[2:], bool)
    for places in filter(len, Waves(2).positions(1, height, width)):
        down, across = np.divmod(places, width)
        rows = (down[:, None] * side + np.arange(reach + side))[:, :, None]
        columns = (across[:, None] * side + np.arange(reach + 2 * side))[:, None]
        there, levels = known[rows, columns], picture[:, :, rows, columns].swapaxes(1, 2)
        number = np.maximum(there.sum(axis=(1, 2)), 1)[None, :, None]
        mean = (levels.sum(axis=(3, 4)) + number // 2) // number  # the unknown is zero
        around = Around(np.where(there[:, None], levels - mean[..., None, None], 0), mean, there)
        own = (rows[:, reach:], columns[:, :, reach : reach + side])
        picture[:, :, *own] = block_of(places, around).swapaxes(1, 2)
        known[own] = True
    return picture[:, :, reach:, reach : reach + width * side]


def dct_of_planes(side: int) -> Float:
    """The DCT of blocks of three planes as a matrix (3 side^2, 3 side^2): the means of the planes, then the other
    coefficients by frequency, those of chroma as if theirs were higher.
    """
    frequency = np.add.outer(np.arange(side), np.arange(side)).ravel()
    key = np.concatenate([frequency, frequency + 2, frequency + 2])
    key[:: side**2] = -1
    matrix: Float = np.kron(np.eye(3, dtype=np.float32), separable(dct_matrix(side)))
    return matrix[np.argsort(key, kind="stable")]


def steps_of(coarsest: float, last_rate: int, steps_per_octave: int) -> NDArray[np.uint16]:
    """Steps of all rate indices, in `STEP_ONE`, falling from ``coarsest`` grey levels by an octave an anchor."""
    steps: NDArray[np.uint16] = np.maximum(
        1, np.rint(STEP_ONE * coarsest * 2.0 ** (-np.arange(last_rate + 1) / steps_per_octave))
    ).astype(np.uint16)
    return steps


class Residuals:
    """What is left of blocks (n, K), in grey levels, as symbols (n, K) and back. transform (K, K): in 1 / `ONE`, rows
    about orthonormal. Steps are whole numbers of 1 / `STEP_ONE`, one for all or (n, 1).
    """

    def __init__(self, transform: NDArray[np.integer[Any]]) -> None:
        self._matrix = transform.astype(np.float64)

    def symbols(self, rest: NDArray[Any], step: Any) -> NDArray[np.int32]:
        """The encoder's choice. Blocks for which they gain less squared error than their bits are worth have none
        (allocation by gain).
        """
        scaled = (rest @ self._matrix.T) * (STEP_ONE / ONE / step)
        sizes = np.floor(np.abs(scaled) + _ROUNDING)
        gained = (2 * np.abs(scaled) - sizes) * sizes
        bits = np.where(sizes > 0, 3 + 2 * np.log2(1 + sizes), 0)
        worth = gained.sum(axis=1, keepdims=True) > _PRICE * bits.sum(axis=1, keepdims=True)
        return np.where(worth, np.copysign(sizes, scaled), 0).astype(np.int32)

    def rest(self, symbols: Whole, step: Any) -> NDArray[np.int64]:
        """The grey levels of symbols below 2^14: sums of whole numbers below 2^53, exact in any order."""
        total = (symbols.astype(np.float64) * step) @ self._matrix
        levels: NDArray[np.int64] = np.floor(total * (1 / (ONE * STEP_ONE)) + 0.5).astype(np.int64)
        return levels


class ClosedLoopModel(LatentModel, ABC):
    """A package: ``transform`` and ``steps``, one a rate index (`Residuals`), and the tables of a `CoefficientCoder`.
    What is coded of a block are 3 * stride^2 coefficients, and what a subclass adds (`code_sides`).
    """

    border: ClassVar[Border]
    """What is looked at of a block's surroundings."""

    def read(self, config: Mapping[str, Any], tables: Mapping[str, NDArray[Any]]) -> None:
        """See `PackageModel.read`."""
        super().read({"margin": 0, "latents": 3 * self.stride**2} | dict(config), tables)
        self.coder = CoefficientCoder(tables, foretells=False)
        self.residuals, self._steps = Residuals(tables["transform"]), tables["steps"].astype(np.int64)
        if tables["transform"].shape != (self.latents, self.latents) or len(self._steps) != self.last_rate + 1:
            raise ValueError(f"a transform of shape {tables['transform'].shape}, {len(self._steps)} steps")

    @abstractmethod
    def predict(self, around: Around, rate: int, sides: Whole) -> Whole:
        """Grey levels (n, K) above the mean of blocks with what is around them in one picture. sides (n,): what is
        coded beside the coefficients.
        """

    def choose(self, around: Around, rate: int, target: NDArray[Any], least: int) -> Whole:
        """The encoder's choice of sides (n,) from ``least`` on, for blocks (n, K) of grey levels above the mean."""
        return np.zeros(len(target), np.int32)

    def code_sides(self, port: Port, wanted: Whole | None, shape: tuple[int, int]) -> Whole:
        """Code the sides (h, w) of all blocks. Default: there are none."""
        return np.zeros(shape, np.int32)

    def step(self, rate: int, sides: Whole) -> Any:
        """The steps of blocks (n,) with their sides: one for all, or (n, 1). Default: that of the rate."""
        return self._steps[rate]

    def symbols(self, rest: NDArray[Any], rate: int, sides: Whole) -> Whole:
        """What the encoder makes of what is left of blocks (n, K) with their sides."""
        return self.residuals.symbols(rest, self.step(rate, sides))

    def guess(self, network: str, around: Around, rate: int) -> Whole:
        """Grey levels above the mean (n, K) that a network answers to the features (1, inputs, n, 1) of blocks."""
        seen = self.border.features(around, np.array([rate])).T[None, :, :, None]
        levels = 32 * self.run(network, around=np.ascontiguousarray(seen))["levels"][0, :, :, 0].T
        return levels.astype(np.int64)

    def analysis(self, planes: Float, rate: int, least: int = 0) -> Float:
        """Sides from ``least`` on, then the symbols of coefficients, (1 + M, h, w): what the loop finds. See
        `LatentModel.analysis`.
        """
        blocks = np.rint(Blocks(self.stride).forward(ToYcc().forward(planes[0])))
        height, width, size = blocks.shape
        wanted, found = blocks.reshape(-1, size), np.zeros((height * width, 1 + size), np.float32)

        def block_of(places: Whole, around: Around) -> Whole:
            mean = self._mean(around)
            target = wanted[places] - mean
            sides = self.choose(around, rate, target, least)
            predicted = self.predict(around, rate, sides)
            symbols = self.symbols(target - predicted, rate, sides)
            found[places] = np.concatenate([sides[:, None], symbols], axis=1)
            return self._shown(mean + predicted, symbols, self.step(rate, sides))

        in_waves(1, (height, width), self.stride, self.border.reach, block_of)
        return found.reshape(height, width, -1).transpose(2, 0, 1)

    def code(self, port: Port, rate: int, shape: tuple[int, int], latents: Float | None, tile: TileSettings) -> Values:
        """See `LatentModel.code`. Symbols, sides and grey levels are what is exact."""
        sides = self.code_sides(port, None if latents is None else latents[0].astype(np.int32), shape)
        wanted = None if latents is None else latents[1:]
        symbols = self.coder.code(port, self.mix(rate)[0], shape, wanted, math.inf).exact[0]
        given, beside = symbols.reshape(self.latents, -1).T, sides.ravel()

        def block_of(places: Whole, around: Around) -> Whole:
            predicted = self._mean(around) + self.predict(around, rate, beside[places])
            return self._shown(predicted, given[places], self.step(rate, beside[places]))

        picture = in_waves(1, shape, self.stride, self.border.reach, block_of)[0]
        values = Blocks(self.stride).forward(picture).transpose(2, 0, 1)
        return Values(values.astype(np.float32), (symbols, sides.astype(np.int32), picture))

    def synthesis(self, values: Float, rate: int) -> Float:
        """See `LatentModel.synthesis`."""
        planes: Float = ToYcc().inverse(Blocks(self.stride, (3,)).inverse(values.transpose(1, 2, 0)))
        return planes

    def _mean(self, around: Around) -> Whole:
        """The mean around blocks of one picture, for each of their values (n, K)."""
        mean: Whole = around.mean[0].repeat(self.stride**2, axis=1)
        return mean

    def _shown(self, predicted: Whole, symbols: Whole, step: Any) -> Whole:
        """Values (1, n, 3, stride, stride) of blocks."""
        levels = np.clip(predicted + self.residuals.rest(symbols, step), _LOWEST, _HIGHEST)
        shown: Whole = levels.reshape(1, -1, 3, self.stride, self.stride)
        return shown

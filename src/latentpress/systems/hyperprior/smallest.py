"""The smallest stream of a tile whose error is not above that of effort 1: what ``effort`` buys at a fixed quality.

A search (`refine`) lowers rate and error together, by its own trade between the two. The rounding weight then turns
what is gained in error into bytes: of the latents after some rounds, the smallest weight is taken at which the pixels
are still as near to the picture as those of the analysis' latents. The smallest stream of all tries is kept, the
nearest of equally small ones, and a higher effort tries all that a lower one does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.latent import TileSettings, Window
from latentpress.codecs.mean_scale.model import MeanScaleModel
from latentpress.codecs.planes import from_planes
from latentpress.codecs.ports import Writing, write
from latentpress.systems.hyperprior.refine import refine

__all__ = ["smallest"]

_PROBES = 4
_SPREAD = 1.6  # weights are looked for up to so many times below and above the one of the search
_SLACK = 0.005  # of the error, where neighbours may move it a little: they are searched too, and not known here

Float = NDArray[np.float32]


def smallest(model: MeanScaleModel, window: Window, rate: int, weight: float, rounds: Sequence[int]) -> bytes:
    """The smallest stream found of a window's tile at a rate index. weight: the usual one of the rounding; rounds: of
    the search, after which to try, rising.
    """
    latents = model.analysis(window.planes, rate)
    usual = TileSettings(weight=weight)
    around = model.code(Writing(again=False), rate, (latents.shape[1], latents.shape[2]), latents, usual).values
    tries = _Tries(model, window, rate, around)
    tries.at(np.ascontiguousarray(latents[(slice(None), *window.inside)]), weight)
    for found, its_weight in refine(model, window.planes, latents, window.inside, rate, weight, rounds):
        low, high = math.log(its_weight / _SPREAD), math.log(its_weight * _SPREAD)
        for _ in range(_PROBES):
            middle = (low + high) / 2
            good = tries.at(found, math.exp(middle))
            low, high = (low, middle) if good else (middle, high)
    return tries.stream()


class _Tries:
    """Streams of a tile that were tried. around (M, H, W): values of the window that stand for those of neighbours."""

    def __init__(self, model: MeanScaleModel, window: Window, rate: int, around: Float) -> None:
        self._model, self._window, self._rate, self._around = model, window, rate, around
        self._slack = _SLACK if around.shape[1:] != window.tile.shape else 0.0
        self._asked: float | None = None
        self._best: tuple[tuple[int, int], Float, float] | None = None  # size and error, and what they are of

    def at(self, latents: Float, weight: float) -> bool:
        """Try latents (M, h, w) with a rounding weight; gives whether the error is not above that of the first try."""
        port = Writing(again=False)
        coded = self._model.code(port, self._rate, self._window.tile.shape, latents, TileSettings(weight=weight))
        error, size = self._error(coded.values), len(port.finish())
        if self._asked is None:
            self._asked, self._best = error * (1 - self._slack), ((size, error), latents, weight)
            return True
        assert self._best is not None
        if error <= self._asked and (size, error) < self._best[0]:
            self._best = (size, error), latents, weight
        return error <= self._asked

    def stream(self) -> bytes:
        """The best stream, read back."""
        assert self._best is not None
        _, latents, weight = self._best
        settings, shape = TileSettings(weight=weight), self._window.tile.shape
        return write(lambda port: self._model.code(port, self._rate, shape, latents, settings), self._window.number)

    def _error(self, values: Float) -> int:
        """Sum of squared errors of the tile's samples, as a decoder shows them."""
        window, stride = self._window, self._model.stride
        picture = self._around.copy()
        picture[(slice(None), *window.inside)] = values
        rows, columns = (slice(part.start * stride, part.stop * stride) for part in window.inside)
        wanted = window.samples[rows, columns]
        planes = self._model.synthesis(picture, self._rate)[:, rows, columns][:, : wanted.shape[0], : wanted.shape[1]]
        shown = from_planes(planes, wanted.shape[2], window.depth)
        return int(np.square(shown.astype(np.int64) - wanted).sum())

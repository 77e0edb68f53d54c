"""The walk over a tile, the same for all who code: predict a wave, code it, learn from it."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless import fast
from latentpress.codecs.lossless.contexts import Surroundings
from latentpress.codecs.lossless.distributions import Distributions, ReadBack
from latentpress.codecs.lossless.features import LAG
from latentpress.codecs.lossless.lanes import Lanes, Skewed
from latentpress.codecs.lossless.mixing import Places
from latentpress.codecs.lossless.model import Model, PlaneNetwork
from latentpress.codecs.lossless.predictor import Guess, PlanePredictor, tile_predictors
from latentpress.codecs.lossless.ranges import PlaneRange
from latentpress.codecs.lossless.refinement import Refined, Refinement
from latentpress.codecs.lossless.stream import ResidualPort
from latentpress.progress import steps

__all__ = ["Source", "Walk", "lanes_of"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_LANE_ROWS = 128

Source = Callable[[int, int, slice, Sequence[Skewed]], Floats]
"""``source(plane, wave, slots, known)``: the values that a plane has at the slots of a wave. known: the planes decoded
so far, which later planes may depend on when coding is not lossless.
"""


def lanes_of(height: int, width: int) -> Lanes:
    """The lanes that a tile is cut into."""
    return Lanes(height, width, max(1, (height + _LANE_ROWS // 2) // _LANE_ROWS))


class Walk:
    """The planes of a tile and their order; `run` visits all pixels.

    port: what codes; source: None where a decoder does not know the values. ranges: of each plane. depth: bits a
    sample. max_error: 0 for lossless. drawn, mixed: see `Distributions`. threads: that predict planes at the same time,
    which they may, being waves apart. coded: notes what is coded, to be read back.
    """

    def __init__(
        self,
        port: ResidualPort,
        source: Source | None,
        lanes: Lanes,
        ranges: Sequence[PlaneRange],
        model: Model,
        depth: int,
        max_error: int,
        drawn: bool = False,
        mixed: bool = False,
        threads: int = 1,
        coded: ReadBack | None = None,
    ) -> None:
        fast.expect(lanes.height * lanes.width)
        self._port, self._source, self._lanes, self._threads = port, source, lanes, threads
        sees, starts = [bounds.sees for bounds in ranges], [model.start(len(bounds.sees)) for bounds in ranges]
        middles = [bounds.middle for bounds in ranges]
        predictors, self._values = tile_predictors(lanes, middles, sees, starts, depth - 8)
        errors = np.zeros((len(ranges), math.prod(lanes.shape))) if mixed else None
        self._planes = [
            _Plane(
                lanes,
                predictor,
                model.network(len(bounds.sees), depth - 8),
                Refinement(depth - 8, 2 * max_error + 1, model.bias),
                partial(Distributions, bounds, model.counts(len(bounds.sees)), drawn, mixed, 2 * max_error + 1),
                number,
                bounds,
                max_error,
                coded,
                None if errors is None else Surroundings(lanes, errors, bounds.sees, number, bounds.low, bounds.high),
            )
            for number, (predictor, bounds) in enumerate(zip(predictors, ranges, strict=True))
        ]

    def run(self) -> list[NDArray[np.int32]]:
        """Visit the waves of all planes, each plane `LAG` waves behind the one before it; gives the planes (height,
        width) as a decoder will have them. Raises CorruptFileError if a stream is certainly damaged.
        """
        waves = self._lanes.waves
        ticks = waves + LAG * (len(self._planes) - 1)
        helpers = min(self._threads, len(self._planes)) - 1
        with ThreadPoolExecutor(helpers) if helpers > 0 else nullcontext() as pool:
            for tick in steps(range(ticks), ticks):
                active = [plane for plane in self._planes if 0 <= tick - LAG * plane.number < waves]
                left = deque(active)
                helping = range(min(helpers, len(active) - 1))
                others = [pool.submit(_expect, left.pop, tick) for _ in helping] if pool else []
                mine = _expect(left.popleft, tick)
                for place, plane in enumerate(active):
                    if place == mine:  # from here on helpers predict, being waves behind what is coded meanwhile
                        for other in others:
                            other.result()
                    plane.code(self._port, self._source, self._values)
        return [values.plane() for values in self._values]


def _expect(take: Callable[[], _Plane], tick: int) -> int:
    """Predict a wave of each plane that there is to take; how many that were."""
    done = 0
    with suppress(IndexError):
        while True:
            plane = take()
            plane.expect(tick - LAG * plane.number)
            done += 1
    return done


@dataclass(frozen=True)
class _Expected:
    """A wave of a plane before it is coded."""

    wave: int
    guess: Guess
    centre: Integers
    refined: Refined
    places: Places | None
    rows: Floats


class _Plane:
    """Predictor, network, distributions and quantiser of a plane: `expect` a wave, then `code` it."""

    def __init__(
        self,
        lanes: Lanes,
        predictor: PlanePredictor,
        network: PlaneNetwork,
        refinement: Refinement,
        fresh: Callable[[], Distributions],
        number: int,
        bounds: PlaneRange,
        max_error: int,
        coded: ReadBack | None,
        surroundings: Surroundings | None,
    ) -> None:
        self.number, self._lanes, self._bounds, self._max_error = number, lanes, bounds, max_error
        self._predictor, self._network, self._refinement = predictor, network, refinement
        self._step = 2 * max_error + 1
        self._distributions, self._coded, self._surroundings = fresh(), coded, surroundings
        if coded is not None:
            coded.expect(number, fresh, self._step)
        self._learn: Callable[[], None] = lambda: None

    def expect(self, wave: int) -> None:
        """Learn from the wave before, and predict this one."""
        self._learn()
        guess = self._predictor.look(wave, self._lanes.active(wave))
        correction, spread = self._network(guess)
        refined = self._refinement(guess, correction, spread)
        if self._distributions.drawn:
            refined = self._distributions.drawn.refine(guess, refined)
        centre = np.minimum(np.maximum(refined.nearest, self._bounds.low), self._bounds.high)
        places = self._surroundings.look(wave, guess, refined) if self._surroundings else None
        rows = self._distributions.rows(refined.tables, centre, refined.sign, places)
        self._expected = _Expected(wave, guess, centre, refined, places, rows)

    def code(self, port: ResidualPort, source: Source | None, known: Sequence[Skewed]) -> None:
        """Code the wave that is expected, and let other planes see it."""
        now = self._expected
        refined, wanted = now.refined, None
        if source is not None:
            true = source(self.number, now.wave, now.guess.slots, known)
            wanted = self._nearest((true.astype(np.int64) - now.centre) * refined.sign)
        symbols, residuals = port.rows(wanted, self._distributions.alphabet, refined.tables, now.rows, self.number)
        if self._coded is not None:
            self._coded.note(self.number, refined.tables, now.centre, refined.sign, residuals, now.places)
        values = (now.centre + self._step * refined.sign * residuals).astype(np.float64)
        self._predictor.store(now.wave, now.guess, values)
        if self._surroundings:
            self._surroundings.store(now.wave, now.guess, refined, values)
        self._learn = lambda: self._take_in(now, symbols, values)

    def _take_in(self, now: _Expected, symbols: NDArray[np.int32], values: Floats) -> None:
        self._distributions.learn(now.refined.tables, symbols, values)
        self._refinement.learn(values)
        self._predictor.learn(now.guess, values)

    def _nearest(self, difference: Integers) -> Integers:
        """The residuals that bring values nearest, of differences from what is expected."""
        if not self._max_error:
            return difference
        nearest: Integers = (np.abs(difference) + self._max_error) // self._step
        nearest *= np.sign(difference)
        return nearest

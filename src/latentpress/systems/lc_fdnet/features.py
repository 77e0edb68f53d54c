"""What a pixel of a sub-image is predicted from: neighbours on all sides, made independent of brightness and contrast.

As in the wave coder (`latentpress.codecs.lossless.features`): differences from a base prediction over the local
activity. The base is the mean of the four nearest pixels, and there are pixels of other sub-images below and right.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.features import Features, normalised
from latentpress.systems.lc_fdnet.subimages import ORDER, Grid, Place, Sheet, known_before

__all__ = ["Gatherer", "StepLayout", "activity", "layout_of"]

Floats = NDArray[np.float64]

_OWN = 16  # neighbours of the same plane,
_OWN_NEXT = 12  # of planes that see another plane too
_ABOVE = ((-2, 0), (-2, -2), (-2, 2))  # the nearest pixels of the same sub-image that are known
_RING = ((0, -2), (0, 2), (-2, 0), (2, 0))  # of earlier planes
_PAIRS = tuple(zip(*combinations(range(4), 2), strict=True))


@dataclass(frozen=True)
class StepLayout:
    """Which neighbours a step uses. own: known values of the plane, those of the base first; errors: known errors of
    it. across: values of each earlier plane around the pixel there; across_errors: errors of each earlier plane.
    """

    own: tuple[Place, ...]
    errors: tuple[Place, ...]
    across: tuple[Place, ...]
    across_errors: tuple[Place, ...]
    plane: int

    @property
    def nearest(self) -> tuple[Place, ...]:
        """The four places of the base."""
        return self.own[:4]

    @property
    def linear(self) -> int:
        """Number of linear features."""
        return len(self.own) + len(_ABOVE) + (len(self.across) + 1) * self.plane

    @property
    def magnitudes(self) -> int:
        """Number of magnitudes of errors."""
        return len(self.errors) + len(self.across_errors) * self.plane

    @property
    def inputs(self) -> int:
        """Inputs of the network for low frequencies: those and both predictions and the activity."""
        return self.linear + 3 + self.magnitudes


@lru_cache(maxsize=16)
def layout_of(position: int, plane: int) -> StepLayout:
    """The layout of a step: a position (b, c, d) and a plane, whose number counts the planes that it sees (0..2)."""
    known = known_before(position)
    around = sorted(product(range(-3, 4), range(-3, 4)), key=lambda place: (place[0] ** 2 + place[1] ** 2, place))
    earlier = [place for place in around if _position(position, place) in known]
    own = tuple(earlier[: _OWN_NEXT if plane else _OWN])
    later = [place for place in earlier if _position(position, place) in ORDER and max(map(abs, place)) == 1]
    return StepLayout(own, _ABOVE + tuple(later), own[:4] + _RING, ((0, 0), *_RING), plane)


def activity(values: Sheet, position: int, r: int) -> Floats:
    """How much the four nearest pixels of a batch differ: the sum of their six differences, (lanes, columns)."""
    four = np.stack([values.near(position, place, r) for place in layout_of(position, 0).nearest])
    rough: Floats = np.abs(four[list(_PAIRS[0])] - four[list(_PAIRS[1])]).sum(axis=0)
    return rough


class Gatherer:
    """Collects the features of a step of a tile.

    values, errors: sheets of the planes up to this one, of pixel values and of signed errors of the adaptive predictor
    in 1/16. shift: bits of a sample beyond 8, which the smallest activity grows with.
    """

    def __init__(self, grid: Grid, position: int, values: list[Sheet], errors: list[Sheet], shift: int) -> None:
        self.layout = layout_of(position, len(values) - 1)
        self._grid, self._position = grid, position
        self._values, self._errors = values, errors
        self._floor = float(64 << shift)

    def __call__(self, r: int) -> Features:
        """The features of the pixels of a batch, lane by lane."""
        layout, position = self.layout, self._position
        shape = (self._grid.count(position, r), self._grid.columns)
        linear = np.empty((layout.linear, *shape))
        magnitudes = np.empty((layout.magnitudes, *shape))
        values, errors = self._values[-1], self._errors[-1]
        for i, place in enumerate(layout.own):
            linear[i] = values.near(position, place, r)
        four = linear[:4]
        rough = np.abs(four[list(_PAIRS[0])] - four[list(_PAIRS[1])]).sum(axis=0)
        base = np.floor((four.sum(axis=0) + 2.0) * 0.25)
        for i, place in enumerate(layout.errors):
            magnitudes[i] = errors.near(position, place, r)
        scale = 16.0 * rough + np.abs(magnitudes[: len(layout.errors)]).sum(axis=0) + self._floor
        k, m = len(layout.own), len(layout.errors)
        linear[:k] -= base
        np.multiply(magnitudes[: len(_ABOVE)], 0.0625, out=linear[k : k + len(_ABOVE)])
        k += len(_ABOVE)
        for values, errors in zip(self._values[:-1], self._errors[:-1], strict=True):
            centre = values.near(position, (0, 0), r)
            for place in layout.across:
                np.subtract(values.near(position, place, r), centre, out=linear[k])
                k += 1
            np.multiply(errors.near(position, (0, 0), r), 0.0625, out=linear[k])
            k += 1
            for place in layout.across_errors:
                magnitudes[m] = errors.near(position, place, r)
                m += 1
        count = shape[0] * shape[1]
        return normalised(
            linear.reshape(-1, count), magnitudes.reshape(-1, count), base.reshape(count), scale.reshape(count)
        )


def _position(position: int, place: Place) -> int:
    return 2 * (((position >> 1) + place[0]) & 1) + (((position & 1) + place[1]) & 1)

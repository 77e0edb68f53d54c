"""What each lifting step sees, for both sides and for training."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["BITS", "FINE_BITS", "FINE_HIGH", "LARGEST", "PREDICT", "REACH", "UPDATE", "Sight"]


@dataclass(frozen=True)
class Sight:
    """Samples that a step sees from the place of the one it changes: ``before`` and ``after`` of them along the axis
    that is split (the nearest two are one before and one after), ``aside`` on either side across.
    """

    before: int
    after: int
    aside: int

    @property
    def count(self) -> int:
        """How many."""
        return (self.before + self.after) * (2 * self.aside + 1)


PREDICT = Sight(2, 2, 2)
"""Of even samples around an odd one, less the mean of the nearest two."""

UPDATE = Sight(2, 2, 1)
"""Of what was missed at odd samples around an even one."""

BITS = 5
"""Of a fraction: networks work in units of 32 levels."""

FINE_BITS, FINE_HIGH = 8, 2047
"""Fractional bits and largest value of activations between layers: an eighth of a level, since what a smooth picture
lacks is a level or two, and 8-bit activations were off by as much.
"""

LARGEST = 255
"""What networks see, and what they answer, is cut to this magnitude, in levels of 8 bits."""

_ALONG = 2 * (PREDICT.after + UPDATE.after) - 2  # samples along the axis that a result depends on, on one side
_ASIDE = PREDICT.aside + UPDATE.aside
REACH = _ALONG + _ASIDE
"""Samples that a level's bands see on each side: the rows are split, then the columns."""

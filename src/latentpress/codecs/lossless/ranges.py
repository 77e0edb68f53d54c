"""What values a plane of a tile may have."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PlaneRange"]


@dataclass(frozen=True)
class PlaneRange:
    """The values that a plane may have, low .. high, and what it is predicted from. sees: which planes before it, at
    most two; what a model has for a plane goes by their number.
    """

    low: int
    high: int
    sees: tuple[int, ...] = ()

    @property
    def middle(self) -> float:
        """What lies beyond the borders of the first pixels."""
        return float((self.low + self.high + 1) // 2)

    @property
    def bits(self) -> int:
        """Bits of the largest difference between two values."""
        return int(self.high - self.low).bit_length()

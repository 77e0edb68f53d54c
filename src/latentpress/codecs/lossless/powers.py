"""Powers of two with fractions as whole numbers, by integer arithmetic: the same on every machine."""

from __future__ import annotations

from math import isqrt

__all__ = ["whole_power"]


def whole_power(k: int, halvings: int, unit: int = 1) -> int:
    """The smallest whole number not below unit * 2^(k / 2^halvings), for k >= 0."""
    parts = 1 << halvings
    power: int = unit**parts << k
    root = power
    for _ in range(halvings):
        root = isqrt(root)
    return root if root**parts == power else root + 1

"""Compiled loops for the lossless walk, where numba is installed (extra ``fast``).

NumPy code is the definition of every step; `latentpress.codecs.lossless.loops` says the same as loops over pixels, to
the same whole numbers, without a pass over memory for each operation and without holding Python's lock.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any, TypeVar, cast

__all__ = ["compiled", "expect", "loops"]

F = TypeVar("F", bound=Callable[..., Any])

_MANY = 1 << 16  # pixels that are worth half a second in which compiled code is loaded

_expected = 0


def expect(pixels: int) -> None:
    """Say how many pixels a walk has; from the first that has many on, loops are compiled ones."""
    global _expected
    _expected = max(_expected, pixels)


def loops() -> ModuleType | None:
    """The module of compiled loops; None without numba, or while all pictures have been small."""
    return _compiled() if _expected >= _MANY else None


@cache
def _compiled() -> ModuleType | None:
    try:
        from latentpress.codecs.lossless import loops as compiled
    except ImportError:  # not installed, or one that does not go with this NumPy
        return None
    return compiled


def compiled(function: F) -> F:
    """A loop over whole numbers as machine code where numba is installed, else as it is."""
    try:
        from numba import njit
    except ImportError:
        return function
    return cast(F, njit(nogil=True, cache=True)(function))

"""How loops become machine code, kept beside the source, or where numba keeps it for folders that cannot be written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["Floats", "Integers", "machine_code", "machine_code_any_order"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

F = TypeVar("F", bound=Callable[..., Any])


def machine_code(function: F) -> F:
    """For loops whose operations keep their order."""
    return cast(F, njit(nogil=True, cache=True, error_model="numpy")(function))


def machine_code_any_order(function: F) -> F:
    """For sums of whole numbers alone: several may be added at a time."""
    return cast(F, njit(nogil=True, cache=True, error_model="numpy", fastmath={"reassoc"})(function))

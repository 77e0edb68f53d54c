"""Bits, each with a chance of its own."""

from __future__ import annotations

from typing import Any

import constriction
import numpy as np
from numpy.typing import NDArray

from latentpress.entropy.tables import TOTAL
from latentpress.errors import InvalidInputError

__all__ = ["BIT_MODEL", "check_chances"]

# float64 chances k / 2^16 are exact; perfect=False is pinned, since it decides on the stream.
BIT_MODEL: Any = constriction.stream.model.Bernoulli(perfect=False)


def check_chances(ones: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
    """Chances out of 65536, as the coder's model takes them; raises InvalidInputError for what is none."""
    counts = np.asarray(ones)
    if counts.ndim != 1 or counts.dtype.kind not in "iu":
        raise InvalidInputError(f"chances must be a 1-D array of integers, not {counts.ndim}-D of {counts.dtype}")
    if counts.size and not 1 <= counts.min() <= counts.max() < TOTAL:
        raise InvalidInputError(f"chances must lie in 1..{TOTAL - 1}")
    chances: NDArray[np.float64] = counts.astype(np.float64) * (1.0 / TOTAL)
    return chances

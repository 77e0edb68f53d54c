"""Maps of small whole numbers, one a place, that a codec sends beside its symbols."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.adapting import AdaptiveValues
from latentpress.codecs.interlaced import interlaced
from latentpress.codecs.ports import Port
from latentpress.errors import CorruptFileError

__all__ = ["code_map"]

_SPREADS = 5  # how much the numbers around differ


def code_map(
    port: Port, wanted: NDArray[Any] | None, shape: tuple[int, int], most: int, name: str
) -> NDArray[np.int32]:
    """Code numbers 0..``most`` (h, w) from coarse to fine: how they differ from the mean of the four around them, with
    chances that adapt. Raises CorruptFileError for a number out of range.
    """
    values, coder = np.zeros(shape, np.int32), AdaptiveValues(name, 2 * _SPREADS + 1)
    for batch in interlaced(*shape):
        guess = np.zeros(values[batch.places].shape, np.int32)
        context = guess.copy()
        if batch.reach:
            known = batch.known(values)
            guess = (known.sum(axis=0) + 2) >> 2
            spread = np.minimum(known.max(axis=0) - known.min(axis=0), _SPREADS - 1)
            context = 1 + spread + _SPREADS * (batch.reach > 1)
        given = None if wanted is None else (wanted[batch.places] - guess).astype(np.int32).ravel()
        part = coder.code(port, given, context.ravel()).reshape(guess.shape) + guess
        if part.min() < 0 or part.max() > most:
            raise CorruptFileError(f"the symbol stream is damaged: {name} out of range")
        values[batch.places] = part
    return values

"""Chances of bits that adapt: of each context how often it was 0 and 1 so far, the same on both sides."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.ports import EVEN, Port
from latentpress.entropy import TOTAL

__all__ = ["AdaptiveBits", "even_bits"]

_START = 2  # bits that each context is as if it had seen, half of them 1
_MOST = 2**13  # bits of a context that count; older ones fade
_RAREST = 32  # of 65536


class AdaptiveBits:
    """Bits in ``contexts`` contexts. All bits of a call have the chances of before it, so that a call is one operation
    of the coder; what it coded counts from the next on. name: what they are, for those who count.
    """

    def __init__(self, name: str, contexts: int) -> None:
        self._name = name
        self._seen = np.full((2, contexts), _START, np.int64)

    def code(self, port: Port, wanted: NDArray[Any] | None, context: NDArray[np.integer[Any]]) -> NDArray[np.bool_]:
        """Code bits (1-D), each in a context; wanted: None where a decoder does not know them."""
        zeros, ones = self._seen
        chances = np.clip(TOTAL * ones // (zeros + ones), _RAREST, TOTAL - _RAREST).astype(np.uint32)
        bits: NDArray[np.bool_] = port.bits(wanted, context, chances, self._name) != 0
        counts = np.bincount(context, minlength=ones.size), np.bincount(context[bits], minlength=ones.size)
        self._seen += counts[0] - counts[1], counts[1]
        too_many = self._seen.sum(axis=0) > _MOST
        self._seen[:, too_many] = np.maximum(self._seen[:, too_many] * _MOST // self._seen[:, too_many].sum(axis=0), 1)
        return bits


def even_bits(port: Port, wanted: NDArray[Any] | None, count: int) -> NDArray[np.bool_]:
    """Code ``count`` bits of which nothing is known."""
    bits: NDArray[np.bool_] = port.bits(wanted, np.zeros(count, np.intp), EVEN, "even") != 0
    return bits

"""How a difference is cut into bits: is it zero, its sign, its size in doubling steps, the place within a step."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.ports import EVEN, Port
from latentpress.errors import CorruptFileError
from latentpress.systems.jpeg.network import Network

__all__ = ["OUTPUTS", "Coder"]

OUTPUTS = 13
"""Logits of a coefficient's network.

0: not zero. 1: positive. 2, 3: above 1, of a positive and of a negative one. 4: above 2. 5 .. 8: above 4, 8, 16, 32.
9 .. 12: the upper half of 3..4, 5..8, 9..16, 17..32.
"""

_MODELLED = 5  # steps whose bits have logits
_STEPS = 17  # the largest difference is 2^17: more than two coefficients of 16 bits can differ by

Integers = NDArray[np.int64]


class Coder:
    """Bits by the logits of networks. chances: (odd,) of a logit in 64ths, from the least on."""

    def __init__(self, port: Port, chances: NDArray[np.uint32]) -> None:
        self._port, self._chances, self._middle = port, chances, chances.size // 2

    def chances(self, network: Network, hidden: NDArray[np.float32], outputs: slice) -> NDArray[np.int32]:
        """Which chances some of a network's logits stand for, (count, N)."""
        logits = network.logits(hidden, outputs)
        np.clip(logits, -self._middle, self._middle, out=logits)
        logits += self._middle
        return logits

    def bits(self, index: NDArray[np.int32], wanted: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
        """Code a bit for each of the chances (N,)."""
        found: NDArray[np.bool_] = self._port.bits(wanted, index, self._chances) != 0
        return found

    def plain(self, count: int, wanted: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
        """Code bits of which nothing is known."""
        found: NDArray[np.bool_] = self._port.bits(wanted, np.zeros(count, np.int32), EVEN) != 0
        return found

    def residuals(self, network: Network, inputs: NDArray[np.float32], wanted: Integers | None) -> Integers:
        """Code differences (N,) by a network's logits for its inputs (inputs, N)."""
        hidden = network.hidden(inputs)
        result = np.zeros(inputs.shape[1], np.int64)
        chances = self.chances(network, hidden, slice(0, 4))
        here = np.flatnonzero(self.bits(chances[0], None if wanted is None else wanted != 0))
        true = None if wanted is None else wanted[here]
        positive = self.bits(chances[1, here], None if true is None else true > 0)
        size = None if true is None else np.abs(true)
        more = self.bits(np.where(positive, chances[2, here], chances[3, here]), None if size is None else size > 1)
        result[here] = np.where(positive, 1, -1)
        large = here[more]
        if large.size:
            size = None if size is None else size[more]
            result[large] *= self._large(self.chances(network, hidden[:, large], slice(4, OUTPUTS)), size)
        return result

    def _large(self, chances: NDArray[np.int32], size: Integers | None) -> Integers:
        """Sizes above 1: 2, then 3..4, 5..8, 9..16, and so on."""
        step = np.zeros(chances.shape[1], np.int64)
        left = np.arange(step.size)
        for now in range(_STEPS + 1):
            if now == _STEPS and left.size:
                raise CorruptFileError("the picture's data are damaged: a coefficient out of range")
            above = None if size is None else size[left] > 1 << max(1, now + (now > 0))
            found = self.bits(chances[now, left], above) if now < _MODELLED else self.plain(left.size, above)
            left = left[found]
            step[left] += 1
        result = np.where(step > 0, (np.int64(1) << step) + 1, 2)
        for now in range(1, int(step.max(initial=0)) + 1):
            here = np.flatnonzero(step == now)
            rest = None if size is None else size[here] - result[here]
            for bit in range(now - 1, -1, -1):
                set_ = None if rest is None else (rest >> bit & 1) == 1
                modelled = bit == now - 1 and now < _MODELLED
                found = self.bits(chances[4 + now, here], set_) if modelled else self.plain(here.size, set_)
                result[here] += found.astype(np.int64) << bit
        return result

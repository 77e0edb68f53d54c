"""`NetworkWavelet`: lifting steps by networks. What is added on one side is taken off on the other, so that whatever
the networks answer, whole numbers come back; they only have to answer the same on both sides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.systems.learned_lifting.layout import BITS, LARGEST, PREDICT, UPDATE, Sight

__all__ = ["NetworkWavelet"]

Run = Callable[[str, NDArray[np.float32]], NDArray[np.float32]]
"""A network by name, of features (1, N, h, w) in units of 2^BITS levels to answers (1, 1, h, w) in the same."""


@dataclass(frozen=True)
class NetworkWavelet:
    """Whole numbers (int32) to whole numbers: the steps of the reversible 5/3 wavelet, each with a network's answer
    added. depth: of the samples in bits; networks see the upper eight.
    """

    run: Run
    depth: int

    def analyse(self, x: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Low and high band of the first axis of (2 h, n, w)."""
        even, odd = x[0::2], x[1::2]
        odd = odd - self._predicted(even)
        return even + self._update(odd), odd

    def synthesise(self, low: NDArray[Any], high: NDArray[Any]) -> NDArray[Any]:
        """The inverse of `analyse`."""
        even = low - self._update(high)
        out = np.empty((2 * len(low), *low.shape[1:]), low.dtype)
        out[0::2], out[1::2] = even, high + self._predicted(even)
        return out

    def _predicted(self, even: NDArray[Any]) -> NDArray[Any]:
        mean = (even + np.concatenate([even[1:], even[-1:]])) >> 1
        predicted: NDArray[Any] = mean + self._answer("predict", even, PREDICT, 1 - PREDICT.before, mean)
        return predicted

    def _update(self, odd: NDArray[Any]) -> NDArray[Any]:
        quarter = (np.concatenate([odd[:1], odd[:-1]]) + odd + 2) >> 2
        update: NDArray[Any] = quarter + self._answer("update", odd, UPDATE, -UPDATE.before, 0)
        return update

    def _answer(
        self, network: str, samples: NDArray[Any], sight: Sight, first: int, less: NDArray[Any] | int
    ) -> NDArray[Any]:
        """What a network answers at each place of (h, n, w), from the samples around it, of which the ``first`` is so
        many rows away."""
        count, planes, width = samples.shape
        around = [(-first, sight.before + sight.after - 1 + first), (0, 0), (sight.aside, sight.aside)]
        padded, shift = np.pad(samples, around, mode="edge"), max(0, self.depth - 8)
        features = np.empty((sight.count, count, planes, width), np.float32)
        for place in range(sight.count):
            down, across = divmod(place, 2 * sight.aside + 1)
            one = padded[down : down + count, :, across : across + width] - less
            np.clip(one >> shift, -LARGEST, LARGEST, out=features[place], casting="unsafe")
        features *= np.float32(2.0**-BITS)
        answers = self.run(network, features.reshape(1, sight.count, count * planes, width))
        levels = np.rint(answers.reshape(samples.shape) * np.float32(2.0**BITS)).astype(samples.dtype)
        shifted: NDArray[Any] = levels << shift
        return shifted

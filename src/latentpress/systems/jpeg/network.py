"""Networks of one hidden layer in whole numbers: the same bits on every machine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Network"]

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Network:
    """first: (hidden, inputs), bias: (hidden,), second: (outputs, hidden), offset: (outputs,), whole numbers all.

    Inputs are whole numbers 0..127, in sixteenths. Weights are in 256ths, hidden values 0..255 in sixteenths, outputs
    logits in 64ths. No sum reaches 2^24, so float32 gives it exactly in whatever order it adds.
    """

    first: Floats
    bias: Floats
    second: Floats
    offset: Floats

    def hidden(self, inputs: Floats) -> Floats:
        """Hidden values (hidden, N) of inputs (inputs, N)."""
        sums = self.first @ inputs
        sums += self.bias[:, None]
        sums *= np.float32(1 / 256)
        np.floor(sums, out=sums)
        return np.clip(sums, 0, 255, out=sums)

    def logits(self, hidden: Floats, outputs: slice) -> NDArray[np.int32]:
        """Some of the outputs (count, N), in 64ths."""
        sums = self.second[outputs] @ hidden
        sums += self.offset[outputs, None]
        sums *= np.float32(1 / 64)
        whole: NDArray[np.int32] = np.floor(sums, out=sums).astype(np.int32)
        return whole

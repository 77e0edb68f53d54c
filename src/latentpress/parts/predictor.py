"""A network that predicts a block from what is around it, on the integer path.

around - linear - ReLU - linear - ReLU - linear -+-> grey levels above the mean
     \\------------------ linear ---------------/
"""

from __future__ import annotations

from torch import Tensor, nn

from latentpress.codecs.closed_loop import SEEN
from latentpress.parts.integer import FEATURE_BITS, IntegerConv2d, delta_head, hidden_layer

__all__ = ["Predictor"]


class Predictor(nn.Module):
    """Features (1, inputs, N, 1) of `codecs.closed_loop.Border` to levels (1, outputs, N, 1), both in 32 grey levels.
    Predicts the mean at first.
    """

    def __init__(self, inputs: int, hidden: int, outputs: int) -> None:
        super().__init__()
        bits = FEATURE_BITS
        self.enter = IntegerConv2d(inputs, hidden, in_bits=bits, in_high=SEEN, out_bits=bits)
        self.middle = hidden_layer(hidden, hidden)
        self.head = delta_head(hidden, outputs, bits, SEEN)
        self.linear = IntegerConv2d(
            inputs, outputs, in_bits=bits, in_high=SEEN, out_bits=bits, out_low=-SEEN, out_high=SEEN, zero=True
        )

    def forward(self, around: Tensor) -> Tensor:
        levels: Tensor = self.head(self.middle(self.enter(around))) + self.linear(around)
        return levels

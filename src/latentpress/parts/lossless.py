"""The networks of the lossless codec: one small perceptron a plane, exact in integers.

After the channel-wise progressive perceptrons of Rhee et al. 2020, with other inputs: normalised features, among them
an adaptive linear prediction, in place of raw differences. Inputs are whole numbers -255..255, hidden activations
0..255.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F

from latentpress.codecs.lossless.features import CLIP
from latentpress.parts.integer import IntegerConv2d
from latentpress.parts.quantise import clamp_ste, round_half_up, straight_through

__all__ = ["IntegerLinear", "LosslessConfig", "LosslessNet", "PlaneNet"]

INPUT_BITS = 8
HIDDEN_BITS = 6
CORRECTION_BITS = 12
SPREAD_BITS = 6
_REACH = 2**14


@dataclass(frozen=True)
class LosslessConfig:
    """Sizes of the networks: ``width`` units in each of ``depth`` hidden layers."""

    width: int = field(default=64, metadata={"at_least": 1})
    depth: int = field(default=3, metadata={"at_least": 1})


class IntegerLinear(IntegerConv2d):
    """`IntegerConv2d` with a 1x1 kernel on vectors: (N, in) to (N, out), by one matrix product."""

    def largest_sum(self) -> int:
        """In units of the finest number in it: a step of weight grid x input grid, or the half that is added for
        rounding, which the stored graph keeps in the bias.
        """
        weight, bias, exponents = self.integer_parameters()
        half = 2.0 ** (exponents + self.in_bits - self.out_bits - 1).double()
        sums = weight.double().abs().sum(dim=(1, 2, 3)) * self.in_high + bias.double().abs() + half
        return int((sums / half.clamp_max(1)).max().item())

    def frozen(self) -> nn.Module:
        """Itself: its graph is made of whole numbers (`training.lossless.graphs`)."""
        return self

    def forward(self, x: Tensor) -> Tensor:
        weight, bias = self._parameters_in_use()
        x = F.linear(x, weight[:, :, 0, 0], bias)
        unit = 2.0**-self.out_bits
        if self.integer:
            x = straight_through(x, round_half_up(x * 2.0**self.out_bits) * unit)
        if self.out_low == 0:
            return x.clamp(0, self.out_high * unit)
        return clamp_ste(x, self.out_low * unit, self.out_high * unit)


class PlaneNet(nn.Module):
    """The perceptron of one plane: features (N, inputs), as whole numbers, to correction and spread (N,).

    correction: what is added to the adaptive prediction, in 256 normalised units, a multiple of 2^-12. spread: log2 of
    the scale of the error over an eighth of the activity, a multiple of 2^-6. Both are on their grids only with
    ``integer`` set.
    """

    def __init__(self, inputs: int, config: LosslessConfig) -> None:
        super().__init__()
        sizes = [inputs] + [config.width] * config.depth
        grids = [(INPUT_BITS, CLIP)] + [(HIDDEN_BITS, 255)] * (config.depth - 1)
        self.hidden = nn.Sequential(
            *(
                IntegerLinear(a, b, in_bits=bits, in_high=high, out_bits=HIDDEN_BITS)
                for (a, b), (bits, high) in zip(pairwise(sizes), grids, strict=True)
            )
        )
        self.correction = _head(config.width, CORRECTION_BITS)
        self.spread = _head(config.width, SPREAD_BITS)

    def layers(self) -> list[IntegerLinear]:
        """Hidden layers in order, then correction and spread."""
        return [*self.hidden, self.correction, self.spread]

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        x = self.hidden(features * 2.0**-INPUT_BITS)
        return self.correction(x)[:, 0], self.spread(x)[:, 0]


def _head(width: int, bits: int) -> IntegerLinear:
    """An output layer, which starts at zero."""
    return IntegerLinear(
        width, 1, in_bits=HIDDEN_BITS, in_high=255, out_bits=bits, out_low=-_REACH, out_high=_REACH, zero=True
    )


class LosslessNet(nn.Module):
    """The networks of Y, U and V (gray takes the first alone), each of which has its number of ``inputs``."""

    def __init__(self, config: LosslessConfig, inputs: Sequence[int]) -> None:
        super().__init__()
        self.config = config
        self.planes = nn.ModuleList(PlaneNet(count, config) for count in inputs)

"""Convolutions that an engine can run exactly: integer weights, integer activations, bounded sums.

The exactness contract (docs/architecture.md): whatever the decoder must reproduce to read a symbol is computed from
integers small enough that every partial sum stays below 2^24, so float32 arithmetic is exact in any order of summation.
Integer networks for latent models: Balle, Johnston, Minnen 2019, "Integer networks for data compression with
latent-variable models".

In training the same layers run in real units: an activation is k / 2**bits with whole k, a weight is w / 2**e with an
8-bit w. Powers of two scale exactly, so the training graph with ``integer`` set gives the very numbers of the exported
integer graph.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from latentpress.parts.quantise import clamp_ste, round_half_up, straight_through

__all__ = [
    "FEATURE_BITS",
    "LIMIT",
    "WEIGHT_LIMIT",
    "FrozenConv2d",
    "IntegerConv2d",
    "delta_head",
    "exact_bound",
    "freeze",
    "hidden_layer",
    "set_integer",
    "spatial_layer",
]

LIMIT = 2**24
"""Whole numbers below this are exact in float32, whatever the order of summation."""

FEATURE_BITS = 5
"""Fractional bits of usual activations, which are 8-bit numbers: 0..255 stands for 0..7.97."""

WEIGHT_LIMIT = 127
"""Largest magnitude of an integer weight (8 bits, symmetric)."""

_DELTA_LIMIT = 2**12  # largest magnitude of a predicted mean or scale offset, in units of its grid


class IntegerConv2d(nn.Module):
    """Convolution with 8-bit weights (a power-of-two scale for each output channel) and a rounded, clamped output.

    ``in_bits`` and ``out_bits``: fractional bits of the input and output grids. ``in_high``: the largest magnitude of
    an input in units of its grid; who feeds the layer answers for it. ``out_low`` and ``out_high``: the output range in
    units of the output grid (0..255 is a rectifier with 8-bit activations). ``max_exponent`` bounds
    the fractional bits of the weights, for layers whose inputs are wide. Zero padding keeps the size.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int = 1,
        *,
        groups: int = 1,
        in_bits: int,
        in_high: int,
        out_bits: int,
        out_low: int = 0,
        out_high: int = 255,
        max_exponent: int = 14,
        zero: bool = False,
    ) -> None:
        super().__init__()
        reference = nn.Conv2d(in_channels, out_channels, kernel, groups=groups)
        self.weight = nn.Parameter(reference.weight.detach().clone() * (0.0 if zero else 1.0))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        self.kernel, self.groups = kernel, groups
        self.in_bits, self.in_high, self.out_bits = in_bits, in_high, out_bits
        self.out_low, self.out_high = out_low, out_high
        self.max_exponent = max_exponent
        self.integer = False

    def exponents(self) -> Tensor:
        """Fractional bits of each output channel's weights (out_channels,): as many as its largest weight leaves room
        for.
        """
        largest = self.weight.detach().abs().amax(dim=(1, 2, 3)).clamp_min(2.0**-self.max_exponent)
        return torch.floor(torch.log2(WEIGHT_LIMIT / largest)).clamp(0, self.max_exponent)

    def integer_parameters(self) -> tuple[Tensor, Tensor, Tensor]:
        """Integer weights, integer biases (in units of weight grid x input grid), and exponents, all as float
        tensors.
        """
        exponents = self.exponents()
        scale = 2.0**exponents
        weight = round_half_up(self.weight.detach() * scale[:, None, None, None]).clamp(-WEIGHT_LIMIT, WEIGHT_LIMIT)
        bias = round_half_up(self.bias.detach() * scale * 2.0**self.in_bits)
        return weight, bias, exponents

    def _parameters_in_use(self) -> tuple[Tensor, Tensor]:
        if not self.integer:
            return self.weight, self.bias
        weight, bias, exponents = self.integer_parameters()
        scale = 2.0**-exponents
        exact_weight = weight * scale[:, None, None, None]
        exact_bias = bias * scale * 2.0**-self.in_bits
        return straight_through(self.weight, exact_weight), straight_through(self.bias, exact_bias)

    def largest_sum(self) -> int:
        """Largest magnitude that any partial sum can reach, in units of weight grid x input grid."""
        weight, bias, exponents = self.integer_parameters()
        # An engine may fold the shift and the rounding offset into the sum: half an output unit joins the bias.
        half = 2.0 ** (exponents + self.in_bits - self.out_bits - 1)
        return exact_bound(weight, bias.abs() + half.clamp_min(1), self.in_high)

    def frozen(self) -> nn.Module:
        """The same with its weights fixed, for a stored graph."""
        return FrozenConv2d(self)

    def convolved(self, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """The sums, before rounding."""
        return F.conv2d(x, weight, bias, padding=self.kernel // 2, groups=self.groups)

    def forward(self, x: Tensor) -> Tensor:
        x = self.convolved(x, *self._parameters_in_use())
        unit = 2.0**-self.out_bits
        if self.integer:
            x = straight_through(x, round_half_up(x * 2.0**self.out_bits) * unit)
        if self.out_low == 0:
            return x.clamp(0, self.out_high * unit)
        return clamp_ste(x, self.out_low * unit, self.out_high * unit)


class FrozenConv2d(nn.Module):
    """An integer convolution with its weights fixed: what `IntegerConv2d` computes, without the arithmetic that made
    them.
    """

    def __init__(self, layer: IntegerConv2d) -> None:
        super().__init__()
        weight, bias, exponents = layer.integer_parameters()
        self.weight = nn.Parameter(weight * 2.0 ** -exponents[:, None, None, None], requires_grad=False)
        self.bias = nn.Parameter(bias * 2.0 ** -(exponents + layer.in_bits), requires_grad=False)
        self.padding, self.groups = layer.kernel // 2, layer.groups
        self.scale = 2.0**layer.out_bits
        self.low, self.high = layer.out_low / self.scale, layer.out_high / self.scale

    def forward(self, x: Tensor) -> Tensor:
        x = F.conv2d(x, self.weight, self.bias, padding=self.padding, groups=self.groups)
        return (round_half_up(x * self.scale) * (1 / self.scale)).clamp(self.low, self.high)


def hidden_layer(inputs: int, outputs: int) -> IntegerConv2d:
    """A point-wise layer with a rectifier, 8-bit activations in and out."""
    return IntegerConv2d(inputs, outputs, in_bits=FEATURE_BITS, in_high=255, out_bits=FEATURE_BITS)


def spatial_layer(channels: int) -> IntegerConv2d:
    """A depth-wise 3x3 layer with signed output."""
    return IntegerConv2d(
        channels, channels, 3, groups=channels, in_bits=FEATURE_BITS, in_high=255, out_bits=FEATURE_BITS,
        out_low=-127, out_high=127,
    )  # fmt: skip


def delta_head(inputs: int, outputs: int, bits: int, limit: int = _DELTA_LIMIT) -> IntegerConv2d:
    """A point-wise output layer that starts at zero: signed numbers with ``bits`` fractional bits, such as means or
    offsets of scale indices, up to ``limit`` units of their grid.
    """
    return IntegerConv2d(
        inputs, outputs, in_bits=FEATURE_BITS, in_high=255, out_bits=bits, out_low=-limit, out_high=limit, zero=True
    )


def exact_bound(weight: Tensor, bias: Tensor, largest_input: int) -> int:
    """Largest magnitude that any partial sum of the convolution can reach, from its integer parameters.

    ``weight`` (out, in, k, k) and ``bias`` (out,) are whole numbers; ``largest_input`` bounds each input's magnitude.
    """
    sums = weight.double().abs().sum(dim=(1, 2, 3)) * largest_input + bias.double().abs()
    return int(sums.max().item())


def set_integer(module: nn.Module, on: bool) -> None:
    """Switch every integer layer and table inside ``module`` between float training and the exact integer path."""
    for child in module.modules():
        if isinstance(getattr(child, "integer", None), bool):
            child.integer = on  # type: ignore[assignment]


def freeze(module: nn.Module) -> None:
    """Replace every integer layer and table inside ``module`` by its frozen form."""
    for name, child in module.named_children():
        if hasattr(child, "frozen"):
            setattr(module, name, child.frozen())  # type: ignore[operator]  # of a layer
        else:
            freeze(child)

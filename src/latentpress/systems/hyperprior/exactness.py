"""Proof, from the weights alone, that the entropy networks compute exactly in float32."""

from __future__ import annotations

from latentpress.errors import InvalidInputError
from latentpress.parts.integer import IntegerConv2d, exact_bound
from latentpress.systems.hyperprior.layout import HYPER_LIMIT, MEAN_BITS
from latentpress.systems.hyperprior.net import FEATURE_BITS, HyperpriorNet

__all__ = ["LIMIT", "prove_exact"]

LIMIT = 2**24
"""Whole numbers below this are exact in float32, whatever the order of summation."""


def prove_exact(net: HyperpriorNet) -> dict[str, int]:
    """Largest magnitude that any partial sum can reach in each integer layer, in units of its weight grid x input grid.

    Raises InvalidInputError, naming the layer, when one reaches 2^24, or when any weight of the network is not finite:
    such a model must not be shipped.
    """
    for name, parameter in net.named_parameters():
        if not parameter.isfinite().all():
            raise InvalidInputError(f"{name} is not finite: the training run has diverged")
    bounds = {}
    for name, layer in net.named_modules():
        if not isinstance(layer, IntegerConv2d):
            continue
        weight, bias, exponents = layer.integer_parameters()
        # An engine may fold the shift and the rounding offset into the sum: half an output unit joins the bias.
        half = 2.0 ** (exponents + layer.in_bits - layer.out_bits - 1)
        bounds[name] = exact_bound(weight, bias.abs() + half.clamp_min(1), _largest_input(name, layer))
        if bounds[name] >= LIMIT:
            raise InvalidInputError(
                f"{name} is not exact: sums can reach {bounds[name]}, the limit is {LIMIT}; its weights are too big"
            )
    for name, table in (
        ("scale_offset", net.hyper_synthesis.scale_offset),
        ("rate_shift", net.hyper_synthesis.rate_shift),
    ):
        bounds[name] = int(table.integer_table().abs().max().item()) * 16
        if bounds[name] >= LIMIT:
            raise InvalidInputError(
                f"{name} is not exact: its interpolation can reach {bounds[name]}, the limit is {LIMIT}"
            )
    return bounds


def _largest_input(name: str, layer: IntegerConv2d) -> int:
    """Largest magnitude of the layer's inputs on their grid. Activations are 8-bit except at the two ends."""
    if layer.in_bits == FEATURE_BITS:
        return 255
    if layer.in_bits == MEAN_BITS:
        return layer.out_high  # the linear prediction: input and output share their range
    if layer.in_bits == 0:
        return HYPER_LIMIT
    raise InvalidInputError(f"{name}: no bound is known for inputs with {layer.in_bits} fractional bits")

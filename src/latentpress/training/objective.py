"""The rate-distortion objective of the hyperprior codec, at a rate index of its own for each picture."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from latentpress.codecs.hyperprior.rounding import ROUNDING_WEIGHT
from latentpress.nets.hyperprior import HYPER_LIMIT, HyperpriorNet, first_pass_mask
from latentpress.nets.likelihood import SCALE_COUNT, logistic_bits, scale_of
from latentpress.nets.quantise import add_uniform_noise, round_half_up, round_ste, straight_through
from latentpress.nets.rate_table import mix_for_rates

__all__ = ["Outcome", "code", "log_loss"]


@dataclass(frozen=True)
class Outcome:
    """What coding a batch gives. ``picture`` (B, 3, H, W) in grey levels, not clamped; ``bits`` and ``hyper_bits``
    (B,).
    """

    picture: Tensor
    bits: Tensor
    hyper_bits: Tensor

    def bpp(self) -> Tensor:
        """Estimated bits a pixel (B,), both streams."""
        return (self.bits + self.hyper_bits) / (self.picture.shape[-1] * self.picture.shape[-2])

    def mse(self, original: Tensor) -> Tensor:
        """Mean squared error of each picture (B,) in squared grey levels."""
        return (self.picture - original).square().mean(dim=(1, 2, 3))


def code(
    net: HyperpriorNet,
    x: Tensor,
    rates: Tensor,
    *,
    hard: bool,
    generator: torch.Generator | None = None,
    mixed_precision: bool = False,
    rounding_weight: float = ROUNDING_WEIGHT,
) -> Outcome:
    """Send a batch through the codec. ``x``: (B, 3, H, W) grey levels, sides multiples of 64; ``rates``: (B,) rate
    indices.

    Values that go on (to the synthesis, to the context) are rounded with straight-through gradients; the rate is
    measured on values with uniform noise (mixed quantisation, Minnen and Singh 2020, arXiv 2007.08739). With ``hard``
    it is measured on the rounded values, and they are rounded as the encoder does, with the rate in mind
    (``codecs.hyperprior.rounding``). The integer path is a switch of the network itself
    (``nets.integer.set_integer``). ``mixed_precision`` runs the transforms in bfloat16; the entropy networks stay in
    float32.
    """
    mix = mix_for_rates(rates, net.config.anchors)
    with torch.autocast(x.device.type, torch.bfloat16, enabled=mixed_precision):
        y = net.analysis(x, mix).float()

    z_real = net.hyper_analysis(y)
    z = round_ste(z_real).clamp(-HYPER_LIMIT, HYPER_LIMIT)
    z_for_rate = z if hard else add_uniform_noise(z_real, generator)
    hyper_bits = _bits(z_for_rate, net.hyper_synthesis.hyper_index(mix), hard)

    features, mean1, index1 = net.hyper_synthesis(z, mix)
    first = first_pass_mask(y.shape[1], y.shape[2], y.shape[3], y.device)
    residual1 = y - mean1
    rounded1 = (
        straight_through(residual1, _chosen(residual1, index1, rounding_weight)) if hard else round_ste(residual1)
    )
    v1 = (rounded1 + mean1) * first
    mean2, index2 = net.context(features, v1)
    index2 = index2 + index1  # the second pass refines what the hyper latents said
    mean2 = mean2 + mean1
    mean = torch.where(first > 0, mean1, mean2)
    index = torch.where(first > 0, index1, index2)
    residual = y - mean
    rounded = straight_through(residual, _chosen(residual, index, rounding_weight)) if hard else round_ste(residual)
    bits = _bits(rounded if hard else add_uniform_noise(residual, generator), index, hard)
    with torch.autocast(x.device.type, torch.bfloat16, enabled=mixed_precision):
        picture = net.synthesis(rounded + mean, mix).float()
    return Outcome(picture, bits.sum(dim=(1, 2, 3)), hyper_bits.sum(dim=(1, 2, 3)))


def _bits(residual: Tensor, index: Tensor, hard: bool) -> Tensor:
    if hard:
        index = round_ste(index)
    index = index.clamp(0, SCALE_COUNT - 1)
    return logistic_bits(residual, scale_of(index))


@torch.no_grad()
def _chosen(residual: Tensor, index: Tensor, weight: float) -> Tensor:
    """The nearest whole number or the next one towards zero, whichever has the lower cost of error and bits."""
    scale = scale_of(round_half_up(index).clamp(0, SCALE_COUNT - 1))
    size = residual.abs()
    nearest = round_half_up(size)
    smaller = (nearest - 1).clamp_min(0)
    saved = logistic_bits(nearest, scale) - logistic_bits(smaller, scale)
    cost = weight * ((size - smaller).square() - (size - nearest).square())
    return torch.where(cost < saved, smaller, nearest).copysign(residual)


def log_loss(outcome: Outcome, original: Tensor, lambdas: Tensor) -> Tensor:
    """Mean over the batch of log2(rate + lambda * distortion).

    The logarithm gives every rate the same weight: a change of one per cent counts the same at 0.1 and at 2 bits a
    pixel.
    """
    cost = outcome.bpp() + lambdas * outcome.mse(original)
    return torch.log(cost).mean() / math.log(2)

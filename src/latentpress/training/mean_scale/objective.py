"""Sending a batch through a `MeanScaleNet`, at a rate index of its own for each picture."""

from __future__ import annotations

import torch
from torch import Tensor

from latentpress.codecs.mean_scale.layout import HYPER_LIMIT
from latentpress.codecs.orders import Checkerboard
from latentpress.codecs.rounding import ROUNDING_WEIGHT
from latentpress.parts.mean_scale import MeanScaleNet
from latentpress.parts.orders import pass_numbers
from latentpress.parts.quantise import (
    add_uniform_noise,
    round_ste,
    soft_round,
    soft_round_inverse,
    straight_through,
)
from latentpress.parts.rate_table import mix_for_rates
from latentpress.parts.rates import noisy_bits, rate_aware, two_road_bits
from latentpress.training.latent import Noise, Outcome

__all__ = ["code"]

_SOFTNESS = 5.0  # of soft rounding


def code(
    net: MeanScaleNet,
    x: Tensor,
    rates: Tensor,
    *,
    hard: bool,
    noise: Noise = None,
    mixed_precision: bool = False,
    rounding_weight: float = ROUNDING_WEIGHT,
    quantisation: str = "mixed",
) -> Outcome:
    """Send a batch through the codec. ``x``: (B, 3, H, W) grey levels, sides multiples of 64; ``rates``: (B,) rate
    indices.

    ``quantisation``: with ``mixed`` the values that go on (to the synthesis, to the context) are rounded with
    straight-through gradients, and the rate is measured on values with uniform noise (Minnen and Singh 2020, arXiv
    2007.08739); with ``noise`` both are noisy; with ``soft-round`` values are rounded softly before the noise, and what
    goes on is the mean of the values that could have led there (Agustsson and Theis 2020, arXiv 2006.09952).

    With ``hard`` values are rounded as the encoder does, with the rate in mind (``codecs.rounding``), and the rate is
    that of the rounded values; see `two_road_bits` for its gradient. The integer path is a switch of the network itself
    (``parts.integer.set_integer``). ``noise``: of hyper latents and latents. ``mixed_precision`` runs the transforms in
    bfloat16; the entropy networks stay in float32.
    """
    mix = mix_for_rates(rates, net.config.anchors)
    with torch.autocast(x.device.type, torch.bfloat16, enabled=mixed_precision):
        y = net.analysis(x, mix).float()

    z_real = net.hyper_analysis(y)
    z = round_ste(z_real).clamp(-HYPER_LIMIT, HYPER_LIMIT)
    hyper_index = net.hyper_synthesis.hyper_index(mix)
    hyper_noise, latent_noise = noise or (None, None)
    hyper_bits = _bits(z_real, z, hyper_index, hard, hyper_noise).sum(dim=(1, 2, 3))

    features, mean, index = net.hyper_synthesis(z, mix)
    first_mean, first_index = mean, index
    number = pass_numbers(Checkerboard(net.config.passes), y.shape[1], y.shape[2], y.shape[3], y.device)
    values = nothing = torch.zeros_like(y)
    for done, context in enumerate((None, *net.contexts)):
        if context is not None:  # later passes correct what the hyper latents said
            shift, index_shift = context(features, values)
            mean = torch.where(number < done, mean, first_mean + shift)
            index = torch.where(number < done, index, first_index + index_shift)
        residual = y - mean
        if hard:
            rounded = straight_through(residual, rate_aware(residual, index, rounding_weight))
        else:
            residual, rounded = _quantised(residual, latent_noise, quantisation)
        values = torch.where(number <= done, rounded + mean, nothing)
    bits = _bits(residual, rounded, index, hard, latent_noise).sum(dim=(1, 2, 3))
    with torch.autocast(x.device.type, torch.bfloat16, enabled=mixed_precision):
        picture = net.synthesis(values, mix).float()
    return Outcome(bits + hyper_bits, picture, hyper_bits, values)


def _quantised(residual: Tensor, noise: Tensor | None, quantisation: str) -> tuple[Tensor, Tensor]:
    """What noise is added to for the rate, and what goes on."""
    if quantisation == "mixed":
        return residual, round_ste(residual)
    if quantisation == "noise":
        return residual, add_uniform_noise(residual, noise)
    soft = soft_round(residual, _SOFTNESS)
    return soft, soft_round_inverse(add_uniform_noise(soft, noise) - 0.5, _SOFTNESS) + 0.5


def _bits(value: Tensor, rounded: Tensor, index: Tensor, hard: bool, noise: Tensor | None) -> Tensor:
    """Bits of each symbol: of the rounded values with ``hard``, else of noisy ones."""
    return two_road_bits(value, rounded, round_ste(index), noise) if hard else noisy_bits(value, index, noise)

"""The rate-distortion objective of the hyperprior codec, at a rate index of its own for each picture."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import torch
from torch import Tensor

from latentpress.codecs.orders import Checkerboard
from latentpress.codecs.rounding import LEVELS, ROUNDING_WEIGHT
from latentpress.codecs.scales import SCALE_COUNT
from latentpress.parts.likelihood import logistic_bits, scale_of
from latentpress.parts.orders import pass_numbers
from latentpress.parts.quantise import (
    add_uniform_noise,
    round_half_up,
    round_ste,
    soft_round,
    soft_round_inverse,
    straight_through,
)
from latentpress.parts.rate_table import mix_for_rates
from latentpress.systems.hyperprior.layout import HYPER_LIMIT
from latentpress.systems.hyperprior.net import HyperpriorNet
from latentpress.training.structural import ms_ssim

__all__ = ["Noise", "Outcome", "code", "log_loss", "rate_aware"]

Noise = torch.Generator | tuple[Tensor, Tensor] | None
"""Of the hyper latents and the latents: a generator to draw it from (None: the global one), or values in [0, 1) of both
shapes, for steps that are recorded once and replayed with other noise.
"""

_DISSIMILARITY = 2000.0  # squared grey levels that 1 - MS-SSIM = 1 stands for; it varies little from 0.08 to 2 bpp
_SOFTNESS = 5.0  # of soft rounding


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

    With ``hard`` values are rounded as the encoder does, with the rate in mind (``codecs.rounding``), and
    the rate is that of the rounded values; see `_bits` for its gradient. The integer path is a switch of the network
    itself (``parts.integer.set_integer``). ``noise``: where the noise comes from. ``mixed_precision`` runs the
    transforms in bfloat16; the entropy networks stay in float32.
    """
    mix = mix_for_rates(rates, net.config.anchors)
    with torch.autocast(x.device.type, torch.bfloat16, enabled=mixed_precision):
        y = net.analysis(x, mix).float()

    z_real = net.hyper_analysis(y)
    z = round_ste(z_real).clamp(-HYPER_LIMIT, HYPER_LIMIT)
    hyper_index = net.hyper_synthesis.hyper_index(mix)
    hyper_noise, latent_noise = noise if isinstance(noise, tuple) else (noise, noise)
    hyper_bits = _bits(z_real, z, hyper_index, hard, hyper_noise)

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
    bits = _bits(residual, rounded, index, hard, latent_noise)
    with torch.autocast(x.device.type, torch.bfloat16, enabled=mixed_precision):
        picture = net.synthesis(values, mix).float()
    return Outcome(picture, bits.sum(dim=(1, 2, 3)), hyper_bits.sum(dim=(1, 2, 3)))


def _quantised(residual: Tensor, noise: torch.Generator | Tensor | None, quantisation: str) -> tuple[Tensor, Tensor]:
    """What noise is added to for the rate, and what goes on."""
    if quantisation == "mixed":
        return residual, round_ste(residual)
    if quantisation == "noise":
        return residual, add_uniform_noise(residual, noise)
    soft = soft_round(residual, _SOFTNESS)
    return soft, soft_round_inverse(add_uniform_noise(soft, noise) - 0.5, _SOFTNESS) + 0.5


def _bits(value: Tensor, rounded: Tensor, index: Tensor, hard: bool, noise: torch.Generator | Tensor | None) -> Tensor:
    """Bits of each symbol. With ``hard`` they are exact and their gradient takes two roads.

    To the scale index it is that of the bits that are really spent. To the value it is that of the noisy one: seen
    through straight-through rounding a symbol 0 has no slope, so nothing would ever push a small value smaller, and
    low rates would get worse the longer such a phase lasts (docs/training.md has the measurement).
    """
    if not hard:
        return _logistic_bits(add_uniform_noise(value, noise), index)
    index = round_ste(index)
    bits = _logistic_bits(rounded.detach(), index)
    if not torch.is_grad_enabled():
        return bits
    slope = _logistic_bits(add_uniform_noise(value, noise), index.detach())
    return bits + (slope - slope.detach())


def _logistic_bits(residual: Tensor, index: Tensor) -> Tensor:
    return logistic_bits(residual, scale_of(index.clamp(0, SCALE_COUNT - 1)))


@torch.no_grad()
def rate_aware(residual: Tensor, index: Tensor, weight: float) -> Tensor:
    """What the encoder makes of a residual: the nearest whole number or the next one towards zero (`Rounding`)."""
    savings = _savings(weight, str(residual.device))
    size = residual.abs()
    nearest = round_half_up(size)
    row = round_half_up(index).clamp_(0, SCALE_COUNT - 1)
    place = row.mul_(LEVELS + 1).add_(nearest.clamp_max(LEVELS)).to(torch.int32)
    smaller = (size - nearest).mul_(2).add_(1) < savings.take(place.long())
    return (nearest - smaller.to(nearest.dtype)).copysign_(residual)


@functools.lru_cache(maxsize=4)
def _savings(weight: float, device: str) -> Tensor:
    """Bits that n - 1 costs less than n, in units of the weight, for each scale index and n = 0..LEVELS: flat."""
    scale = scale_of(torch.arange(SCALE_COUNT, dtype=torch.float32, device=device))[:, None]
    bits = logistic_bits(torch.arange(LEVELS, dtype=torch.float32, device=device)[None], scale)
    savings = torch.zeros(SCALE_COUNT, LEVELS + 1, device=device)
    savings[:, 1:LEVELS] = (bits[:, 1:] - bits[:, :-1]) / weight
    return savings.flatten()


def log_loss(
    outcome: Outcome, original: Tensor, lambdas: Tensor, distortion: str = "mse", average: str = "log"
) -> Tensor:
    """Mean over the batch of log2(rate + lambda * distortion). ``distortion``: ``mse``, or ``ms-ssim``: 1 - MS-SSIM as
    the squared error that goes with it at every rate of a codec made for squared error. ``average``: ``plain`` takes
    the logarithm of the mean instead, which has the gradients of a plain mean but for a common factor.

    The logarithm gives every rate the same weight: a change of one per cent counts the same at 0.1 and at 2 bits a
    pixel.
    """
    error = outcome.mse(original) if distortion == "mse" else _DISSIMILARITY * (1 - ms_ssim(outcome.picture, original))
    cost = outcome.bpp() + lambdas * error
    return (torch.log(cost).mean() if average == "log" else torch.log(cost.mean())) / math.log(2)

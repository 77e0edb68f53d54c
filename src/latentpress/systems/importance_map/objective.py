"""The objective of the codec `importance-map`: rate and distortion for transforms and importance net, and the code
length of a bit plane for the context network.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from latentpress.codecs.rates import STEPS_PER_ANCHOR
from latentpress.codecs.rounding import ROUNDING_WEIGHT
from latentpress.codecs.scales import STEPS_PER_OCTAVE
from latentpress.parts.orders import pass_numbers
from latentpress.parts.quantise import clamp_ste, round_ste, straight_through
from latentpress.parts.rate_table import mix_for_rates
from latentpress.parts.rates import rate_aware, two_road_bits
from latentpress.parts.wavelet import pyramid
from latentpress.systems.importance_map import layout
from latentpress.systems.importance_map.layout import NOMINAL, PHASES
from latentpress.systems.importance_map.net import ImportanceNet
from latentpress.transforms.wavelet import band_maps

__all__ = ["Outcome", "code", "error_weights", "plane_bits"]

_CHANNELS = 64  # that are pushed at a time
_PLANES = 14  # above NOMINAL - 1, that training looks at
_FALL = 0.7  # each is looked at less often than the one below


@dataclass(frozen=True)
class Outcome:
    """What coding a batch gives. ``picture`` (B, 3, H, W) in grey levels, not clamped, if it was made; ``mse``, in
    squared grey levels, ``bits`` and ``map_bits``, estimates, (B,) each; ``symbols`` (B, M, h, w), whole numbers;
    ``dropped`` (B, 1, h, w) and ``shifts`` (B, M, h, w): planes left out.
    """

    picture: Tensor | None
    mse: Tensor
    bits: Tensor
    map_bits: Tensor
    symbols: Tensor
    dropped: Tensor
    shifts: Tensor

    def bpp(self) -> Tensor:
        """Estimated bits a pixel (B,)."""
        return (self.bits + self.map_bits) / (256 * self.dropped.shape[2] * self.dropped.shape[3])


def code(
    net: ImportanceNet,
    x: Tensor,
    rates: Tensor,
    *,
    weights: Tensor | None = None,
    generator: torch.Generator | None = None,
    mixed_precision: bool = False,
    rounding_weight: float = ROUNDING_WEIGHT,
) -> Outcome:
    """Send a batch through the codec. ``x``: (B, 3, H, W) grey levels, sides multiples of 16; ``rates``: (B,).

    Soft to hard by straight-through gradients: what goes on is rounded. The bits are those of a logistic distribution
    whose scale the estimate sees from the neighbours; their gradient takes the two roads of the hyperprior's hard
    phase.

    With ``weights`` (anchors, M), from `error_weights`, the transforms get no gradient and no picture is made: the
    error is what the weights make of that of the feature maps.
    """
    mix = mix_for_rates(rates, net.config.anchors)
    learn = weights is None and torch.is_grad_enabled()
    with torch.set_grad_enabled(learn), torch.autocast(x.device.type, torch.bfloat16, enabled=mixed_precision):
        y = net.analysis(x, mix).float()
    y = pyramid(y, net.config.pyramid)
    dropped = round_ste(clamp_ste(net.importance(y, mix), 0, layout.MOST_DROPPED))
    shifts = _shifts(dropped, y.shape[1], net.config.pyramid) - NOMINAL
    step = torch.exp2(shifts)
    u = y / step
    with torch.no_grad():
        nearest = torch.round(u)
        first = net.estimate(nearest * step, dropped, mix) - STEPS_PER_OCTAVE * shifts
        chosen = rate_aware(u, first, rounding_weight)
    q = straight_through(u, chosen)
    v = q * step
    index = net.estimate(v, dropped, mix) - STEPS_PER_OCTAVE * shifts
    bits = two_road_bits(u, q, index, generator, least=0.5)
    picture = None
    if weights is None:
        with torch.autocast(x.device.type, torch.bfloat16, enabled=mixed_precision):
            picture = net.synthesis(pyramid(v, net.config.pyramid, back=True), mix).float()
        mse = (picture - x).square().mean(dim=(1, 2, 3))
    else:
        mse = ((v - y).square().sum(dim=(2, 3)) * (mix @ weights / STEPS_PER_ANCHOR)).sum(dim=1) / x[0].numel()
    return Outcome(
        picture, mse, bits.sum(dim=(1, 2, 3)), _map_bits(dropped), chosen, dropped.detach(), shifts.detach() + NOMINAL
    )


@torch.no_grad()
def error_weights(net: ImportanceNet, crops: Tensor) -> Tensor:
    """Squared error in the picture, summed, for a squared step of error in each feature map (anchors, M).

    Measured by pushing one feature map at a time, at all places, up or down by half a step. ``crops``: (N, 3, H, W).
    """
    config = net.config
    weights = torch.zeros(config.anchors, config.latents)
    for anchor in range(config.anchors):
        mix = mix_for_rates(torch.tensor([STEPS_PER_ANCHOR * anchor]), config.anchors).to(crops.device)
        for crop in torch.split(crops, 1):
            y = torch.round(net.analysis(crop, mix))
            plain = net.synthesis(y, mix)
            sign = torch.randint(0, 2, y.shape[2:], generator=torch.Generator().manual_seed(anchor)).to(y) - 0.5
            for start in range(0, config.latents, _CHANNELS):
                count = min(_CHANNELS, config.latents - start)
                pushed = y.repeat(count, 1, 1, 1)
                pushed[torch.arange(count), start + torch.arange(count)] += sign
                change = net.synthesis(pushed, mix.expand(count, -1)) - plain
                energy = change.square().sum(dim=(1, 2, 3)) / sign.square().sum()
                weights[anchor, start : start + count] += energy.cpu() / len(crops)
    return weights


def _shifts(dropped: Tensor, latents: int, pyramid: int) -> Tensor:
    """Planes that each feature map drops. Means cost little and show everywhere: they keep as many as the most
    important place around, and never fewer than the middling one.
    """
    low = (-F.max_pool2d(-dropped, 3, stride=1, padding=1)).clamp_max(NOMINAL)
    return torch.cat([low.expand(-1, pyramid, -1, -1), dropped.expand(-1, latents - pyramid, -1, -1)], dim=1)


def _map_bits(dropped: Tensor) -> Tensor:
    """About what the importance map costs (B,): little where it is level."""
    down = (dropped[:, :, 1:] - dropped[:, :, :-1]).abs()
    across = (dropped[:, :, :, 1:] - dropped[:, :, :, :-1]).abs()
    return 1.2 * (down.sum(dim=(1, 2, 3)) + across.sum(dim=(1, 2, 3)))


def plane_bits(net: ImportanceNet, outcome: Outcome, rates: Tensor, generator: torch.Generator) -> Tensor:
    """Bits (B,) of all planes, estimated from one plane of each picture and one of the four phases in which it is
    coded, both drawn at random and weighed accordingly.
    """
    symbols, shifts = outcome.symbols, outcome.shifts
    count, device = symbols.shape[0], symbols.device
    chance = _FALL ** torch.arange(_PLANES, dtype=torch.float32, device=device)
    chance = chance / chance.sum()
    drawn = torch.multinomial(chance, count, replacement=True, generator=generator)
    phase = torch.randint(0, PHASES, (count, 1, 1, 1), generator=generator, device=device)
    plane = (drawn + NOMINAL - 1)[:, None, None, None].float()
    weight = PHASES / chance[drawn]

    magnitude = symbols.abs() * torch.exp2(shifts)
    number = pass_numbers(layout.PHASE_ORDER, symbols.shape[1], symbols.shape[2], symbols.shape[3], device)
    unit = torch.exp2(plane)
    coarse = torch.floor(magnitude / (2 * unit))
    fine = torch.floor(magnitude / unit)
    done = (number < phase) | (plane < shifts)
    known = torch.where(done, fine, 2 * coarse)
    signed = torch.where(done, known + 0.5, known + 1) * symbols.sign() * (known > 0)
    parts = torch.floor(layout.LEVEL_UNIT * torch.log2(1 + known) + 0.5)
    levels = parts.clamp_max(layout.LEVEL_LIMIT) / layout.LEVEL_UNIT
    gap = (plane - outcome.dropped).clamp(0, layout.GAP_LIMIT)
    hints = torch.cat([gap, (plane / layout.PLANE_UNIT).expand_as(gap)], dim=1)
    band = torch.from_numpy(band_maps(symbols.shape[2], symbols.shape[3])).to(device).expand(count, -1, -1, -1)
    s = net.config.signed
    mix = mix_for_rates(rates, net.config.anchors)
    logit, sign = net.context(levels, signed[:, :s].clamp(-layout.SIGNED_LIMIT, layout.SIGNED_LIMIT), hints, band, mix)

    coded = (number == phase) & (plane >= shifts)
    significance = F.binary_cross_entropy_with_logits(logit, (fine > 0).float(), reduction="none")
    total = (significance * (coded & (coarse == 0))).sum(dim=(1, 2, 3))
    signs = F.binary_cross_entropy_with_logits(sign, (symbols[:, :s] > 0).float(), reduction="none")
    newly = coded & (coarse == 0) & (fine > 0)
    total = total + (signs * newly[:, :s]).sum(dim=(1, 2, 3)) + math.log(2) * newly[:, s:].sum(dim=(1, 2, 3))
    refined = (coded & (coarse > 0)).sum(dim=(1, 2, 3))
    return weight * (total / math.log(2) + refined)

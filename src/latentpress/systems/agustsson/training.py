"""Training of `agustsson`: the codec plays against critics at several scales (Agustsson et al. 2019)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from latentpress.codecs.rates import STEPS_PER_ANCHOR
from latentpress.parts.critics import feature_distance, frozen, square_fooling_loss
from latentpress.parts.rate_table import mix_for_rates
from latentpress.parts.texture import texture_distance
from latentpress.systems.agustsson.layout import REACH, codes_at
from latentpress.systems.agustsson.net import AgustssonNet, AgustssonSizes
from latentpress.training.adversarial import AdversarialTraining
from latentpress.training.basis import starting_basis
from latentpress.training.data import Pictures
from latentpress.training.latent import Noise, Outcome
from latentpress.training.schedule import setting
from latentpress.training.system import psnr_of

__all__ = ["AgustssonObjective", "AgustssonTraining"]

_HALF = 127.5  # grey levels that are 1 in the losses
_STRIDE = 16


@dataclass(frozen=True)
class AgustssonObjective:
    """What the codec makes small: ``error`` * squared error where codes are kept, ``matching`` * `feature_distance`,
    ``texture`` * `texture_distance`, and what the critics say against it. ``parts``: share of the crops of which codes
    are kept in a rectangle alone.
    """

    error: float = setting(12.0, at_least=0.0)
    matching: float = setting(1.0, at_least=0.0)
    texture: float = setting(0.2, at_least=0.0)
    parts: float = setting(0.25, at_least=0.0, at_most=1.0)


class AgustssonTraining(AdversarialTraining):
    """Of the codes of each place as many are used as its crop's rate has, so that the first ones hold the most."""

    model_type = AgustssonSizes
    sections: ClassVar[Mapping[str, type[Any]]] = {"objective": AgustssonObjective}
    figures: ClassVar[tuple[str, ...]] = ("bpp", "psnr", "texture", "matching", "disbelief", "critic")

    def network(self, samples: Pictures | None) -> AgustssonNet:
        """A codec that codes like its starting transform, and critics that know nothing."""
        return AgustssonNet(self.model, starting_basis(self.plan, samples))

    def noises(self) -> Sequence[tuple[int, int]]:
        """None: codes are rounded from the first step on."""
        return []

    def draw(self, samples: Pictures, rng: np.random.Generator) -> tuple[Tensor, ...]:
        """Crops, rate indices, and the places (B, 1, h, w) whose codes are kept."""
        crops, rates = super().draw(samples, rng)
        side = self.schedule.crop // _STRIDE
        kept = torch.ones(len(crops), 1, side, side)
        for number in np.flatnonzero(rng.random(len(crops)) < self.objective.parts):
            (top, bottom), (left, right) = np.sort(rng.integers(0, side, (2, 2)), axis=1)
            kept[number].zero_()[:, top : bottom + 1, left : right + 1] = 1
        return crops, rates, kept

    def code(self, net: Any, x: Tensor, rates: Tensor, noise: Noise, hard: bool) -> Outcome:
        """See `LatentTraining.code`; ``noise`` is what `draw` says is kept. Bits are a bound, log2(5) a code."""
        count = torch.tensor([codes_at(rate, STEPS_PER_ANCHOR) for rate in rates.tolist()])
        kept = (torch.arange(self.model.latents) < count[:, None])[:, :, None, None].to(x.dtype)
        places = noise[0] if noise else torch.ones(len(x), 1, x.shape[2] // _STRIDE, x.shape[3] // _STRIDE)
        picture, codes = net(x, mix_for_rates(rates, self.model.anchors), kept * places)
        bits = math.log2(2 * REACH + 1) * count * places.sum(dim=(1, 2, 3))
        return Outcome(bits, picture, values=codes)

    def loss(self, net: Any, *drawn: Tensor) -> tuple[Tensor, Tensor]:
        """The codec's loss; figures: bits a pixel, PSNR of what is kept, texture, matching, the critics' disbelief."""
        crops, rates, places = drawn
        x, aims = self.pixels(crops), self.objective
        outcome = self.code(net, x, rates, (places,), True)
        values = self.shown(x, outcome)
        inside = torch.nn.functional.interpolate(places, scale_factor=float(_STRIDE))
        error = ((outcome.picture - x).square() * inside).sum() / (3 * inside.sum()).clamp_min(1)
        texture = texture_distance(outcome.picture, x).mean()
        with frozen(net.critic):
            seen = net.critic(outcome.picture, values)
            matching = feature_distance(net.critic(x, values), seen)
        disbelief = square_fooling_loss(seen)
        total = aims.error * error / _HALF**2 + aims.matching * matching + aims.texture * texture + disbelief
        figures = [outcome.bpp().mean(), psnr_of(error), texture, matching, disbelief]
        return total, torch.stack([figure.detach() for figure in figures])

    def cost(self, outcome: Outcome, x: Tensor, rates: Tensor) -> Tensor:
        """What weights are chosen by, where no critic is asked: error and texture."""
        aims, error = self.objective, outcome.mse(x).mean() / _HALF**2
        total: Tensor = aims.error * error + aims.texture * texture_distance(outcome.picture, x).mean()
        return total

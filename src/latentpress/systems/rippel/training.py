"""Training of `rippel`: a code length that neighbours make short, and critics (Rippel and Bourdev 2017)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from latentpress.parts.quantise import straight_through
from latentpress.parts.rate_table import mix_for_rates
from latentpress.systems.rippel.layout import AIM
from latentpress.systems.rippel.net import RippelNet, RippelSizes
from latentpress.training.adversarial import AdversarialTraining
from latentpress.training.basis import starting_basis
from latentpress.training.data import Pictures
from latentpress.training.latent import Noise, Objective, Outcome
from latentpress.training.schedule import setting

__all__ = ["RippelObjective", "RippelTraining", "code_length"]

_NEIGHBOURS = ((0, 1), (1, 0), (1, 1), (-1, 1))  # rows and columns away


@dataclass(frozen=True)
class RippelObjective(Objective):
    """Rate and distortion, and ``fooling`` * what the critics say against the codec."""

    fooling: float = setting(0.05, at_least=0.0)


class RippelTraining(AdversarialTraining):
    """The rate is that of `code_length`, in units that make it the entropy of what was really coded."""

    model_type = RippelSizes
    sections: ClassVar[Mapping[str, type[Any]]] = {"objective": RippelObjective}
    figures: ClassVar[tuple[str, ...]] = ("bpp", "psnr", "disbelief", "critic")

    def network(self, samples: Pictures | None) -> RippelNet:
        """A codec that codes like its starting transform, and critics that know nothing."""
        return RippelNet(self.model, starting_basis(self.plan, samples))

    def noises(self) -> Sequence[tuple[int, int]]:
        """None: codes are rounded from the first step on."""
        return []

    def code(self, net: Any, x: Tensor, rates: Tensor, noise: Noise, hard: bool) -> Outcome:
        """See `LatentTraining.code`."""
        mix = mix_for_rates(rates, self.model.anchors)
        y = net.analysis(x, mix)
        # what lies beyond six bits is lost, and has to come back by itself: rounding hides its slope
        codes = straight_through(y, y.detach().round().clamp(-AIM, AIM))
        length = code_length(codes)
        unit = _entropy(codes.detach()) / length.detach().clamp_min(1e-6)
        beyond = (y.abs() - AIM).clamp_min(0).square().sum(dim=(1, 2, 3))
        return Outcome(length * unit + beyond, net.synthesis(codes, mix), values=codes)


def code_length(codes: Tensor) -> Tensor:
    """The regulariser of a code's length (B,) for codes (B, M, h, w): the sum of log2(1 + |code|), and of the same of
    its differences to four neighbours.
    """
    total = torch.log2(1 + codes.abs()).sum(dim=(1, 2, 3))
    for down, right in _NEIGHBOURS:
        moved = torch.roll(codes, (down, right), dims=(2, 3))
        rows = slice(1, None) if down > 0 else slice(None, -1) if down else slice(None)
        differences = (codes - moved)[:, :, rows, right:]
        total = total + torch.log2(1 + differences.abs()).sum(dim=(1, 2, 3)) / len(_NEIGHBOURS)
    return total


def _entropy(codes: Tensor) -> Tensor:
    """Bits of each picture's codes (B,), as many as the batch's own statistics of each channel give."""
    symbols = (codes + AIM).long()
    counts = torch.zeros(codes.shape[1], 2 * AIM + 1, device=codes.device)
    channel = torch.arange(codes.shape[1], device=codes.device)[None, :, None, None].expand_as(symbols)
    counts.view(-1).index_add_(0, (channel * counts.shape[1] + symbols).flatten(), torch.ones(symbols.numel()))
    bits = -torch.log2(counts / counts.sum(dim=1, keepdim=True))
    found: Tensor = bits[channel, symbols].sum(dim=(1, 2, 3))
    return found

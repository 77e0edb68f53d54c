"""The networks of the lifting steps, and the wavelet with them in torch, for training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from latentpress.parts.integer import IntegerConv2d
from latentpress.parts.quantise import clamp_ste, straight_through
from latentpress.systems.learned_lifting.layout import BITS, FINE_BITS, FINE_HIGH, LARGEST, PREDICT, UPDATE, Sight
from latentpress.training.schedule import setting

__all__ = ["Lifting", "LiftingConfig"]


@dataclass(frozen=True)
class LiftingConfig:
    """``predict``, ``update``: hidden channels of the two networks."""

    predict: int = setting(24, at_least=1)
    update: int = setting(12, at_least=1)


class Lifting(nn.Module):
    """Two perceptrons of two hidden layers, the same at all levels and for rows and columns, which start at zero: at
    the reversible 5/3 wavelet.
    """

    def __init__(self, config: LiftingConfig) -> None:
        super().__init__()
        self.predict, self.update = _perceptron(PREDICT, config.predict), _perceptron(UPDATE, config.update)

    def bands(self, planes: Tensor, levels: int, silent: bool = False) -> list[Tensor]:
        """Bands of planes (B, H, W) of whole numbers, whose gradients are those of the networks: of each level, from
        the finest on, three of detail, then the coarse planes. silent: without the networks, of the 5/3 wavelet.
        """
        found = []
        for _ in range(levels):
            low, high = self.split(planes, silent)
            quarters = (
                part.transpose(1, 2) for half in (low, high) for part in self.split(half.transpose(1, 2), silent)
            )
            planes, *details = quarters
            found += details
        return [*found, planes]

    def split(self, x: Tensor, silent: bool = False) -> tuple[Tensor, Tensor]:
        """Low and high band (B, H / 2, W) of the rows of (B, H, W)."""
        even, odd = x[:, 0::2], x[:, 1::2]
        mean = _whole((even + torch.cat([even[:, 1:], even[:, -1:]], 1)) / 2)
        odd = odd - mean
        if not silent:
            odd = odd - _answer(self.predict, even, PREDICT, 1 - PREDICT.before, mean)
        even = even + _whole((torch.cat([odd[:, :1], odd[:, :-1]], 1) + odd + 2) / 4)
        if not silent:
            even = even + _answer(self.update, odd, UPDATE, -UPDATE.before, torch.zeros_like(odd))
        return even, odd


def _perceptron(sight: Sight, hidden: int) -> nn.Sequential:
    fine: dict[str, Any] = {"out_bits": FINE_BITS, "out_high": FINE_HIGH}
    inner: dict[str, Any] = {"in_bits": FINE_BITS, "in_high": FINE_HIGH}
    layers = (
        IntegerConv2d(sight.count, hidden, in_bits=BITS, in_high=LARGEST, **fine),
        IntegerConv2d(hidden, hidden, **inner, **fine),
        IntegerConv2d(hidden, 1, **inner, out_bits=BITS, out_low=-LARGEST, out_high=LARGEST, zero=True),
    )
    for layer in layers:
        layer.bias.requires_grad_(False)  # what is flat stays so: an answer other than nothing would cost all its bits
    return nn.Sequential(*layers)


def _answer(net: nn.Module, samples: Tensor, sight: Sight, first: int, less: Tensor) -> Tensor:
    """What a network answers, in levels; see `NetworkWavelet`."""
    _, height, width = samples.shape
    padding = (sight.aside, sight.aside, -first, sight.before + sight.after - 1 + first)
    padded = F.pad(samples[:, None], padding, mode="replicate")[:, 0]
    places = [divmod(place, 2 * sight.aside + 1) for place in range(sight.count)]
    features = torch.stack([padded[:, y : y + height, x : x + width] - less for y, x in places], 1)
    answers = net(clamp_ste(features, -LARGEST, LARGEST) * 2.0**-BITS)[:, 0] * 2.0**BITS
    return straight_through(answers, torch.round(answers))


def _whole(x: Tensor) -> Tensor:
    return straight_through(x, torch.floor(x))

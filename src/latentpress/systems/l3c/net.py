"""The networks of L3C: encoders in floats, which only an encoder runs, and predictors in integers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from latentpress.parts.integer import FEATURE_BITS, IntegerConv2d
from latentpress.parts.mixtures import Block, Doubling, MixtureHead, mixture_bits, pixel_bits
from latentpress.parts.quantise import clamp_ste, round_ste
from latentpress.systems.l3c.layout import CHANNELS, LEVEL_BITS, LEVELS, MIDDLE, SCALES
from latentpress.training.schedule import setting

__all__ = ["Analysis", "L3cConfig", "L3cNet", "Predictor"]

_INPUT = 8  # what values 0..24 are multiplied by, to stand beside activations 0..255


@dataclass(frozen=True)
class L3cConfig:
    """width: channels of all layers (published: 64); blocks: of two 3x3 layers in every predictor (8); components: of
    the mixtures (10).
    """

    width: int = setting(32, at_least=1)
    blocks: int = setting(2, at_least=0)
    components: int = setting(3, at_least=1, at_most=4)


class Analysis(nn.Module):
    """Pixels (B, 3, H, W) in grey levels to coarser forms, whole numbers 0..24: (B, 5, H / 2, W / 2) and so on. They
    begin with the means of R, G and B in their first three channels.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        inputs = [3] + [width] * (SCALES - 1)
        self.down = nn.ModuleList(nn.Conv2d(n, width, 5, stride=2, padding=2) for n in inputs)
        self.inner = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in inputs)
        self.out = nn.ModuleList(nn.Conv2d(width, CHANNELS, 1) for _ in inputs)
        with torch.no_grad():
            for down, inner, out in zip(self.down, self.inner, self.out, strict=True):
                for c in range(3):
                    _nothing(down, c)
                    down.weight[c, c, 2:4, 2:4] = 0.25
                    _nothing(inner, c)
                    _nothing(out, c)
                    out.weight[c, c, 0, 0] = 1.0

    def forward(self, pixels: Tensor) -> list[Tensor]:
        x, found = pixels / 256, []
        for down, inner, out in zip(self.down, self.inner, self.out, strict=True):
            x = F.leaky_relu(down(x), 0.1)
            x = x + F.leaky_relu(inner(x), 0.1)
            found.append(clamp_ste(round_ste((LEVELS - 1) * out(x)), 0, LEVELS - 1))
        return found


class Predictor(nn.Module):
    """A form (B, 5, H, W), and features of the predictor of the one that is coarser (B, width, H, W) in 1/32, to what
    the next finer form or the picture is like, (B, n, 2 H, 2 W), and features of that resolution, in 1/32. Means begin
    with the first three channels of the form.
    """

    def __init__(self, config: L3cConfig, coarsest: bool, finest: bool) -> None:
        super().__init__()
        width = config.width
        inputs = CHANNELS if coarsest else CHANNELS + width
        self.enter = IntegerConv2d(inputs, width, 3, in_bits=FEATURE_BITS, in_high=255, out_bits=FEATURE_BITS)
        self.blocks = nn.Sequential(*(Block(width) for _ in range(config.blocks)))
        self.doubling = Doubling(width, width)
        if finest:
            self.head = MixtureHead(width, 3, config.components, further=3, octave=2)
        else:
            self.head = MixtureHead(width, CHANNELS, config.components, middle=MIDDLE, octave=-1)
        # an activation of a stands for 4 a levels; a mean moves by 16 for 1 (`MixtureHead`)
        slope, middle = (4 * 256 / (LEVELS - 1) / 16, 128 / 16) if finest else (4 / 16, MIDDLE / 16)
        with torch.no_grad():
            for c in range(3):
                _nothing(self.enter, c)
                self.enter.weight[c, c, 1, 1] = 1.0
                for block in self.blocks:
                    _nothing(block.second, c)  # type: ignore[arg-type]  # an integer layer
                for k in range(4):
                    _nothing(self.doubling.layer, 4 * c + k)
                    self.doubling.layer.weight[4 * c + k, c, 0, 0] = 1.0
                for k in range(config.components):
                    self.head.means.weight[config.components * c + k, c, 0, 0] = slope
                    self.head.means.bias[config.components * c + k] = -middle

    def forward(self, form: Tensor, *coarser: Tensor) -> tuple[Tensor, Tensor]:
        unit = 2.0**-FEATURE_BITS
        x = torch.cat([form * (_INPUT * unit), *(features * unit for features in coarser)], dim=1)
        features = self.doubling(self.blocks(self.enter(x)))
        return self.head(features), features / unit


def _nothing(layer: nn.Conv2d | IntegerConv2d, channel: int) -> None:
    """Let a channel of a layer begin with nothing."""
    layer.weight[channel] = 0.0
    assert layer.bias is not None
    layer.bias[channel] = 0.0


class L3cNet(nn.Module):
    """Encoders and predictors of all scales; predictors[0] gives the picture."""

    def __init__(self, config: L3cConfig) -> None:
        super().__init__()
        self.analysis = Analysis(config.width)
        self.predictors = nn.ModuleList(Predictor(config, s == SCALES - 1, s == 0) for s in range(SCALES))

    def forward(self, pixels: Tensor) -> Tensor:
        """Bits a sample of the picture, of each form, finest first, and of the coarsest: (SCALES + 1,)."""
        forms: Sequence[Tensor] = self.analysis(pixels)
        coarser: tuple[Tensor, ...] = ()
        bits = [forms[-1].new_tensor(math.log2(LEVELS) * forms[-1].numel())]
        for s in range(SCALES - 1, -1, -1):
            predictor: Any = self.predictors[s]
            outputs, features = predictor(forms[s], *coarser)
            coarser = (features,)
            if s:
                mixtures, _ = predictor.head.apart(outputs)
                bits.append(mixture_bits(mixtures, forms[s - 1], 0.0, LEVEL_BITS).sum())
            else:
                bits.append(pixel_bits(predictor.head, outputs, pixels, torch.full_like(pixels, 128.0)).sum())
        return torch.stack(bits[::-1]) / pixels.numel()

"""The networks of L3C: encoders in floats, which only an encoder runs, and predictors in integers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from latentpress.codecs.lossless.pyramid import between, unknown
from latentpress.parts.integer import FEATURE_BITS
from latentpress.parts.mixtures import FOLLOW, Block, Doubling, Entry, MixtureHead, mixture_bits, pixel_bits
from latentpress.parts.quantise import clamp_ste, round_ste
from latentpress.systems.l3c.layout import LEARNED, LEVEL_BITS, LEVELS, MIDDLE, SCALES
from latentpress.training.schedule import setting

__all__ = ["Analysis", "L3cConfig", "L3cNet", "Predictor"]

_INPUT = 8  # what levels 0..24 are multiplied by, to stand beside activations 0..255


@dataclass(frozen=True)
class L3cConfig:
    """width: channels of all layers (published: 64); blocks: of two 3x3 layers in every predictor (8); components: of
    the mixtures (10).
    """

    width: int = setting(32, at_least=1)
    blocks: int = setting(2, at_least=0)
    components: int = setting(3, at_least=1, at_most=4)


class Analysis(nn.Module):
    """Pixels (B, 3, H, W) in grey levels to the learned channels of all forms but the coarsest, whole numbers 0..24:
    (B, 2, H / 2, W / 2) and so on.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        inputs = [3] + [width] * (SCALES - 2)
        self.down = nn.ModuleList(nn.Conv2d(n, width, 5, stride=2, padding=2) for n in inputs)
        self.inner = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in inputs)
        self.out = nn.ModuleList(nn.Conv2d(width, LEARNED, 1) for _ in inputs)

    def forward(self, pixels: Tensor) -> list[Tensor]:
        x, found = pixels / 256, []
        for down, inner, out in zip(self.down, self.inner, self.out, strict=True):
            x = F.leaky_relu(down(x), 0.1)
            x = x + F.leaky_relu(inner(x), 0.1)
            found.append(clamp_ste(round_ste(MIDDLE + MIDDLE * out(x)), 0, LEVELS - 1))
        return found


class Predictor(nn.Module):
    """A form (B, 5, H, W), which is R, G, B and learned channels (the coarsest: R, G, B), and features of the predictor
    of the coarser one (B, width, H, W) in 1/32, to what the next finer form is like: R, G and B around `between`
    (B, n, 2 H, 2 W), learned channels (B, m, 2 H, 2 W), which the picture has none of, and features in 1/32.
    """

    def __init__(self, config: L3cConfig, coarsest: bool, finest: bool) -> None:
        super().__init__()
        width = config.width
        self.enter = Entry(3, 0 if coarsest else LEARNED + width, width)
        self.blocks = nn.Sequential(*(Block(width) for _ in range(config.blocks)))
        self.doubling = Doubling(width, width)
        self.head = MixtureHead(width, 3, config.components, FOLLOW)
        self.learned = None if finest else MixtureHead(width, LEARNED, config.components, octave=-1)

    def forward(self, form: Tensor, *coarser: Tensor) -> tuple[Tensor, ...]:
        unit = 2.0**-FEATURE_BITS
        others = [_INPUT * unit * form[:, 3:], *(features * unit for features in coarser)] if coarser else []
        features = self.doubling(self.blocks(self.enter(form[:, :3], *others)))
        found = (self.head(features), features / unit)
        return found if self.learned is None else (*found, self.learned(features))


class L3cNet(nn.Module):
    """Encoders and predictors of all scales; predictors[0] gives the picture."""

    def __init__(self, config: L3cConfig) -> None:
        super().__init__()
        self.analysis = Analysis(config.width)
        self.predictors = nn.ModuleList(Predictor(config, s == SCALES - 1, s == 0) for s in range(SCALES))

    def forward(self, pixels: Tensor) -> Tensor:
        """Bits a sample of the picture, of each form, finest first, and of the coarsest: (SCALES + 1,)."""
        learned: Sequence[Tensor] = self.analysis(pixels)
        colours = [pixels[..., :: 2**s, :: 2**s] for s in range(SCALES + 1)]
        form, coarser = colours[SCALES], list[Tensor]()
        bits = [pixels.new_tensor(8.0 * form.numel())]
        for s in range(SCALES - 1, -1, -1):
            predictor: Any = self.predictors[s]
            outputs, features, *others = predictor(form, *coarser)
            each = pixel_bits(predictor.head, outputs, colours[s], between(colours[s + 1]))
            bits.append(each[..., torch.from_numpy(unknown(*each.shape[-2:]))].sum())
            if s:
                mixtures, _ = predictor.learned.apart(others[0])
                bits[-1] = bits[-1] + mixture_bits(mixtures, learned[s - 1], float(MIDDLE), LEVEL_BITS).sum()
                form, coarser = torch.cat([colours[s], learned[s - 1]], dim=1), [features]
        return torch.stack(bits[::-1]) / pixels.numel()

"""The networks of Bai et al. 2021: a learned transform of blocks, and integer networks for latents and residual."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from latentpress.codecs.lossless.pyramid import unknown
from latentpress.parts.integer import FEATURE_BITS, IntegerConv2d
from latentpress.parts.mixtures import Block, Doubling, Entry, MixtureHead, ResidualNet, mixture_bits
from latentpress.parts.quantise import clamp_ste, round_ste
from latentpress.systems.bai.layout import BLOCK, CHROMA, LATENTS, LIMIT, LUMA, MEANS, likely
from latentpress.training.schedule import setting
from latentpress.transforms import zigzag
from latentpress.transforms.dct import dct_matrix

__all__ = ["BaiConfig", "BaiNet"]

_STEP, _STEP_OF_MEANS = 10.0, 14.0  # of latents at the start, in an orthonormal transform of grey levels
_OFTEN, _SELDOM = 8.0, 2.0  # what latents and means are multiplied by, to stand beside features


@dataclass(frozen=True)
class BaiConfig:
    """width: channels of all layers; blocks: of two 3x3 layers for the residual; components: of its mixtures;
    prior_components: of those of latents. distortion: weight of the lossy picture's squared error.
    """

    width: int = setting(32, at_least=1)
    blocks: int = setting(2, at_least=0)
    components: int = setting(3, at_least=1, at_most=4)
    prior_components: int = setting(2, at_least=1, at_most=4)
    distortion: float = setting(0.002, at_least=0)


class Analysis(nn.Module):
    """Pixels (B, 3, H, W) in grey levels to latents (B, LATENTS, H / 8, W / 8), whole numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.transform = nn.Conv2d(3 * BLOCK**2, LATENTS, 1, bias=False)
        with torch.no_grad():
            self.transform.weight[..., 0, 0] = _basis() / _steps()[:, None]

    def forward(self, x: Tensor) -> Tensor:
        return clamp_ste(round_ste(self.transform(F.pixel_unshuffle(x - 128, BLOCK))), -LIMIT, LIMIT)


class Synthesis(nn.Module):
    """Latents to the lossy picture (B, 3, H, W), 0..255, in whole numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.transform = IntegerConv2d(
            LATENTS, 3 * BLOCK**2, in_bits=0, in_high=LIMIT, out_bits=0, out_low=-512, out_high=511
        )
        with torch.no_grad():
            self.transform.weight[..., 0, 0] = (_basis() * _steps()[:, None]).T

    def forward(self, y: Tensor) -> Tensor:
        return (F.pixel_shuffle(self.transform(y), BLOCK) + 128).clamp(0, 255)


class Prior(nn.Module):
    """Latents of every second block of every second row to mixtures around what is `likely` (B, n, 2 H, 2 W). The same
    network for all levels.
    """

    scale: Tensor

    def __init__(self, config: BaiConfig) -> None:
        super().__init__()
        scale = torch.full((LATENTS, 1, 1), _OFTEN)
        scale[MEANS] = _SELDOM
        self.register_buffer("scale", scale * 2.0**-FEATURE_BITS)
        self.enter = Entry(0, LATENTS, config.width)
        self.block = Block(config.width)
        self.doubling = Doubling(config.width, config.width)
        self.head = MixtureHead(config.width, LATENTS, config.prior_components, octave=-1)

    def forward(self, coarse: Tensor) -> Tensor:
        limit = 255 * 2.0**-FEATURE_BITS
        seen = (coarse * self.scale).clamp(-limit, limit)
        outputs: Tensor = self.head(self.doubling(self.block(self.enter.layer(seen))))
        return outputs

    def bits(self, y: Tensor) -> Tensor:
        """Bits of latents (B, LATENTS, H, W), of all levels together."""
        if max(y.shape[2:]) == 1:
            return y.new_tensor(8.0 * y.numel())
        coarse = y[..., ::2, ::2]
        height, width = y.shape[2:]
        mixtures, _ = self.head.apart(self(coarse)[..., :height, :width])
        base = likely(coarse.detach())[..., :height, :width]
        each = mixture_bits(mixtures, y + 128, base + 128, 8)
        return each[..., torch.from_numpy(unknown(height, width))].sum() + self.bits(coarse)


class BaiNet(nn.Module):
    """All of it."""

    def __init__(self, config: BaiConfig) -> None:
        super().__init__()
        self.analysis, self.synthesis, self.prior = Analysis(), Synthesis(), Prior(config)
        self.residual = ResidualNet(config.width, config.blocks, config.components)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Bits a sample of the latents and of the residual, and the lossy picture's mean squared error."""
        y = self.analysis(pixels)
        lossy = round_ste(self.synthesis(y))
        residual = self.residual.bits(pixels, lossy).mean()
        return self.prior.bits(y) / pixels.numel(), residual, (pixels - lossy).square().mean()


def _basis() -> Tensor:
    """(LATENTS, 3 * 64): cosines of a block, low frequencies first, of brightness and two differences of colour."""
    cosines = torch.from_numpy(dct_matrix(BLOCK))
    planes = torch.einsum("ui,vj->uvij", cosines, cosines).reshape(BLOCK**2, -1)[torch.from_numpy(zigzag(BLOCK))]
    colours = torch.tensor([[1.0, 1.0, 1.0], [1.0, 0.0, -1.0], [1.0, -2.0, 1.0]])
    colours = colours / colours.norm(dim=1, keepdim=True)
    chosen = [planes[:count] for count in (LUMA, CHROMA, CHROMA)]
    rows = [torch.einsum("c,np->ncp", colour, some) for colour, some in zip(colours, chosen, strict=True)]
    return torch.cat(rows).reshape(LATENTS, -1)


def _steps() -> Tensor:
    steps = torch.full((LATENTS,), _STEP)
    steps[MEANS] = _STEP_OF_MEANS
    return steps

"""A variable-rate mean-scale hyperprior made for CPUs: the network of the flagship and of its kin.

Mean-scale hyperprior: Balle et al. 2018 (arXiv 1802.01436), Minnen et al. 2018 (arXiv 1809.02736). Context in two or
four passes: places of a checkerboard (He et al. 2021, arXiv 2103.15306) or of 2x2 squares crossed with classes of
channels (He et al. 2022, ELIC, arXiv 2203.10886; Li et al. 2023, DCVC-DC, arXiv 2302.14402). The transforms are those
of `latentpress.parts.block_transforms`.

Shapes below: a picture is (B, 3, H, W) with H and W multiples of 16, latents y are (B, M, H/16, W/16), hyper latents
z are (B, Z, H/64, W/64). ``mix`` (B, anchors) are the interpolation weights of the rate (``rate_table``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from latentpress.codecs.mean_scale.layout import CONTEXT_LIMIT, HYPER_LIMIT, MEAN_BITS
from latentpress.codecs.scales import SCALE_BITS
from latentpress.errors import InvalidInputError
from latentpress.parts.block_transforms import Analysis, Synthesis, TransformSizes
from latentpress.parts.blocks import patches
from latentpress.parts.integer import FEATURE_BITS, IntegerConv2d, delta_head, hidden_layer, spatial_layer
from latentpress.parts.likelihood import initial_index, scale_index
from latentpress.parts.quantise import straight_through
from latentpress.parts.rate_table import IntegerRateTable
from latentpress.transforms.klt import KltBasis

__all__ = ["Context", "HyperAnalysis", "HyperSizes", "HyperSynthesis", "MeanScaleSizes", "MeanScaleNet"]


class HyperSizes(Protocol):
    """What the hyper networks need to know."""

    @property
    def latents(self) -> int:
        """M, channels of latents."""

    @property
    def hyper_latents(self) -> int:
        """Z, channels of hyper latents."""

    @property
    def features(self) -> int:
        """F, channels of the entropy networks."""

    @property
    def anchors(self) -> int:
        """Of the rate."""


@dataclass(frozen=True, kw_only=True)
class MeanScaleSizes(TransformSizes):
    """Sizes of the network. The defaults decode at about 10 kMAC a pixel.

    ``hyper_latents`` Z; ``features`` channels of the entropy networks; ``passes`` (2 or 4) in which latents are coded.
    """

    hyper_latents: int = 48
    features: int = 128
    passes: int = 2

    def __post_init__(self) -> None:
        if self.passes not in (2, 4):
            raise InvalidInputError(f"passes must be 2 or 4, not {self.passes}")


class HyperAnalysis(nn.Module):
    """Latents in quantisation steps to hyper latents (before rounding). Height and width multiples of 4 (pad with
    zeros). ``signed``: it sees their signs too, for hyper latents that tell means.
    """

    def __init__(self, config: HyperSizes, *, signed: bool = False) -> None:
        super().__init__()
        f = config.features
        self.signed = signed
        self.embed = nn.Conv2d((1 + signed) * config.latents, f, 1)
        self.spatial = nn.Conv2d(f, f, 3, padding=1, groups=f)
        self.middle = nn.Conv2d(4 * f, f, 1)
        self.spatial2 = nn.Conv2d(f, f, 3, padding=1, groups=f)
        self.head = nn.Conv2d(4 * f, config.hyper_latents, 1)

    def forward(self, y: Tensor) -> Tensor:
        h = torch.log1p(y.abs())  # magnitudes over four decades; their local size is what the scales need
        if self.signed:
            h = torch.cat([h, h * torch.sign(y)], dim=1)
        h = self.spatial(F.leaky_relu(self.embed(h), 0.1))
        h = F.leaky_relu(patches(h, self.middle, 2), 0.1)
        return patches(F.leaky_relu(self.spatial2(h), 0.1), self.head, 2)


class HyperSynthesis(nn.Module):
    """Hyper latents to features for all passes, and means and scale indices of the first. On the integer path.

    ``initial`` (anchors, M): scale indices to begin with.
    """

    def __init__(self, config: HyperSizes, initial: Tensor) -> None:
        super().__init__()
        f, m, z = config.features, config.latents, config.hyper_latents
        # Point-wise: on crops of 128 pixels there are 2x2 hyper latents, and a 3x3 layer would only ever see corners.
        self.enter = IntegerConv2d(z, f, in_bits=0, in_high=HYPER_LIMIT, out_bits=FEATURE_BITS)
        self.up1 = hidden_layer(f, 4 * f)
        self.spatial1 = spatial_layer(f)
        self.up2 = hidden_layer(f, 4 * f)
        self.spatial2 = spatial_layer(f)
        self.rate_shift = IntegerRateTable(config.anchors, f, FEATURE_BITS)
        self.trunk = hidden_layer(f, f)
        self.mean = delta_head(f, m, MEAN_BITS)
        self.scale = delta_head(f, m, SCALE_BITS)
        self.scale_offset = IntegerRateTable(config.anchors, m, SCALE_BITS, initial)
        self.hyper_scale = IntegerRateTable(config.anchors, z, SCALE_BITS, float(scale_index(torch.tensor(0.8))))

    def hyper_index(self, mix: Tensor) -> Tensor:
        """Scale index of each hyper latent channel (B, Z, 1, 1)."""
        index: Tensor = self.hyper_scale(mix)
        return index

    def forward(self, z: Tensor, mix: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        h = F.pixel_shuffle(self.up1(self.enter(z)), 2)
        h = F.pixel_shuffle(self.up2(self.spatial1(h).clamp_min(0)), 2)
        h = self.spatial2(h)
        limit = 127.0 * 2.0**-FEATURE_BITS
        h = (h + self.rate_shift(mix).clamp(-limit, limit)).clamp_min(0)
        features = self.trunk(h)
        return features, self.mean(features), self.scale(features) + self.scale_offset(mix)


def _compressed_magnitude(v: Tensor, integer: bool) -> Tensor:
    """|v| on a grid that coarsens with size, 0..255 in units of the feature grid: exact in integers.

    In units of 1/16 step: each of the first 48, then every 4th up to 304, then every 16th up to 2,672.
    """
    a = v.abs() * 2.0**MEAN_BITS
    parts = (a.clamp_max(48), ((a - 48) * 0.25).clamp(0, 64), ((a - 304) * 0.0625).clamp(0, 143))
    if integer:
        parts = tuple(straight_through(p, torch.floor(p)) for p in parts)  # type: ignore[assignment]
    return (parts[0] + parts[1] + parts[2]) * 2.0**-FEATURE_BITS


class Context(nn.Module):
    """Corrections to means and scale indices of a later pass, from the features and the values of all passes before
    it (zero elsewhere). On the integer path.

    The mean has a linear part that works on the values themselves, so that it follows them at every rate.
    """

    def __init__(self, config: MeanScaleSizes) -> None:
        super().__init__()
        f, m = config.features, config.latents
        self.predict = IntegerConv2d(
            m,
            m,
            3,
            groups=m,
            in_bits=MEAN_BITS,
            in_high=CONTEXT_LIMIT,
            out_bits=MEAN_BITS,
            out_low=-CONTEXT_LIMIT,
            out_high=CONTEXT_LIMIT,
            max_exponent=8,
            zero=True,
        )
        self.magnitude = hidden_layer(m, f)
        self.spatial = spatial_layer(2 * f)
        self.widen = hidden_layer(2 * f, 2 * f)
        self.spatial2 = spatial_layer(2 * f)
        self.trunk = hidden_layer(2 * f, f)
        self.mean = delta_head(f, m, MEAN_BITS)
        self.scale = delta_head(f, m, SCALE_BITS)
        self.integer = False

    def forward(self, features: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        limit = CONTEXT_LIMIT * 2.0**-MEAN_BITS
        predicted = self.predict(v.clamp(-limit, limit))
        h = torch.cat([features, self.magnitude(_compressed_magnitude(v, self.integer))], dim=1)
        h = self.widen(self.spatial(h).clamp_min(0))
        h = self.trunk(self.spatial2(h).clamp_min(0))
        return self.mean(h) + predicted, self.scale(h)


class MeanScaleNet(nn.Module):
    """The whole codec as one module for training: see ``training.mean_scale.objective``."""

    def __init__(self, config: MeanScaleSizes, basis: KltBasis) -> None:
        super().__init__()
        self.config = config
        self.analysis = Analysis(config, basis)
        self.hyper_analysis = HyperAnalysis(config)
        deviations = torch.from_numpy(basis.deviations)[None] / config.steps()
        self.hyper_synthesis = HyperSynthesis(config, initial_index(deviations))
        self.contexts = nn.ModuleList(Context(config) for _ in range(config.passes - 1))
        self.synthesis = Synthesis(config, basis)

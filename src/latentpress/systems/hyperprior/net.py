"""The flagship network: a variable-rate mean-scale hyperprior made for CPUs.

Mean-scale hyperprior: Balle et al. 2018 (arXiv 1802.01436), Minnen et al. 2018 (arXiv 1809.02736). Context in two or
four passes: places of a checkerboard (He et al. 2021, arXiv 2103.15306) or of 2x2 squares crossed with classes of
channels (He et al. 2022, ELIC, arXiv 2203.10886; Li et al. 2023, DCVC-DC, arXiv 2302.14402). Transforms work at 1/8
and 1/16 resolution only; a linear block transform (KLT) stands beside each of them, so a network with zero last layers
already codes like a transform coder.

Shapes below: a picture is (B, 3, H, W) with H and W multiples of 16, latents y are (B, M, H/16, W/16), hyper latents
z are (B, Z, H/64, W/64). ``mix`` (B, anchors) are the interpolation weights of the rate (``rate_table``).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from latentpress.codecs.rates import STEPS_PER_ANCHOR, last_rate
from latentpress.codecs.scales import SCALE_BITS, SCALE_COUNT
from latentpress.parts.blocks import ResidualStage, patches, zero_
from latentpress.parts.integer import IntegerConv2d
from latentpress.parts.likelihood import scale_index
from latentpress.parts.quantise import straight_through
from latentpress.parts.rate_table import IntegerRateTable, RateTable
from latentpress.systems.hyperprior.layout import CONTEXT_LIMIT, MEAN_BITS
from latentpress.transforms.klt import BLOCK, KltBasis

__all__ = [
    "FEATURE_BITS",
    "Analysis",
    "Context",
    "HyperAnalysis",
    "HyperSynthesis",
    "HyperpriorConfig",
    "HyperpriorNet",
    "Synthesis",
]

FEATURE_BITS = 5
"""Fractional bits of the entropy networks' activations: 0..255 stands for 0..7.97."""

PIXEL_UNIT = 32.0
"""Grey levels that stand for 1 inside the transforms."""

_DELTA_LIMIT = 2**12  # largest magnitude of a predicted mean or scale offset, in units of its grid


@dataclass(frozen=True)
class HyperpriorConfig:
    """Sizes of the network. The defaults decode at about 10 kMAC a pixel.

    ``latents`` M, ``hyper_latents`` Z; ``wide`` channels at 1/16 and ``narrow`` channels at 1/8 resolution with
    ``wide_depth`` and ``narrow_depth`` residual blocks; ``features`` channels of the entropy networks; ``passes`` (2
    or 4) in which latents are coded; ``anchors`` of the rate tables; ``lambda_low`` and ``lambda_high``: the trade-off
    (weight of the mean squared error in grey levels against bits a pixel) at the first and last rate.
    """

    latents: int = 384
    hyper_latents: int = 48
    narrow: int = 128
    wide: int = 256
    narrow_depth: int = 3
    wide_depth: int = 3
    kernel: int = 3
    expansion: int = 2
    features: int = 128
    passes: int = 2
    anchors: int = 8
    lambda_low: float = 0.0008
    lambda_high: float = 0.4

    @property
    def last_rate(self) -> int:
        """The largest rate index; the smallest is 0."""
        return last_rate(self.anchors)

    @property
    def margin(self) -> int:
        """Latents beyond which neither transform sees anything: one step a spatial layer, half of it at 1/8."""
        reach = self.kernel // 2
        return -(-self.narrow_depth * reach // 2) + self.wide_depth * reach

    def lambdas(self, rates: Tensor) -> Tensor:
        """Trade-off of each rate index (B,): geometric from ``lambda_low`` to ``lambda_high``."""
        ratio = self.lambda_high / self.lambda_low
        return self.lambda_low * ratio ** (rates.to(torch.float32) / self.last_rate)

    def to_dict(self) -> dict[str, int | float]:
        """Plain values for a checkpoint or card."""
        return asdict(self)


def _initial_steps(config: HyperpriorConfig) -> Tensor:
    """Quantisation step of an orthonormal transform at each anchor: lambda = 6 / (ln 2 * step^2 / 3) at high rate."""
    anchors = torch.arange(config.anchors) * STEPS_PER_ANCHOR
    return torch.sqrt(24.0 / config.lambdas(anchors))


class Analysis(nn.Module):
    """Picture in grey levels 0..255 to latents in quantisation steps of the rate (before rounding)."""

    head_scale: Tensor

    def __init__(self, config: HyperpriorConfig, basis: KltBasis) -> None:
        super().__init__()
        c = config
        self.mean = basis.mean
        self.linear = nn.Conv2d(3 * BLOCK * BLOCK, c.latents, 1, bias=False)
        self.linear.weight.data.copy_(PIXEL_UNIT * torch.from_numpy(basis.vectors)[:, :, None, None])
        self.embed = nn.Conv2d(3 * 64, c.narrow, 1)
        self.narrow = _stage(c, c.narrow, c.narrow_depth)
        self.down = nn.Conv2d(4 * c.narrow, c.wide, 1)
        self.wide = _stage(c, c.wide, c.wide_depth)
        self.head = nn.Conv2d(c.wide, c.latents, 1)
        zero_(self.head)
        self.register_buffer("head_scale", _head_scale(basis)[None, :, None, None])
        self.log_gain = RateTable(c.anchors, c.latents, -torch.log(_initial_steps(c))[:, None])

    def forward(self, x: Tensor, mix: Tensor) -> Tensor:
        x = (x - self.mean) * (1 / PIXEL_UNIT)
        with torch.autocast(x.device.type, enabled=False):
            y = patches(x, self.linear, BLOCK)
        h = self.narrow(patches(x, self.embed, 8), mix)
        h = self.head(self.wide(patches(h, self.down, 2), mix))
        latents: Tensor = (y + h.float() * self.head_scale) * torch.exp(self.log_gain(mix))
        return latents


class Synthesis(nn.Module):
    """Latents in quantisation steps to the picture in grey levels (not clamped)."""

    normaliser: Tensor

    def __init__(self, config: HyperpriorConfig, basis: KltBasis) -> None:
        super().__init__()
        c = config
        self.mean = basis.mean
        self.log_step = RateTable(c.anchors, c.latents, torch.log(_initial_steps(c))[:, None])
        self.linear = nn.Conv2d(c.latents, 3 * BLOCK * BLOCK, 1, bias=False)
        self.linear.weight.data.copy_(torch.from_numpy(basis.vectors.T.copy())[:, :, None, None] / PIXEL_UNIT)
        self.register_buffer("normaliser", 1 / torch.from_numpy(basis.deviations)[None, :, None, None])
        self.embed = nn.Conv2d(c.latents, c.wide, 1)
        self.wide = _stage(c, c.wide, c.wide_depth)
        self.up = nn.Conv2d(c.wide, 4 * c.narrow, 1)
        self.narrow = _stage(c, c.narrow, c.narrow_depth)
        self.head = nn.Conv2d(c.narrow, 3 * 64, 1)
        zero_(self.head)

    def forward(self, v: Tensor, mix: Tensor) -> Tensor:
        y = v * torch.exp(self.log_step(mix))
        with torch.autocast(v.device.type, enabled=False):
            linear = F.pixel_shuffle(self.linear(y), BLOCK)
        h = self.up(self.wide(self.embed(y * self.normaliser), mix))
        h = self.head(self.narrow(F.pixel_shuffle(h, 2), mix))
        return (linear + F.pixel_shuffle(h.float(), 8)) * PIXEL_UNIT + self.mean


class HyperAnalysis(nn.Module):
    """Latents in quantisation steps to hyper latents (before rounding). Height and width multiples of 4 (pad with
    zeros).
    """

    def __init__(self, config: HyperpriorConfig) -> None:
        super().__init__()
        f = config.features
        self.embed = nn.Conv2d(config.latents, f, 1)
        self.spatial = nn.Conv2d(f, f, 3, padding=1, groups=f)
        self.middle = nn.Conv2d(4 * f, f, 1)
        self.spatial2 = nn.Conv2d(f, f, 3, padding=1, groups=f)
        self.head = nn.Conv2d(4 * f, config.hyper_latents, 1)

    def forward(self, y: Tensor) -> Tensor:
        h = torch.log1p(y.abs())  # magnitudes over four decades; their local size is what the scales need
        h = self.spatial(F.leaky_relu(self.embed(h), 0.1))
        h = F.leaky_relu(patches(h, self.middle, 2), 0.1)
        return patches(F.leaky_relu(self.spatial2(h), 0.1), self.head, 2)


class HyperSynthesis(nn.Module):
    """Hyper latents to features for all passes, and means and scale indices of the first. On the integer path."""

    def __init__(self, config: HyperpriorConfig, basis: KltBasis) -> None:
        super().__init__()
        f, m, z = config.features, config.latents, config.hyper_latents
        # Point-wise: on crops of 128 pixels there are 2x2 hyper latents, and a 3x3 layer would only ever see corners.
        self.enter = IntegerConv2d(z, f, in_bits=0, out_bits=FEATURE_BITS)
        self.up1 = _hidden(f, 4 * f)
        self.spatial1 = _spatial(f)
        self.up2 = _hidden(f, 4 * f)
        self.spatial2 = _spatial(f)
        self.rate_shift = IntegerRateTable(config.anchors, f, FEATURE_BITS)
        self.trunk = _hidden(f, f)
        self.mean = _head(f, m, MEAN_BITS)
        self.scale = _head(f, m, SCALE_BITS)
        deviations = torch.from_numpy(basis.deviations)[None] / _initial_steps(config)[:, None]
        initial = scale_index(0.55 * deviations.clamp_min(1e-3)).clamp(-8, SCALE_COUNT - 1)
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

    def __init__(self, config: HyperpriorConfig) -> None:
        super().__init__()
        f, m = config.features, config.latents
        self.predict = IntegerConv2d(
            m,
            m,
            3,
            groups=m,
            in_bits=MEAN_BITS,
            out_bits=MEAN_BITS,
            out_low=-CONTEXT_LIMIT,
            out_high=CONTEXT_LIMIT,
            max_exponent=8,
            zero=True,
        )
        self.magnitude = _hidden(m, f)
        self.spatial = _spatial(2 * f)
        self.widen = _hidden(2 * f, 2 * f)
        self.spatial2 = _spatial(2 * f)
        self.trunk = _hidden(2 * f, f)
        self.mean = _head(f, m, MEAN_BITS)
        self.scale = _head(f, m, SCALE_BITS)
        self.integer = False

    def forward(self, features: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        limit = CONTEXT_LIMIT * 2.0**-MEAN_BITS
        predicted = self.predict(v.clamp(-limit, limit))
        h = torch.cat([features, self.magnitude(_compressed_magnitude(v, self.integer))], dim=1)
        h = self.widen(self.spatial(h).clamp_min(0))
        h = self.trunk(self.spatial2(h).clamp_min(0))
        return self.mean(h) + predicted, self.scale(h)


class HyperpriorNet(nn.Module):
    """The whole codec as one module for training: see ``training.objective`` for the loss built on it."""

    def __init__(self, config: HyperpriorConfig, basis: KltBasis) -> None:
        super().__init__()
        self.config = config
        self.analysis = Analysis(config, basis)
        self.hyper_analysis = HyperAnalysis(config)
        self.hyper_synthesis = HyperSynthesis(config, basis)
        self.contexts = nn.ModuleList(Context(config) for _ in range(config.passes - 1))
        self.synthesis = Synthesis(config, basis)


def _stage(config: HyperpriorConfig, channels: int, depth: int) -> ResidualStage:
    return ResidualStage(channels, depth, anchors=config.anchors, kernel=config.kernel, expansion=config.expansion)


def _hidden(inputs: int, outputs: int) -> IntegerConv2d:
    """A point-wise layer with a rectifier, 8-bit activations in and out."""
    return IntegerConv2d(inputs, outputs, in_bits=FEATURE_BITS, out_bits=FEATURE_BITS)


def _spatial(channels: int) -> IntegerConv2d:
    """A depth-wise 3x3 layer with signed output."""
    return IntegerConv2d(
        channels, channels, 3, groups=channels, in_bits=FEATURE_BITS, out_bits=FEATURE_BITS, out_low=-127, out_high=127
    )


def _head(features: int, outputs: int, bits: int) -> IntegerConv2d:
    return IntegerConv2d(
        features,
        outputs,
        1,
        in_bits=FEATURE_BITS,
        out_bits=bits,
        out_low=-_DELTA_LIMIT,
        out_high=_DELTA_LIMIT,
        zero=True,
    )


def _head_scale(basis: KltBasis) -> Tensor:
    """Reach of the analysis network's correction of each latent: in proportion to its deviation, within bounds."""
    return (0.25 * torch.from_numpy(basis.deviations)).clamp(2.0, 64.0)

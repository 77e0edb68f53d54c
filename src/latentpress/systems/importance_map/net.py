"""The network of the codec `importance-map`: an autoencoder whose feature maps are cut to a bit depth for each place.

After Alexandre et al. 2019 (arXiv 1902.07385; importance masks over bit depth, bit-plane coder), Mentzer et al. 2018
(arXiv 1801.04260; residual autoencoder) and Li et al. 2018 (arXiv 1703.10553; importance net). The transforms are those
of the hyperprior, so that its weights are a start. What is new stands here: the importance net, the estimate of the
rate, and the network that gives the bit-plane coder its contexts.

Shapes: a picture is (B, 3, H, W), feature maps are (B, M, h, w) with h = H / 16, w = W / 16. ``mix`` (B, anchors) are
the interpolation weights of the rate (``rate_table``). "Dropped" (B, 1, h, w): how many of the lowest bit planes are
left out at each place.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from latentpress.errors import InvalidInputError
from latentpress.parts.block_transforms import Analysis, Synthesis, TransformSizes
from latentpress.parts.blocks import ResidualStage, zero_
from latentpress.parts.integer import FEATURE_BITS, IntegerConv2d, hidden_layer, spatial_layer
from latentpress.parts.likelihood import scale_index
from latentpress.parts.rate_table import IntegerRateTable, RateTable
from latentpress.systems.importance_map.layout import LOGIT_BITS, LOGIT_LIMIT, NOMINAL, SIGNED_BITS, SIGNED_LIMIT
from latentpress.transforms.klt import KltBasis
from latentpress.transforms.wavelet import BANDS

__all__ = [
    "Context",
    "Importance",
    "ImportanceConfig",
    "ImportanceNet",
    "RateEstimate",
]


@dataclass(frozen=True, kw_only=True)
class ImportanceConfig(TransformSizes):
    """Sizes of the network.

    ``pyramid``: feature maps, the first ones, that go through a wavelet. ``features``: channels of the importance net
    and of the estimate. ``context``: of the context network; ``signed``: feature maps whose signs it predicts.
    """

    pyramid: int = 3
    features: int = 64
    context: int = 32
    signed: int = 48

    def __post_init__(self) -> None:
        if not self.pyramid <= self.signed <= self.latents:
            raise InvalidInputError("recipe: model.pyramid, model.signed and model.latents must not fall")


class Importance(nn.Module):
    """Feature maps in quantisation steps to the planes dropped at each place, before rounding."""

    def __init__(self, config: ImportanceConfig) -> None:
        super().__init__()
        f = config.features
        self.embed = nn.Conv2d(config.latents, f, 1)
        self.stage = ResidualStage(f, 2, anchors=config.anchors, kernel=3, expansion=2)
        self.head = nn.Conv2d(f, 1, 1)
        zero_(self.head)

    def forward(self, y: Tensor, mix: Tensor) -> Tensor:
        h: Tensor = self.head(F.leaky_relu(self.stage(self.embed(torch.log1p(y.abs())), mix), 0.1))
        return h + NOMINAL


class RateEstimate(nn.Module):
    """Values in nominal quantisation steps to the scale index (``likelihood``) of each, seen from its neighbours.

    For training, and for the encoder's rounding; nothing that a decoder needs. The value itself is not looked at, nor
    are the other feature maps at its place: what stands for the coder's contexts must not see what it predicts.
    """

    around: Tensor

    def __init__(self, config: ImportanceConfig, basis: KltBasis) -> None:
        super().__init__()
        m, f = config.latents, config.features
        self.embed = nn.Conv2d(m, f, 1)
        self.near = nn.Conv2d(f, f, 3, padding=1, groups=f)
        self.trunk = nn.Conv2d(f + 1, f, 1)
        self.head = nn.Conv2d(f, m, 1)
        zero_(self.head)
        self.own = nn.Conv2d(m, m, 3, padding=1, groups=m, bias=False)
        nn.init.constant_(self.own.weight, 1.0)
        around = torch.ones(3, 3)
        around[1, 1] = 0
        self.register_buffer("around", around)
        # where quantisation begins the spread is that of the transform's coefficients, as in the hyperprior
        deviations = torch.from_numpy(basis.deviations)[None] / config.steps()
        self.offset = RateTable(config.anchors, m, scale_index(0.4 * deviations.clamp_min(1e-3)).clamp(0, 63))

    def forward(self, v: Tensor, dropped: Tensor, mix: Tensor) -> Tensor:
        size = torch.log1p(v.abs())
        h = F.conv2d(
            F.leaky_relu(self.embed(size), 0.1), self.near.weight * self.around, self.near.bias, padding=1,
            groups=self.near.groups,
        )  # fmt: skip
        h = F.leaky_relu(self.trunk(torch.cat([h, dropped - NOMINAL], dim=1)), 0.1)
        own = F.conv2d(size, self.own.weight * self.around, padding=1, groups=self.own.groups)
        index: Tensor = self.head(h) + own + self.offset(mix)
        return index


class Context(nn.Module):
    """What is known when a plane is coded, to logits for what is not. On the integer path.

    Inputs, all whole numbers on their grids: ``levels`` (B, M, h, w), log2(1 + magnitude known) in units of the plane,
    0 to 7.97; ``signed`` (B, S, h, w), the first S feature maps themselves, in such units, with the bits that are not
    known at half; ``hints`` (B, 2, h, w), the planes between this and the last one that is kept, and the number of the
    plane; ``band`` (B, BANDS, h, w), 1 for the wavelet band of the place. Outputs: logit of significance (B, M, h, w)
    and of a positive sign (B, S, h, w).
    """

    def __init__(self, config: ImportanceConfig) -> None:
        super().__init__()
        m, f, s = config.latents, config.context, config.signed
        self.pyramid = config.pyramid
        self.enter = hidden_layer(m + 2, 2 * f)
        self.spatial = spatial_layer(2 * f)
        self.narrow = hidden_layer(2 * f, f)
        self.trunk = hidden_layer(3 * f + 2, 2 * f)
        self.head = _logits(2 * f + 2, m)
        self.own = _logits(m, m, kernel=3, groups=m)
        self.offset = IntegerRateTable(config.anchors, m, LOGIT_BITS, -4.0)
        self.band = IntegerConv2d(
            BANDS, config.pyramid, in_bits=0, in_high=1, out_bits=LOGIT_BITS, out_low=-LOGIT_LIMIT,
            out_high=LOGIT_LIMIT, zero=True,
        )  # fmt: skip
        self.sign = IntegerConv2d(
            s, s, 3, in_bits=SIGNED_BITS, in_high=2 * SIGNED_LIMIT, out_bits=LOGIT_BITS, out_low=-LOGIT_LIMIT,
            out_high=LOGIT_LIMIT, zero=True,
        )  # fmt: skip

    def forward(
        self, levels: Tensor, signed: Tensor, hints: Tensor, band: Tensor, mix: Tensor
    ) -> tuple[Tensor, Tensor]:
        h = self.enter(torch.cat([levels, hints], dim=1))
        h = torch.cat([h, self.narrow(self.spatial(h).clamp_min(0)), hints], dim=1)
        h = torch.cat([self.trunk(h), hints], dim=1)
        logit = self.head(h) + self.own(levels) + self.offset(mix)
        count = self.pyramid
        logit = torch.cat([logit[:, :count] + self.band(band), logit[:, count:]], dim=1)
        return logit, self.sign(signed)


class ImportanceNet(nn.Module):
    """The whole codec as one module for training: see `objective`."""

    def __init__(self, config: ImportanceConfig, basis: KltBasis) -> None:
        super().__init__()
        self.config = config
        self.analysis = Analysis(config, basis)
        self.importance = Importance(config)
        self.estimate = RateEstimate(config, basis)
        self.context = Context(config)
        self.synthesis = Synthesis(config, basis)


def _logits(inputs: int, outputs: int, kernel: int = 1, groups: int = 1) -> IntegerConv2d:
    return IntegerConv2d(
        inputs, outputs, kernel, groups=groups, in_bits=FEATURE_BITS, in_high=255, out_bits=LOGIT_BITS,
        out_low=-LOGIT_LIMIT, out_high=LOGIT_LIMIT, zero=True,
    )  # fmt: skip

"""The network of `agustsson`: the house's transforms with few latents of five levels, and critics at several scales."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from latentpress.errors import InvalidInputError
from latentpress.parts.block_transforms import Analysis, Synthesis, TransformSizes
from latentpress.parts.centres import Centres
from latentpress.parts.critics import MultiscaleCritic
from latentpress.systems.agustsson.layout import FEWEST, REACH
from latentpress.training.schedule import setting
from latentpress.transforms.klt import KltBasis

__all__ = ["AgustssonNet", "AgustssonSizes"]

_STEP = 0.85  # deviations between levels: the best even spacing of five for bell curves (Max 1960)


@dataclass(frozen=True)
class AgustssonSizes(TransformSizes):
    """Sizes of the transforms; ``latents`` of the last rate follow from ``anchors``. ``critic``: channels of the
    critics' first layers; ``scales``: how many critics, each seeing half the size of the one before.
    """

    latents: int = 8
    anchors: int = 3
    critic: int = setting(32, at_least=4)
    scales: int = setting(2, at_least=1, at_most=3)

    def __post_init__(self) -> None:
        if self.latents != FEWEST << (self.anchors - 1):
            raise InvalidInputError(
                f"recipe: with {self.anchors} anchors model.latents is {FEWEST << self.anchors - 1}"
            )


class AgustssonNet(nn.Module):
    """Codec and critics; the package holds the transforms. The levels stay whole numbers, only values learn of them."""

    def __init__(self, config: AgustssonSizes, basis: KltBasis) -> None:
        super().__init__()
        self.analysis, self.synthesis = Analysis(config, basis), Synthesis(config, basis)
        spread = torch.log(_STEP * torch.from_numpy(basis.deviations).clamp_min(1e-3))
        with torch.no_grad():
            self.analysis.log_gain.table.copy_(-spread.expand_as(self.analysis.log_gain.table))
            self.synthesis.log_step.table.copy_(spread.expand_as(self.synthesis.log_step.table))
        self.centres = Centres(2 * REACH + 1, REACH, sharpness=2.0).requires_grad_(False)
        self.critic = MultiscaleCritic(config.latents, config.critic, config.scales)

    def forward(self, x: Tensor, mix: Tensor, kept: Tensor) -> tuple[Tensor, Tensor]:
        """Pictures in grey levels and which codes are kept (B, latents, h, w) to reconstructions and codes."""
        codes = self.centres(self.analysis(x, mix)) * kept
        return self.synthesis(codes, mix), codes

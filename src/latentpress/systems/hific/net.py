"""The network of `hific`: a mean-scale hyperprior and the critic that its decoder may play against."""

from __future__ import annotations

from dataclasses import dataclass

from latentpress.parts.critics import PatchCritic
from latentpress.parts.mean_scale import MeanScaleNet, MeanScaleSizes
from latentpress.training.schedule import setting
from latentpress.transforms.klt import KltBasis

__all__ = ["HificNet", "HificSizes"]


@dataclass(frozen=True)
class HificSizes(MeanScaleSizes):
    """Sizes of a mean-scale hyperprior, and ``critic``: channels of the critic's first layer, a quarter of its last; 0
    for none.
    """

    critic: int = setting(32, at_least=0)


class HificNet(MeanScaleNet):
    """Codec and critic. The package holds the codec alone."""

    def __init__(self, config: HificSizes, basis: KltBasis) -> None:
        super().__init__(config, basis)
        self.critic = PatchCritic(config.latents, config.critic) if config.critic else None

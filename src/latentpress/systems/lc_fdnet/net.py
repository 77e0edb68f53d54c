"""The networks of lc-fdnet: for each of nine steps two small integer perceptrons and a threshold that learns.

After the low-frequency and high-frequency compressors of Rhee et al. 2022 (LC-FDNet), with perceptrons on gathered
features in place of 3x3 convolutions. Their threshold compares whole numbers and gets no gradient; this one does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from latentpress.parts.lossless import LosslessConfig, PlaneNet
from latentpress.parts.quantise import straight_through
from latentpress.training.schedule import setting

__all__ = ["LcFdnetConfig", "LcFdnetNet", "StepNet", "Threshold"]

_SOFTNESS = 0.25  # octaves over which the backward pass blurs the threshold


@dataclass(frozen=True)
class LcFdnetConfig:
    """Sizes: ``width`` units in each of ``depth`` hidden layers of the networks for low frequencies, and of those for
    high frequencies. ``first``: codec whose default model codes the first sub-image; its networks come along.
    """

    width: int = setting(64, at_least=1)
    depth: int = setting(3, at_least=1)
    high_width: int = setting(48, at_least=1)
    high_depth: int = setting(2, at_least=1)
    first: str = "mlp-lossless"


class Threshold(nn.Module):
    """The border between low and high frequencies: a linear function of two statistics of the sub-image's activity, its
    mean and its mean deviation, in octaves. Starts at the mean.
    """

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([0.0, 1.0, 0.0]))

    def forward(self, statistics: Tensor) -> Tensor:
        """statistics: (N, 2), to thresholds (N,)."""
        return self.weight[0] + statistics @ self.weight[1:]

    def mask(self, scale: Tensor, statistics: Tensor) -> Tensor:
        """1 where the log2 of the scale of error (N, M) is below the threshold, else 0; backwards, the slope of
        sigmoid((threshold - scale) / softness).
        """
        above = self(statistics)[:, None] - scale
        return straight_through(torch.sigmoid(above / _SOFTNESS), (above > 0).to(above.dtype))

    def whole_weights(self) -> list[int]:
        """The weights as `latentpress.systems.lc_fdnet.frequencies.threshold` takes them."""
        constant, of_mean, of_deviation = self.weight.detach().double().tolist()
        return [round(64 * constant), round(256 * of_mean), round(256 * of_deviation)]


class StepNet(nn.Module):
    """The networks of one step. inputs: of the first network; further: more inputs of the second."""

    def __init__(self, inputs: int, further: int, config: LcFdnetConfig) -> None:
        super().__init__()
        self.low = PlaneNet(inputs, LosslessConfig(config.width, config.depth))
        self.high = PlaneNet(inputs + further, LosslessConfig(config.high_width, config.high_depth))
        self.threshold = Threshold()


class LcFdnetNet(nn.Module):
    """All steps, each of which has its number of ``inputs``."""

    def __init__(self, config: LcFdnetConfig, inputs: Sequence[int], further: int) -> None:
        super().__init__()
        self.config = config
        self.steps = nn.ModuleList(StepNet(count, further, config) for count in inputs)

    def each(self) -> list[StepNet]:
        """The networks of the steps."""
        return [step for step in self.steps if isinstance(step, StepNet)]

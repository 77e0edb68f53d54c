"""What a painter learns from teachers that learn beside it (online multi-granularity distillation)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from latentpress.parts.texture import texture_distance
from latentpress.training.schedule import setting
from latentpress.training.structural import similarity

__all__ = ["Distillation", "lesson"]


@dataclass(frozen=True)
class Distillation:
    """Weights of what a student makes small (Ren et al. 2021, OMGD, arXiv:2108.06908): its distances to the output of
    each teacher, and of means of channels to theirs. ``every``: steps of the student for one of the teachers, whose
    learning rate is ``pace`` of the student's.

    ``error``: log2 of the growth of squared error. ``structure``: 1 - SSIM. ``texture``: `texture_distance`, in place
    of the features of a network that was trained to know objects. ``variation``: squared differences of neighbouring
    pixels. ``channels``: squared differences of the means over a map of its channels, at both resolutions.
    """

    error: float = setting(1.0, at_least=0.0)
    structure: float = setting(1.0, at_least=0.0)
    texture: float = setting(1.0, at_least=0.0)
    variation: float = setting(1e-5, at_least=0.0)
    channels: float = setting(1.0, at_least=0.0)
    every: int = setting(3, at_least=1)
    pace: float = setting(0.3, at_least=0.0)


def lesson(
    maps: Sequence[Tensor], taught: Sequence[Tensor], adapters: Iterable[nn.Module], growth: Tensor, aims: Distillation
) -> Tensor:
    """What the student makes small beside one teacher (B,). maps, taught: two maps and the picture, its own and those
    of the teacher, which get no gradient. adapters: 1x1 layers from its maps to the teacher's. growth (B,): of error.
    """
    made, picture = maps[-1], taught[-1]
    total = aims.error * growth + aims.variation * _variation(made)
    total = total + aims.structure * (1 - similarity(made, picture).mean(dim=(1, 2, 3)))
    total = total + aims.texture * texture_distance(made, picture)
    for own, wanted, adapter in zip(maps[:-1], taught[:-1], adapters, strict=True):
        means = [one.float().mean(dim=(2, 3), keepdim=True) for one in (own, wanted)]
        total = total + aims.channels * (adapter(means[0]) - means[1]).square().mean(dim=(1, 2, 3))
    return total


def _variation(x: Tensor) -> Tensor:
    return torch.stack([x.diff(dim=axis).square().mean(dim=(1, 2, 3)) for axis in (2, 3)]).sum(0)

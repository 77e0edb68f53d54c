"""Networks of `painter`: a synthesis, what it began as, its teachers, and the critic that they may play against."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from latentpress.parts.block_transforms import Synthesis, TransformSizes, placeholder_basis
from latentpress.parts.critics import PatchCritic
from latentpress.training.schedule import setting

__all__ = ["Blend", "PainterNet", "PainterSizes", "Teacher"]


@dataclass(frozen=True, kw_only=True)
class PainterSizes(TransformSizes):
    """Sizes of the synthesis, whose ``latents`` and ``anchors`` are those of the model that it paints for. ``critic``:
    channels of the critic's first layer, 0 for none. ``blends``: the package holds the model's own synthesis too, and
    goes from that to the painter as it is told; both have the same sizes. ``teacher_width``, ``teacher_depth``: times
    as many channels and blocks that a wide and a deep teacher have, 0 for none.
    """

    critic: int = setting(0, at_least=0)
    blends: bool = False
    teacher_width: int = setting(0, at_least=0)
    teacher_depth: int = setting(0, at_least=0)

    @property
    def teachers(self) -> list[PainterSizes]:
        """Sizes of the teachers."""
        width, depth = self.teacher_width, self.teacher_depth
        wide = replace(self, narrow=width * self.narrow, wide=width * self.wide)
        deep = replace(self, narrow_depth=depth * self.narrow_depth, wide_depth=depth * self.wide_depth)
        return [one for one, times in ((wide, width), (deep, depth)) if times]


class Teacher(nn.Module):
    """A synthesis that learns while the student does, and what fits the student's channels to its own."""

    def __init__(self, config: PainterSizes, student: PainterSizes) -> None:
        super().__init__()
        self.synthesis = Synthesis(config, placeholder_basis(config.latents))
        sizes = ((student.wide, config.wide), (student.narrow, config.narrow))
        self.adapters = nn.ModuleList(nn.Conv2d(own, wanted, 1) for own, wanted in sizes)


class PainterNet(nn.Module):
    """``synthesis`` learns, from ``teachers`` if there are any. ``base``: the synthesis of the model, if the two are
    blended; ``critic``: or None, of the teachers if there are any.
    """

    def __init__(self, config: PainterSizes) -> None:
        super().__init__()
        basis = placeholder_basis(config.latents)
        self.synthesis = Synthesis(config, basis)
        self.base = Synthesis(config, basis).requires_grad_(False) if config.blends else None
        self.critic = PatchCritic(config.latents, config.critic) if config.critic else None
        self.teachers = nn.ModuleList(Teacher(one, config) for one in config.teachers)


class Blend(nn.Module):
    """Values to pixels with weights between those of two networks: ``look`` (1,) from 0, the first, to 1, the second.

    Going over between weights needs one run where going over between pictures would need two, and gives networks in
    between that are painters themselves (Iwai et al. 2020; Wang et al. 2019, arXiv:1811.10515).
    """

    def __init__(self, first: Synthesis, second: Synthesis) -> None:
        super().__init__()
        self.network = copy.deepcopy(first)
        self.starts, self.changes = nn.ParameterDict(), nn.ParameterDict()
        self._places: list[tuple[nn.Module, str, str]] = []
        own = dict(first.named_parameters())
        for name, parameter in second.named_parameters():
            change = (parameter - own[name]).detach().to(torch.float16).to(parameter.dtype)
            if not change.any():
                continue
            path, _, leaf = name.rpartition(".")
            module, key = self.network.get_submodule(path), name.replace(".", "_")
            delattr(module, leaf)  # a weight that is a sum can be no parameter
            self.starts[key] = nn.Parameter(own[name].detach().clone(), requires_grad=False)
            self.changes[key] = nn.Parameter(change, requires_grad=False)
            self._places.append((module, leaf, key))

    def forward(self, values: Tensor, mix: Tensor, look: Tensor) -> Tensor:
        for module, leaf, key in self._places:
            setattr(module, leaf, self.starts[key] + look * self.changes[key])
        pixels: Tensor = self.network(values, mix)
        return pixels

"""Training of lc-fdnet's networks, and what its packages hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from latentpress.codecs.lossless.refinement import TRAINED
from latentpress.models import ModelPackage, find_model
from latentpress.parts.integer import set_integer
from latentpress.systems.lc_fdnet.features import layout_of
from latentpress.systems.lc_fdnet.frequencies import HIGH_INPUTS
from latentpress.systems.lc_fdnet.model import STEPS, high_name, low_name, step_name
from latentpress.systems.lc_fdnet.net import LcFdnetConfig, LcFdnetNet
from latentpress.systems.lc_fdnet.objective import Stretches, stretch_bits
from latentpress.systems.lc_fdnet.samples import StepSamples, collect, typical_starts
from latentpress.training.data import Pictures
from latentpress.training.lossless.training import Kept, LosslessSchedule, LosslessTraining
from latentpress.training.schedule import Schedule
from latentpress.training.system import Arrays, Graph, Point, Say

if TYPE_CHECKING:
    from latentpress.systems.lc_fdnet.model import TrainedSteps

__all__ = ["LcFdnetTraining", "StretchSchedule"]

_EDGE = 2  # pixels at either end of a stretch that are not learned from
_ALONE = 0.1  # weight of the bits of all pixels under the first network, which the threshold goes by
_PLANES = 3


@dataclass(frozen=True)
class StretchSchedule(LosslessSchedule):
    """``batch`` and ``per_picture`` are pixels of every step, in stretches of 32."""

    @property
    def smallest(self) -> int:
        """Sub-images of smaller pictures have few whole stretches."""
        return 128


class LcFdnetTraining(LosslessTraining):
    """Trains `LcFdnetNet`, two perceptrons and a threshold for each of nine steps.

    Figures: estimated bits a pixel of each position, all planes together; share of pixels of low frequency.
    """

    model_type = LcFdnetConfig
    schedule_type: ClassVar[type[Schedule]] = StretchSchedule
    figures = ("bits_d", "bits_b", "bits_c", "low")
    part_type, parts = StepSamples, tuple(step_name(*step) for step in STEPS)
    held_out_pixels = 100_000
    strides: ClassVar[Mapping[str, float]] = {"x": 2}  # each network sees a quarter of the pixels, at most

    def starts(self, pictures: Pictures) -> Arrays:
        """Of each step."""
        return {step_name(*step): start for step, start in typical_starts(pictures).items()}

    def collect(self, pictures: Pictures, starts: Arrays, per_picture: int, seed: int, say: Say) -> Sequence[Any]:
        """Of each step."""
        return collect(pictures, {step: starts[step_name(*step)] for step in STEPS}, per_picture, seed, say)

    def network(self, samples: Kept | None) -> LcFdnetNet:
        """Networks that correct nothing yet."""
        return LcFdnetNet(self.model, [layout_of(*step).inputs for step in STEPS], HIGH_INPUTS)

    def loss(self, net: Any, *drawn: Tensor) -> tuple[Tensor, Tensor]:
        """Mean bits a pixel, all planes together."""
        coded, alone, low = zip(*map(_means, net.each(), self.by_part(drawn)), strict=True)
        total = (torch.stack(coded).sum() + _ALONE * torch.stack(alone).sum()) / _PLANES
        return total, _figures(coded, low)

    def validate(self, net: Any, held_out: Kept) -> list[Point]:
        """Bits a pixel of the held-out pixels, networks in integers."""
        set_integer(net, True)
        coded, low = [], []
        for step, part in zip(net.each(), held_out.parts, strict=True):
            found = [_inner(step, columns) for columns in self.pieces(part)]
            coded.append(torch.cat([bits for bits, _, _ in found]).mean())
            low.append(torch.cat([mask for _, _, mask in found]).mean())
        figures = dict(zip(self.figures, _figures(coded, low).tolist(), strict=True))
        return [Point("", torch.stack(coded).sum().item() / _PLANES, figures)]

    def graphs(self, net: Any) -> dict[str, Graph | bytes]:
        """Two perceptrons a step, in whole numbers, and those of the first sub-image as they are."""
        from latentpress.training.lossless.graphs import export_plane

        first = find_model(self.model.first)
        graphs: dict[str, Graph | bytes] = {name: first.network(name) for name in _first_names()}
        for step, part in zip(STEPS, net.each(), strict=True):
            graphs |= {low_name(*step): export_plane(part.low), high_name(*step): export_plane(part.high)}
        return graphs

    def sizes(self, net: nn.Module) -> dict[str, Any]:
        """Units and layers, and how the codec remembers biases."""
        sizes = {name: size for name, size in asdict(self.model).items() if name != "first"}
        return sizes | {"bias": list(astuple(TRAINED))}

    def tables(self, net: Any, model: TrainedSteps | None, sample: Pictures) -> Arrays:
        """Thresholds, what least squares start with, and starting tables: of no knowledge or of the first sub-image's
        codec, then of what is coded of the sample.
        """
        from latentpress.codecs.lossless.model import PlainModel
        from latentpress.systems.lc_fdnet.counting import measured_counts

        if model is not None:
            return self._plain | measured_counts(model, sample)
        first = find_model(self.model.first).tables
        self._plain: Arrays = {name: first[name] for p in range(_PLANES) for name in (f"start_{p}", f"counts_{p}")}
        self._plain |= {f"step_counts_{p}": PlainModel().counts(p).astype(np.uint16) for p in range(_PLANES)}
        self._plain |= {f"start_{name}": start.astype(np.float64) for name, start in self.usual_starts(sample).items()}
        for name, part in zip(self.parts, net.each(), strict=True):
            self._plain[f"threshold_{name}"] = np.array(part.threshold.whole_weights(), np.float64)
        return self._plain

    def opened(self, package: ModelPackage) -> TrainedSteps:
        """Its networks."""
        from latentpress.systems.lc_fdnet.model import TrainedSteps

        return TrainedSteps(package)

    def facts(self, net: nn.Module, sample: Pictures) -> dict[str, Any]:
        """Where the networks of the first sub-image come from."""
        return {"training": {"first_sub_image": f"networks of {find_model(self.model.first).name}"}}


def _first_names() -> list[str]:
    from latentpress.codecs.lossless.model import network_name

    return [network_name(p) for p in range(_PLANES)]


def _inner(step: Any, columns: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Bits as coded, bits as if all were of low frequency, and the mask of these, without the ends of stretches."""
    inputs, offset, prediction, scale, about = columns
    found = stretch_bits(step, Stretches(inputs, offset, prediction, scale, about / 16))
    return tuple(out[:, _EDGE:-_EDGE] for out in found)


def _means(step: Any, columns: Sequence[Tensor]) -> tuple[Tensor, ...]:
    return tuple(out.mean() for out in _inner(step, columns))


def _figures(coded: Sequence[Tensor], low: Sequence[Tensor]) -> Tensor:
    """Of steps in their order: the planes of a position added, and the mean share."""
    positions = torch.stack(list(coded)).detach().reshape(-1, _PLANES).sum(dim=1)
    return torch.cat([positions, torch.stack(list(low)).detach().mean()[None]])

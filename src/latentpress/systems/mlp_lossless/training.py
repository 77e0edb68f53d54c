"""Training of the lossless codec's networks, and what its packages hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from latentpress.codecs.lossless.features import inputs_of
from latentpress.codecs.lossless.refinement import TRAINED
from latentpress.models import ModelPackage
from latentpress.parts.integer import set_integer
from latentpress.parts.lossless import LosslessConfig, LosslessNet
from latentpress.training.data import Pictures
from latentpress.training.lossless.objective import OBJECTIVES, code_length
from latentpress.training.lossless.samples import PlaneSamples, collect, typical_starts
from latentpress.training.lossless.training import Kept, LosslessTraining
from latentpress.training.schedule import setting
from latentpress.training.system import Arrays, Graph, Point, Say

if TYPE_CHECKING:
    from latentpress.codecs.lossless.model import TrainedModel

__all__ = ["MlpLosslessTraining", "PixelObjective"]


@dataclass(frozen=True)
class PixelObjective:
    """``loss``: what is made small, ``code-length``, the bits of a pixel, or ``l1``, errors and how wrong their
    expected magnitudes are.
    """

    loss: str = setting("code-length", choices=tuple(OBJECTIVES))


class MlpLosslessTraining(LosslessTraining):
    """Trains `LosslessNet`, a perceptron for each of Y, U and V. Figures: estimated bits a pixel of each."""

    model_type = LosslessConfig
    sections: ClassVar[Mapping[str, type[Any]]] = {"objective": PixelObjective}
    figures = ("bits_y", "bits_u", "bits_v")
    part_type, parts = PlaneSamples, ("0", "1", "2")
    strides: ClassVar[Mapping[str, float]] = {"x": 1}

    def starts(self, pictures: Pictures) -> Arrays:
        """Of each plane."""
        return dict(zip(self.parts, typical_starts(pictures), strict=True))

    def collect(self, pictures: Pictures, starts: Arrays, per_picture: int, seed: int, say: Say) -> Sequence[Any]:
        """Of each plane."""
        return collect(pictures, [starts[name] for name in self.parts], per_picture, seed, say)

    def network(self, samples: Kept | None) -> LosslessNet:
        """Networks that correct nothing yet."""
        return LosslessNet(self.model, [inputs_of(p) for p in range(len(self.parts))])

    def loss(self, net: Any, *drawn: Tensor) -> tuple[Tensor, Tensor]:
        """The objective, a mean over pixels and summed over planes."""
        losses, bits = [], []
        for plane, (inputs, *rest) in zip(net.planes, self.by_part(drawn), strict=True):
            outputs = plane(inputs)
            losses.append(OBJECTIVES[self.objective.loss](*outputs, *rest).mean())
            bits.append(code_length(*(column.detach() for column in outputs), *rest).mean())
        return torch.stack(losses).sum(), torch.stack(bits)

    def validate(self, net: Any, held_out: Kept) -> list[Point]:
        """Bits a pixel of all planes, networks in integers."""
        set_integer(net, True)
        bits = []
        for plane, part in zip(net.planes, held_out.parts, strict=True):
            lengths = [code_length(*plane(inputs), *rest) for inputs, *rest in self.pieces(part)]
            bits.append(torch.cat(lengths).mean().item())
        return [Point("", sum(bits), dict(zip(self.figures, bits, strict=True)))]

    def graphs(self, net: Any) -> dict[str, Graph | bytes]:
        """A perceptron a plane, in whole numbers."""
        from latentpress.codecs.lossless.model import network_name
        from latentpress.training.lossless.graphs import export_plane

        return {network_name(p): export_plane(plane) for p, plane in enumerate(net.planes)}

    def sizes(self, net: nn.Module) -> dict[str, Any]:
        """Units and layers, and how the codec remembers biases."""
        return {"width": self.model.width, "depth": self.model.depth, "bias": list(astuple(TRAINED))}

    def tables(self, net: nn.Module, model: TrainedModel | None, sample: Pictures) -> Arrays:
        """What least squares start with, and starting tables: of no knowledge, then of what is coded of the sample."""
        from latentpress.codecs.lossless.model import PlainModel
        from latentpress.training.lossless.counting import starting_counts, symbol_counts

        if model is not None:
            counts = starting_counts(lambda picture: symbol_counts(model, picture), sample)
            return self._plain | {f"counts_{p}": count for p, count in enumerate(counts)}
        self._plain: Arrays = {f"start_{p}": start.astype(np.float64) for p, start in self.usual_starts(sample).items()}
        return self._plain | {f"counts_{p}": PlainModel().counts(int(p)).astype(np.uint16) for p in self.parts}

    def opened(self, package: ModelPackage) -> TrainedModel:
        """Its networks."""
        from latentpress.codecs.lossless.model import TrainedModel

        return TrainedModel(package)

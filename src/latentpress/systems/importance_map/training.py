"""Training of the codec `importance-map`, and what its packages hold."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from latentpress.parts.integer import WEIGHT_LIMIT, set_integer
from latentpress.systems.importance_map.net import ImportanceConfig, ImportanceNet
from latentpress.systems.importance_map.objective import Outcome, code, error_weights, plane_bits
from latentpress.training.basis import starting_basis
from latentpress.training.checkpoint import Checkpoint
from latentpress.training.data import Pictures, sample_crops
from latentpress.training.latent import LatentTraining, whole_blocks
from latentpress.training.muon import point_wise
from latentpress.training.schedule import CropSchedule, Schedule, setting
from latentpress.training.system import Arrays, Graph, Player, Point, psnr_of
from latentpress.training.transplant import transplant
from latentpress.transforms.wavelet import BANDS

if TYPE_CHECKING:
    from latentpress.systems.importance_map.model import ImportanceModel

__all__ = ["ImportanceSchedule", "ImportanceTraining"]

_NEW_FACTOR, _TABLE_FACTOR = 4.0, 40.0  # of the learning rate
_WEIGHT_CROPS = 2
_DRAWS = 4  # of planes, for each validation point
_LEAST_RATE = 0.02  # bits a pixel; keeps the planes' share of the loss in bounds
_USUAL_OFFSET = 12.0  # of the estimate's scale index, where no basis says it
_SMALL = ("expand", "project", "down", "up")  # layers of the transforms whose weights are stored in 8 bits


@dataclass(frozen=True)
class ImportanceSchedule(CropSchedule):
    """``hard_from`` says from when on the context network runs on the integer path; values are rounded from the first
    step. ``transforms_from``: fraction of the steps from which on analysis and synthesis learn. Before, with transforms
    that have learnt elsewhere, only what is new does, at a fraction of the time a step.
    """

    transforms_from: float = setting(0.0, at_least=0)


class ImportanceTraining(LatentTraining):
    """Trains `ImportanceNet`; a run may start from any network with such transforms, as that of the hyperprior.

    Figures: ``plane_bpp``, what the context network asks for; ``map_bpp``, estimate for the importance map;
    ``dropped``, standard deviation of the planes dropped, over the places of a picture.
    """

    model_type = ImportanceConfig
    schedule_type: ClassVar[type[Schedule]] = ImportanceSchedule
    sections: ClassVar[Mapping[str, type[Any]]] = {}
    figures: ClassVar[tuple[str, ...]] = ("bpp", "psnr", "plane_bpp", "map_bpp", "dropped")
    recordable = False
    table_pictures, table_side = 16, 384
    strides: ClassVar[Mapping[str, float]] = {"x": 1} | dict.fromkeys(
        ("latents", "values", "dropped", "levels", "signed", "hints", "band"), 16
    )
    one_sided: ClassVar[Mapping[str, Sequence[str]]] = {
        "encoder": ("analysis", "importance", "estimate"),
        "decoder": ("synthesis",),
    }

    def network(self, samples: Pictures | None) -> ImportanceNet:
        """A network that codes like its starting transform."""
        self._measured: Tensor | None = None
        return ImportanceNet(self.model, starting_basis(self.plan, samples))

    def adopt(self, other: Checkpoint, net: nn.Module) -> dict[str, Tensor]:
        """What fits of another network's weights."""
        fresh = net.state_dict()
        fresh["estimate.offset.table"].fill_(_USUAL_OFFSET)
        return transplant(other.average, fresh)

    def players(self, net: Any) -> Sequence[Player]:
        """Of one: the transforms' networks; their linear parts, much slower; what is small and begins with nothing,
        faster; and tables of scale indices and logits, which are large numbers.
        """
        groups: dict[float, list[nn.Parameter]] = {}
        for name, parameter in net.named_parameters():
            if name in ("analysis.linear.weight", "synthesis.linear.weight"):
                factor = self.schedule.linear_factor
            elif name in ("estimate.offset.table", "context.offset.table"):
                factor = _TABLE_FACTOR
            else:
                factor = 1.0 if name.startswith(("analysis", "synthesis")) else _NEW_FACTOR
            groups.setdefault(factor, []).append(parameter)
        slow = [net.analysis.linear.weight, net.synthesis.linear.weight]
        matrices = [p for part in (net.analysis, net.synthesis) for p in point_wise(part, without=slow)]
        return [Player("codec", groups, lambda *drawn: self.loss(net, *drawn), matrices=matrices)]

    def noises(self) -> Sequence[tuple[int, int]]:
        """None: a generator draws it."""
        return []

    def enter(self, net: nn.Module, step: int) -> bool:
        """Whether the transforms learn."""
        set_integer(net, self.schedule.hard(step))
        self._learn = bool(step >= self.schedule.transforms_from * self.schedule.steps)
        return self._learn

    def draw(self, samples: Pictures, rng: np.random.Generator) -> tuple[Any, ...]:
        """Crops, rates, and a generator of noise and of planes to look at."""
        self._pictures = samples
        crops, rates = super().draw(samples, rng)
        return crops, rates, torch.Generator(self.device).manual_seed(int(rng.integers(2**62)))

    def loss(self, net: Any, *drawn: Any) -> tuple[Tensor, Tensor]:
        """Mean of log2(rate + lambda * error), and the planes' code length as a share of the rate."""
        crops, rates, noise = drawn
        x, rates = self.pixels(crops.to(self.device)), rates.to(self.device)
        mixed = self.schedule.mixed_precision
        outcome = code(net, x, rates, weights=self._weights(net), generator=noise, mixed_precision=mixed)
        planes = plane_bits(net, outcome, rates, noise)
        area = x.shape[2] * x.shape[3]
        share = (planes / (outcome.bits.detach() + _LEAST_RATE * area)).mean()
        figures = torch.stack(
            [
                outcome.bpp().mean(),
                psnr_of(outcome.mse.mean()),
                planes.mean() / area,
                outcome.map_bits.mean() / area,
                outcome.dropped.std(dim=(1, 2, 3)).mean(),
            ]
        )
        return torch.log2(self._costs(outcome, rates)).mean() + share, figures.detach()

    def _costs(self, outcome: Outcome, rates: Tensor) -> Tensor:
        costs: Tensor = outcome.bpp() + self.model.lambdas(rates) * outcome.mse
        return costs

    def _weights(self, net: Any) -> Tensor | None:
        """What errors of feature maps weigh as long as the transforms do not learn, None from then on."""
        if self._learn:
            return None
        if self._measured is None:
            rng = np.random.default_rng(self.schedule.seed)
            crops = torch.from_numpy(sample_crops(self._pictures, _WEIGHT_CROPS, 64, rng)).to(self.device).float()
            self._measured = error_weights(net, crops).to(self.device)
        return self._measured

    def _point(self, net: Any, held_out: Pictures, rate: int) -> Point:
        """Estimates of rate and true errors."""
        set_integer(net, True)
        means = np.mean([self._row(net, picture, rate) for picture in held_out], axis=0).tolist()
        return Point(rate, means[0], dict(zip(self.figures, means[1:], strict=True)))

    def _row(self, net: Any, picture: NDArray[np.uint8], rate: int) -> tuple[float, ...]:
        x, index = whole_blocks(picture).to(self.device), torch.tensor([rate], device=self.device)
        outcome = code(net, x, index, mixed_precision=self.schedule.mixed_precision)
        noise = torch.Generator(self.device).manual_seed(rate)
        planes = np.mean([plane_bits(net, outcome, index, noise).item() for _ in range(_DRAWS)])
        assert outcome.picture is not None
        error = (outcome.picture.round().clamp(0, 255) - x).square().mean()
        area = x.shape[2] * x.shape[3]
        return (
            math.log2(self._costs(outcome, index).item()),
            outcome.bpp().item(),
            psnr_of(error).item(),
            float(planes) / area,
            outcome.map_bits.item() / area,
            outcome.dropped.std().item(),
        )

    def graphs(self, net: Any) -> dict[str, Graph | bytes]:
        """All five; some weights of the transforms rounded to 8 bits, for 0.01 dB of a picture."""
        for name, parameter in net.named_parameters():
            if name.startswith(("analysis", "synthesis")) and set(name.split(".")) & set(_SMALL):
                _to_small(parameter)
        c = self.model
        mix, y = torch.zeros(1, c.anchors), torch.zeros(1, c.latents, 8, 8)
        known = {"levels": y, "signed": y[:, : c.signed], "hints": y[:, :2], "band": torch.zeros(1, BANDS, 8, 8)}
        return {
            **super().graphs(net),
            "importance": Graph(net.importance, {"latents": y, "mix": mix}, ("dropped",)),
            "estimate": Graph(net.estimate, {"values": y, "dropped": y[:, :1], "mix": mix}, ("index",)),
            "context": Graph(net.context, known | {"mix": mix}, ("logit", "sign")),
        }

    def sizes(self, net: nn.Module) -> dict[str, Any]:
        """Numbers of feature maps and rates."""
        c = self.model
        return super().sizes(net) | {"pyramid": c.pyramid, "signed": c.signed}

    def tables(self, net: nn.Module, model: ImportanceModel | None, sample: Pictures) -> Arrays:
        """Chances as the logits say, then as counted on what the codec codes at each anchor."""
        from latentpress.systems.importance_map.counting import make_tables

        return make_tables(self.model.anchors, self.model.latents, self.model.pyramid, model, sample)

    def facts(self, net: nn.Module, sample: Pictures) -> dict[str, Any]:
        """How often the context runs."""
        return {"complexity": {"context": "runs once for each phase of each plane that is coded"}}


def _to_small(weight: nn.Parameter) -> None:
    """Round a layer's weights to what 8 bits and a power of two for each output hold."""
    if weight.dim() == 4:
        largest = weight.data.abs().amax(dim=(1, 2, 3), keepdim=True).clamp_min(2.0**-14)
        scale = 2.0 ** torch.floor(torch.log2(WEIGHT_LIMIT / largest))
        weight.data = torch.round(weight.data * scale) / scale

"""`MeanScaleTraining`: what systems with a `MeanScaleNet` learn by, and what their packages hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor

from latentpress.parts.mean_scale import MeanScaleNet, MeanScaleSizes
from latentpress.parts.quantise import round_half_up
from latentpress.parts.rate_table import mix_for_rates
from latentpress.training.basis import starting_basis
from latentpress.training.checkpoint import Checkpoint
from latentpress.training.data import Pictures
from latentpress.training.eight_bits import round_to_eight_bits
from latentpress.training.latent import LatentTraining, Noise, Objective, Outcome, whole_blocks
from latentpress.training.mean_scale.objective import code
from latentpress.training.muon import point_wise
from latentpress.training.schedule import setting
from latentpress.training.system import Arrays, Graph, Player
from latentpress.training.transplant import transplant

if TYPE_CHECKING:
    from latentpress.codecs.mean_scale.model import MeanScaleModel

_COMPACT_SIDE, _COMPACT_CROPS = 256, 16  # of what weights are rounded to 8 bits with

__all__ = ["MeanScaleObjective", "MeanScaleTraining"]


@dataclass(frozen=True)
class MeanScaleObjective(Objective):
    """``quantisation``: see `objective.code`."""

    quantisation: str = setting("mixed", choices=("mixed", "noise", "soft-round"))


class MeanScaleTraining(LatentTraining):
    """Trains a `MeanScaleNet`; a run may start from a checkpoint of one of other sizes."""

    model_type: ClassVar[type[Any]] = MeanScaleSizes
    sections: ClassVar[Mapping[str, type[Any]]] = {"objective": MeanScaleObjective}
    rounds = 2  # tables change what the encoder chooses, which changes the tables
    strides: ClassVar[Mapping[str, float]] = {"x": 1, "latents": 16, "values": 16, "features": 16, "hyper": 64}
    one_sided: ClassVar[Mapping[str, Sequence[str]]] = {
        "encoder": ("analysis", "hyper_analysis"),
        "decoder": ("synthesis",),
    }

    def network(self, samples: Pictures | None) -> Any:
        """A network that codes like its starting transform."""
        return MeanScaleNet(self.model, starting_basis(self.plan, samples))

    def adopt(self, other: Checkpoint, net: Any) -> dict[str, Tensor]:
        """The weights of a network of other sizes, as far as they fit: of its rates the lowest."""
        if "synthesis.linear.weight" not in other.average or "contexts.0.predict.weight" not in other.average:
            return super().adopt(other, net)
        return transplant(other.average, net.state_dict(), repeated="contexts")

    def players(self, net: Any) -> Sequence[Player]:
        """The linear block transforms learn with a much smaller step."""
        slow = [net.analysis.linear.weight, net.synthesis.linear.weight]
        known = set(slow)
        rest = [parameter for parameter in net.parameters() if parameter not in known]
        groups = {1.0: rest, self.schedule.linear_factor: slow}
        matrices = [p for part in (net.analysis, net.synthesis) for p in point_wise(part, without=slow)]
        return [Player("codec", groups, lambda *drawn: self.loss(net, *drawn), matrices=matrices)]

    def noises(self) -> Sequence[tuple[int, int]]:
        """Of hyper latents and latents."""
        return [(self.model.hyper_latents, 64), (self.model.latents, 16)]

    def code(self, net: Any, x: Tensor, rates: Tensor, noise: Noise, hard: bool) -> Outcome:
        """As `objective.code`."""
        return code(
            net,
            x,
            rates,
            hard=hard,
            noise=noise,
            mixed_precision=self.schedule.mixed_precision,
            quantisation=self.objective.quantisation,
        )

    def compact(self, net: Any, sample: Pictures) -> None:
        """The dense layers of the transforms in 8 bits: all but the linear block transforms, and the layers at full
        resolution, which are small and whose errors nothing makes good.
        """
        batches = self.compact_analysis(net, sample)
        with torch.no_grad():
            latents = [(round_half_up(net.analysis(*batch)), batch[1]) for batch in batches]
        round_to_eight_bits(net.hyper_analysis, [(values,) for values, _ in latents])
        round_to_eight_bits(net.synthesis, latents, keep=("linear.weight", "head.weight"))

    def compact_analysis(self, net: Any, sample: Pictures) -> list[tuple[Tensor, Tensor]]:
        """The analysis alone; returns the pictures, and the weights of rates, that it was shown."""
        crops = [whole_blocks(picture[:_COMPACT_SIDE, :_COMPACT_SIDE]) for picture in sample[:_COMPACT_CROPS]]
        # errors show at the upper rates, where quantisation hides none of them
        rates = torch.linspace(0.6 * self.model.last_rate, self.model.last_rate, len(crops)).long()
        batches = list(zip(crops, mix_for_rates(rates, self.model.anchors)[:, None], strict=True))
        round_to_eight_bits(net.analysis, batches, keep=("linear.weight", "embed.weight"))
        return batches

    def graphs(self, net: Any) -> dict[str, Graph | bytes]:
        """Transforms, hyper analysis, the exact networks."""
        from latentpress.codecs.mean_scale.layout import context_name

        c = self.model
        mix, y = torch.zeros(1, c.anchors), torch.zeros(1, c.latents, 8, 8)
        z, features = torch.zeros(1, c.hyper_latents, 2, 2), torch.zeros(1, c.features, 8, 8)
        parameters = ("features", "mean", "index")
        contexts: dict[str, Graph | bytes] = {
            context_name(number): Graph(context, {"features": features, "values": y}, ("mean", "index"))
            for number, context in enumerate(net.contexts, 2)
        }
        return {
            **super().graphs(net),
            "hyper_analysis": Graph(net.hyper_analysis, {"latents": y}, ("hyper",)),
            "hyper_synthesis": Graph(net.hyper_synthesis, {"hyper": z, "mix": mix}, parameters),
            **contexts,
        }

    def sizes(self, net: Any) -> dict[str, Any]:
        """Numbers of latents, passes and rates."""
        c = self.model
        return super().sizes(net) | {"hyper_latents": c.hyper_latents, "passes": c.passes}

    def tables(self, net: Any, model: MeanScaleModel | None, sample: Pictures) -> Arrays:
        """Tables of the trained shapes, then corrected by what the codec chooses at each anchor."""
        from latentpress.training.mean_scale.counting import make_tables

        table = net.hyper_synthesis.hyper_scale
        return make_tables((table.integer_table() * 2.0**-table.bits).double().numpy(), model, sample)

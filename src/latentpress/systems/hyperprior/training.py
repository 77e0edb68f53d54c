"""Training of the hyperprior codec, and what its packages hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor

from latentpress.codecs.rates import STEPS_PER_ANCHOR
from latentpress.errors import InvalidInputError
from latentpress.models import find_model
from latentpress.systems.hyperprior.net import HyperpriorConfig, HyperpriorNet
from latentpress.systems.hyperprior.objective import code
from latentpress.training.basis import starting_basis
from latentpress.training.checkpoint import Checkpoint
from latentpress.training.data import Pictures
from latentpress.training.latent import LatentTraining, Noise, Objective, Outcome
from latentpress.training.muon import point_wise
from latentpress.training.schedule import setting
from latentpress.training.system import Arrays, Graph, Player
from latentpress.training.transplant import transplant

if TYPE_CHECKING:
    from latentpress.systems.hyperprior.model import HyperpriorModel

__all__ = ["HyperpriorObjective", "HyperpriorTraining"]


@dataclass(frozen=True)
class HyperpriorObjective(Objective):
    """``quantisation``: see `objective.code`. ``encoder_only``: the analysis learns and the rest stays as it is, so
    that the files go on to be read with the model that the run starts from.
    """

    quantisation: str = setting("mixed", choices=("mixed", "noise", "soft-round"))
    encoder_only: bool = False


class HyperpriorTraining(LatentTraining):
    """Trains `HyperpriorNet`; a run may start from one of other sizes.

    Of a run that taught the encoder only, the package holds the analysis and names the installed model whose files it
    makes: the codec's default one.
    """

    model_type = HyperpriorConfig
    sections: ClassVar[Mapping[str, type[Any]]] = {"objective": HyperpriorObjective}
    rounds = 2  # tables change what the encoder chooses, which changes the tables
    table_pictures = 60
    strides: ClassVar[Mapping[str, float]] = {"x": 1, "latents": 16, "values": 16, "features": 16, "hyper": 64}
    one_sided: ClassVar[Mapping[str, Sequence[str]]] = {
        "encoder": ("analysis", "hyper_analysis"),
        "decoder": ("synthesis",),
    }

    def network(self, samples: Pictures | None) -> HyperpriorNet:
        """A network that codes like its starting transform."""
        net = HyperpriorNet(self.model, starting_basis(self.plan, samples))
        if self.objective.encoder_only:
            net.requires_grad_(False)
            net.analysis.requires_grad_(True)
        return net

    def adopt(self, other: Checkpoint, net: Any) -> dict[str, Tensor]:
        """The weights of a hyperprior of other sizes, as far as they fit."""
        if other.recipe.codec != self.plan.codec:
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

    @property
    def package_codec(self) -> str:
        """That of an encoder for another model, or the usual one."""
        from latentpress.systems.hyperprior.model import ENCODER

        return ENCODER if self.objective.encoder_only else super().package_codec

    def graphs(self, net: Any) -> dict[str, Graph | bytes]:
        """All networks; of a run that taught the encoder only, the analysis, of which no exactness is asked: whatever
        latents it finds, the file says.
        """
        from latentpress.systems.hyperprior.model import ANALYSIS, context_name

        c = self.model
        mix, x, y = torch.zeros(1, c.anchors), torch.zeros(1, 3, 64, 64), torch.zeros(1, c.latents, 8, 8)
        z, features = torch.zeros(1, c.hyper_latents, 2, 2), torch.zeros(1, c.features, 8, 8)
        analysis: dict[str, Graph | bytes] = {ANALYSIS: Graph(net.analysis, {"x": x, "mix": mix}, ("latents",))}
        if self.objective.encoder_only:
            return analysis
        parameters = ("features", "mean", "index")
        contexts: dict[str, Graph | bytes] = {
            context_name(number): Graph(context, {"features": features, "values": y}, ("mean", "index"))
            for number, context in enumerate(net.contexts, 2)
        }
        return {
            **analysis,
            "hyper_analysis": Graph(net.hyper_analysis, {"latents": y}, ("hyper",)),
            "hyper_synthesis": Graph(net.hyper_synthesis, {"hyper": z, "mix": mix}, parameters),
            **contexts,
            "synthesis": Graph(net.synthesis, {"values": y, "mix": mix}, ("pixels",)),
        }

    def sizes(self, net: Any) -> dict[str, Any]:
        """Numbers of latents, passes and rates; of an encoder, the model that it is for."""
        c = self.model
        if self.objective.encoder_only:
            decoder = find_model(self.plan.codec)
            latents = int(decoder.config["latents"])
            if latents != c.latents:
                raise InvalidInputError(f"the run's encoder finds {c.latents} latents, {decoder.name} has {latents}")
            return {"model": decoder.id.hex(), "tune": self.objective.distortion}
        return {
            "latents": c.latents,
            "hyper_latents": c.hyper_latents,
            "passes": c.passes,
            "margin": c.margin,
            "anchors": c.anchors,
            "steps_per_anchor": STEPS_PER_ANCHOR,
            "lambda_low": c.lambda_low,
            "lambda_high": c.lambda_high,
        }

    def tables(self, net: Any, model: HyperpriorModel | None, sample: Pictures) -> Arrays:
        """Tables of the trained shapes, then corrected by what the codec chooses at each anchor."""
        if self.objective.encoder_only:
            return {}
        from latentpress.systems.hyperprior.counting import make_tables

        table = net.hyper_synthesis.hyper_scale
        return make_tables((table.integer_table() * 2.0**-table.bits).double().numpy(), model, sample)

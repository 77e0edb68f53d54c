"""Training of the flagship, and of other encoders for its files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from latentpress.codecs.mean_scale.layout import ANALYSIS
from latentpress.errors import InvalidInputError
from latentpress.models import find_model
from latentpress.systems.hyperprior.layout import ENCODER
from latentpress.training.data import Pictures
from latentpress.training.mean_scale.training import MeanScaleObjective, MeanScaleTraining
from latentpress.training.system import Arrays, Graph

if TYPE_CHECKING:
    from latentpress.codecs.mean_scale.model import MeanScaleModel

__all__ = ["HyperpriorObjective", "HyperpriorTraining"]


@dataclass(frozen=True)
class HyperpriorObjective(MeanScaleObjective):
    """``encoder_only``: the analysis learns and the rest stays as it is, so that the files go on to be read with the
    model that the run starts from.
    """

    encoder_only: bool = False


class HyperpriorTraining(MeanScaleTraining):
    """Of a run that taught the encoder only, the package holds the analysis and names the installed model whose files
    it makes: the codec's default one. No exactness is asked of it: whatever latents it finds, the file says.
    """

    sections: ClassVar[Mapping[str, type[Any]]] = {"objective": HyperpriorObjective}

    def network(self, samples: Pictures | None) -> Any:
        """A network that codes like its starting transform; all of it learns, or the analysis alone."""
        net = super().network(samples)
        if self.objective.encoder_only:
            net.requires_grad_(False)
            net.analysis.requires_grad_(True)
        return net

    def compact(self, net: Any, sample: Pictures) -> None:
        """See `MeanScaleTraining.compact`; of an encoder, the analysis."""
        if self.objective.encoder_only:
            self.compact_analysis(net, sample)
        else:
            super().compact(net, sample)

    @property
    def package_codec(self) -> str:
        """That of an encoder for another model, or the usual one."""
        return ENCODER if self.objective.encoder_only else super().package_codec

    def graphs(self, net: Any) -> dict[str, Graph | bytes]:
        """All networks, or the analysis."""
        graphs = super().graphs(net)
        return {ANALYSIS: graphs[ANALYSIS]} if self.objective.encoder_only else graphs

    def sizes(self, net: Any) -> dict[str, Any]:
        """See `MeanScaleTraining.sizes`; of an encoder, the model that it is for, and what it was trained for."""
        if not self.objective.encoder_only:
            return super().sizes(net)
        decoder = find_model(self.plan.codec)
        latents = int(decoder.config["latents"])
        if latents != self.model.latents:
            raise InvalidInputError(
                f"the run's encoder finds {self.model.latents} latents, {decoder.name} has {latents}"
            )
        return {"model": decoder.id.hex(), "tune": self.objective.distortion}

    def tables(self, net: Any, model: MeanScaleModel | None, sample: Pictures) -> Arrays:
        """See `MeanScaleTraining.tables`; an encoder has none."""
        return {} if self.objective.encoder_only else super().tables(net, model, sample)

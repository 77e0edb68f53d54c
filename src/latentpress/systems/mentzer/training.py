"""Training and export of the codec with levels and an importance map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor

from latentpress.parts.quantise import add_uniform_noise, round_half_up, straight_through
from latentpress.parts.rate_table import mix_for_rates
from latentpress.systems.mentzer.layout import IMPORTANCES, LIMIT, STRIDE
from latentpress.systems.mentzer.net import MentzerNet, Sizes
from latentpress.training.basis import starting_basis
from latentpress.training.channelwise import ChannelwiseTraining
from latentpress.training.data import Pictures
from latentpress.training.latent import Noise, Outcome
from latentpress.training.system import Arrays, Graph
from latentpress.transforms.klt import BLOCK

__all__ = ["MentzerTraining"]

_MAP_BITS = 1.5  # of an importance, about


class MentzerTraining(ChannelwiseTraining):
    """The mask of channels is hard on the way there and has the slope of a ramp on the way back."""

    model_type = Sizes
    limit: ClassVar[int] = LIMIT
    table_pictures = 16
    strides: ClassVar[Mapping[str, float]] = {"x": 1, "values": STRIDE}

    def network(self, samples: Pictures | None) -> MentzerNet:
        """The linear block transform that suits the pictures, with layers around it that learn."""
        basis = None if samples is None else starting_basis(self.plan, samples, 3 * BLOCK**2)
        return MentzerNet(self.model, basis)

    def noises(self) -> Sequence[tuple[int, int]]:
        """Of latents."""
        return [(self.model.latents, STRIDE)]

    def code(self, net: Any, x: Tensor, rates: Tensor, noise: Noise, hard: bool) -> Outcome:
        """See `LatentTraining.code`."""
        mix = mix_for_rates(rates, self.model.anchors)
        y, importance = net.analysis(x, mix)
        mask = _mask(importance, self.model.latents)
        picture = net.synthesis(net.centres(y) * mask, mix)
        number = straight_through(y, (net.centres.symbols(y) - LIMIT).to(y.dtype))
        coded = number if hard or noise is None else add_uniform_noise(y, noise[0])
        side = _MAP_BITS * importance[0].numel()
        bits = net.prior.bits(coded, number * mask, mix) * mask
        return Outcome(bits.sum(dim=(1, 2, 3)) + side, picture)

    def graphs(self, net: Any) -> dict[str, Graph | bytes]:
        """The transforms, the analysis with the importance map."""
        x, mix = torch.zeros(1, 3, 64, 64), torch.zeros(1, self.model.anchors)
        analysis = Graph(net.analysis, {"x": x, "mix": mix}, ("latents", "importance"))
        return super().graphs(net) | {"analysis": analysis}

    def tables(self, net: Any, model: Any, sample: Pictures) -> Arrays:
        """See `Training.tables`."""
        from latentpress.training.coefficients import first_tables, measured_tables

        levels = {"levels": net.centres.rising().detach().numpy()}
        if model is None:
            return levels | first_tables(self.model.anchors, self.model.latents)
        return levels | measured_tables(model, model.coder, sample)


def _mask(importance: Tensor, channels: int) -> Tensor:
    """Which channels (B, channels, h, w) places of an importance (B, 1, h, w) have: 0 or 1."""
    group = channels // IMPORTANCES
    channel = torch.arange(channels, device=importance.device)[None, :, None, None]
    soft = ((importance * group - channel) / group).clamp(0, 1)
    return straight_through(soft, (channel < round_half_up(importance) * group).to(soft.dtype))

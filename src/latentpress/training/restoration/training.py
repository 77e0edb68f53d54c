"""Training of restorers: crops with JPEG artefacts, and what is left of their error at several resolutions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from latentpress.parts.restorers import symmetric_
from latentpress.restoration.network import NETWORK
from latentpress.restoration.tables import Quantisation, describe, standard_quantisation
from latentpress.training.data import Pictures, sample_crops
from latentpress.training.restoration.data import degrade
from latentpress.training.restoration.objective import edge_error, scale_errors, ycc_of
from latentpress.training.restoration.validation import validate
from latentpress.training.schedule import CropSchedule, Schedule, setting
from latentpress.training.system import Graph, Point, Training, psnr_of

__all__ = ["FLOOR", "RestorationSchedule", "RestorerTraining"]

FLOOR = 1.0
"""Squared grey levels: a crop that the JPEG shows nearly without error counts less."""

_WHOLE = 10**6  # pixels a side: pictures of the check are not cut


@dataclass(frozen=True)
class RestorationSchedule(CropSchedule):
    """From ``full_resolution_from`` on the loss is that of full resolution alone. ``edge_weight``: weight of the error
    of first derivatives (Svoboda et al. 2016), 0 for none. ``symmetric_start``: kernels begin symmetric (the same).
    ``twice``: share of the crops that were a JPEG before, on blocks that lie elsewhere.
    """

    decay_from: float = setting(0.5, at_least=0)
    validate_every: int = setting(1000, at_least=1)
    full_resolution_from: float = setting(0.6, at_least=0)
    edge_weight: float = setting(0.0, at_least=0)
    symmetric_start: bool = False
    twice: float = setting(0.0, at_least=0, at_most=1)


class RestorerTraining(Training):
    """Base of the restorers' trainings. ``network_type``: made of the sizes alone, with ``corrections`` (of full
    resolution first) and the names of its further ``inputs``.
    """

    network_type: ClassVar[Any]
    schedule_type: ClassVar[type[Schedule]] = RestorationSchedule
    figures: ClassVar[tuple[str, ...]] = ("psnr", "gain")
    at: ClassVar[str] = "quality"
    table_pictures: ClassVar[int] = 12
    table_side: ClassVar[int] = _WHOLE
    strides: ClassVar[Mapping[str, float]] = {"pixels": 1}

    def network(self, samples: Pictures | None) -> nn.Module:
        """A network that corrects nothing yet."""
        net: nn.Module = self.network_type(self.model)
        if self.schedule.symmetric_start:
            symmetric_(net)
        return net

    def sent(self, quantisation: Quantisation) -> Quantisation:
        """The tables that a picture is coded with in place of those of a usual encoder: the same."""
        return quantisation

    def enter(self, net: nn.Module, step: int) -> bool:
        """Whether only full resolution counts."""
        self._full = bool(step >= self.schedule.full_resolution_from * self.schedule.steps)
        return self._full

    def draw(self, samples: Pictures, rng: np.random.Generator) -> tuple[Tensor, ...]:
        """Crops, the same as a JPEG decoder shows them, and what the network is told of the quantisation."""
        crops = sample_crops(samples, self.schedule.batch, self.schedule.crop, rng)
        decoded, quantisations = degrade(crops, rng, self.schedule.twice, self.sent)
        told = describe(quantisations)
        return tuple(map(torch.from_numpy, (crops, decoded, *(told[name] for name in self.network_type.inputs))))

    def loss(self, net: Any, *drawn: Tensor) -> tuple[Tensor, Tensor]:
        """The `error` of the network's corrections."""
        jpeg, wanted, told = self.prepared(*drawn)
        with torch.autocast(wanted.device.type, torch.bfloat16, enabled=self.schedule.mixed_precision):
            corrections = net.corrections(jpeg, *told)
        corrections = [correction.float() for correction in (corrections[:1] if self._full else corrections)]
        return self.error(corrections, wanted)

    def prepared(self, crops: Tensor, decoded: Tensor, *told: Tensor) -> tuple[Tensor, Tensor, list[Tensor]]:
        """On the device: Y, Cb, Cr of the JPEGs, the corrections wanted, and what the network is told."""
        clean, jpeg = (ycc_of(pixels.to(self.device).float()) for pixels in (crops, decoded))
        jpeg = jpeg.contiguous(memory_format=torch.channels_last)  # half again as quick on a CPU
        return jpeg, clean - jpeg, [tensor.to(self.device) for tensor in told]

    def error(self, corrections: list[Tensor], wanted: Tensor) -> tuple[Tensor, Tensor]:
        """Mean over the crops of the squared error that is left, as a share of the JPEG's, summed over resolutions;
        PSNR and gain.

        As a share, because the error at quality 5 is a hundred times that at quality 95 and would own the gradient.
        """
        before = scale_errors([torch.zeros_like(wanted)], wanted)[0]
        errors = scale_errors(corrections, wanted)
        total = torch.stack(errors).sum(0)
        if self.schedule.edge_weight:
            total = total + self.schedule.edge_weight * edge_error(corrections[0], wanted)
        loss = (total / (before + FLOOR)).mean()
        psnr = psnr_of(errors[0].detach().mean())
        return loss, torch.stack([psnr, psnr - psnr_of(before.mean())])

    def validate(self, net: nn.Module, held_out: Pictures) -> list[Point]:
        """Points at five qualities; what the gain is short of 10 dB is the loss to choose by."""
        mixed = self.schedule.mixed_precision
        points = validate(net, held_out, device=self.device, mixed_precision=mixed, sent=self.sent)
        return [Point(p.quality, 10 - p.gain, {"psnr": p.psnr, "gain": p.gain}) for p in points]

    def graphs(self, net: Any) -> dict[str, Graph | bytes]:
        """The network: ``pixels`` and the values that it takes in, ``correction`` out."""
        told = describe([standard_quantisation(50)])
        values = {name: torch.from_numpy(told[name]) for name in net.inputs}
        pixels = torch.zeros(1, 3, *[8 * self.model.multiple] * 2)
        return {NETWORK: Graph(net, {"pixels": pixels} | values, ("correction",), net.inputs)}

    def sizes(self, net: nn.Module) -> dict[str, Any]:
        """Which network, and how it may be cut into tiles."""
        return {"network": self.plan.codec, "multiple": self.model.multiple, "margin": self.model.margin}

    def facts(self, net: nn.Module, sample: Pictures) -> dict[str, Any]:
        """The gain on the sample."""
        points = validate(net, sample, sent=self.sent)
        return {
            "check": {
                "pictures": len(sample),
                "psnr": {str(p.quality): round(p.psnr, 3) for p in points},
                "gain": {str(p.quality): round(p.gain, 3) for p in points},
            }
        }

"""Fit of `PcaCodec`: bases from covariances, tables by likelihood and counting. Nothing learns by steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import nn

from latentpress.codecs.rates import STEPS_PER_ANCHOR
from latentpress.systems.pca_blocks.codec import PLANES, PcaModel
from latentpress.training.coefficients import first_tables, measured_tables
from latentpress.training.data import Pictures
from latentpress.training.schedule import setting
from latentpress.training.system import Arrays, Graph, Player, Samples, Training
from latentpress.transforms import fit_klt
from latentpress.transforms.colour import TO_YCC
from latentpress.transforms.klt import BLOCK

__all__ = ["PcaTraining", "Sizes"]

_SIZE = BLOCK * BLOCK


@dataclass(frozen=True)
class Sizes:
    """anchors: of the rate, an octave of the step apart. coarsest: the step of quality 0, in grey levels."""

    anchors: int = setting(8, at_least=1)
    coarsest: float = setting(256.0, at_least=1)


class PcaTraining(Training):
    """The bases are buffers of the network, found before the first step; all the rest is tables."""

    model_type: ClassVar[type[Any]] = Sizes
    figures: ClassVar[tuple[str, ...]] = ()
    rounds: ClassVar[int] = 2  # the first one has no code lengths to round by
    table_pictures: ClassVar[int] = 96

    def network(self, samples: Samples | None) -> nn.Module:
        """A basis of each plane (3, 256, 256), and the order of all coefficients by their variance."""
        basis, variances = np.zeros((PLANES, _SIZE, _SIZE)), np.zeros((PLANES, _SIZE))
        if samples is not None:
            stride = max(1, len(samples) // max(1, self.schedule.klt_pictures))
            klt = fit_klt(samples[::stride], PLANES * _SIZE)
            root = (klt.vectors * klt.deviations[:, None]).reshape(-1, PLANES, _SIZE)  # of the covariance of R, G, B
            planes = np.einsum("pc,kcn->pkn", TO_YCC, root).astype(np.float64)
            variances, vectors = np.linalg.eigh(planes.transpose(0, 2, 1) @ planes)
            basis = np.ascontiguousarray(vectors.transpose(0, 2, 1))
        net = nn.Module()
        net.register_buffer("basis", torch.from_numpy(basis).float())
        net.register_buffer("order", torch.from_numpy(np.argsort(-variances.ravel(), kind="stable")))
        return net

    def players(self, net: nn.Module) -> Sequence[Player]:
        """Nobody: there is nothing left to learn."""
        return []

    def graphs(self, net: nn.Module) -> dict[str, Graph | bytes]:
        """None: the transform is a product with a matrix."""
        return {}

    def sizes(self, net: nn.Module) -> dict[str, Any]:
        """See `Training.sizes`."""
        rates = {"anchors": self.model.anchors, "steps_per_anchor": STEPS_PER_ANCHOR, "coarsest": self.model.coarsest}
        return {"latents": PLANES * _SIZE, "margin": 0} | rates

    def tables(self, net: nn.Module, model: PcaModel | None, sample: Pictures) -> Arrays:
        """See `Training.tables`."""
        if model is not None:
            return dict(model.package.tables) | measured_tables(model, model.coder, sample)
        found = {name: value.numpy() for name, value in net.named_buffers()}
        bases = {"basis": found["basis"].astype(np.float16), "order": found["order"].astype(np.uint16)}
        return bases | first_tables(self.model.anchors, PLANES * _SIZE)

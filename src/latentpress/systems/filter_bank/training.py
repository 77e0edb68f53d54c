"""Training of the bank, for few bits and small errors at any bit plane, then of the contexts behind it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from latentpress.codecs.ports import Pricing
from latentpress.codecs.zerotrees import LAYERS, MIDDLE, STEP, TOP
from latentpress.parts.integer import FEATURE_BITS
from latentpress.systems.filter_bank.layout import SIGHT
from latentpress.systems.filter_bank.net import FilterBankNet, Sizes
from latentpress.systems.filter_bank.seeing import FEATURES, Listening
from latentpress.training.data import Pictures
from latentpress.training.latent import whole_blocks
from latentpress.training.plan import Plan
from latentpress.training.schedule import setting
from latentpress.training.system import Graph, Player, Point, Samples, Training, psnr_of
from latentpress.transforms.colour import TO_YCC

__all__ = ["FilterBankTraining", "heard"]

_LOWEST, _HIGHEST = 1, 7  # bit planes down to which coefficients are known in training
_PRICE = 6 / math.log(2)  # bits that the square of a step is worth: what they cost where steps are small
_HEARD, _CUT, _KEPT = 16, 256, 30000  # pictures to learn contexts from, their sides, coefficients of each
_JUDGED, _AT_ONCE = 4, 4096
_VALIDATED = (2, 4, 6)
_SIDE = 384


@dataclass(frozen=True)
class Objective:
    """``learns``: the networks of the bank, or that of the contexts, for bands of the bank as it is."""

    learns: str = setting("bank", choices=("bank", "contexts"))


class FilterBankTraining(Training):
    """One player in each run. Contexts learn from coefficients of a few pictures, as their trees are coded."""

    model_type = Sizes
    sections: ClassVar[Mapping[str, type[Any]]] = {"objective": Objective}
    figures: ClassVar[tuple[str, ...]] = ("bits", "psnr")
    at: ClassVar[str] = "plane"
    strides: ClassVar[Mapping[str, float]] = {
        "known": 2,
        "features": 3**-0.5,
    }  # each of three coefficients a pixel once
    one_sided: ClassVar[Mapping[str, Sequence[str]]] = {"encoder": (), "decoder": ()}

    def __init__(self, plan: Plan, device: str = "cpu") -> None:
        super().__init__(plan, device)
        self._pictures: Pictures = ()
        self._heard: tuple[Tensor, Tensor] | None = None

    def network(self, samples: Samples | None) -> FilterBankNet:
        """The 9/7 wavelet."""
        return FilterBankNet(self.model)

    def draw(self, samples: Pictures, rng: np.random.Generator) -> tuple[Any, ...]:
        """Crops and bit planes, or numbers that coefficients are chosen by."""
        if self.objective.learns == "contexts":
            self._pictures = samples[:: max(1, len(samples) // _HEARD)][:_HEARD]
            return (torch.from_numpy(rng.random(_AT_ONCE)),)
        planes = torch.from_numpy(rng.uniform(_LOWEST, _HIGHEST, self.schedule.batch).astype(np.float32))
        return *super().draw(samples, rng), planes

    def players(self, net: Any) -> Sequence[Player]:
        """The bank, or the contexts."""
        if self.objective.learns == "contexts":
            return [Player("contexts", {1.0: list(net.contexts.parameters())}, lambda chosen: self._told(net, chosen))]
        bank = [*net.luma.parameters(), *net.chroma.parameters()]
        return [Player("bank", {1.0: bank}, lambda crops, planes: self._banked(net, self.pixels(crops), planes))]

    def _banked(self, net: Any, x: Tensor, planes: Tensor) -> tuple[Tensor, Tensor]:
        """Mean of log2 of bits and errors; figures: bits a coefficient, about, and PSNR."""
        bits, error = _coded(net, _ycc(x), planes)
        loss = torch.log2(bits + _PRICE * error / _steps(planes).square()).mean()
        return loss, torch.stack([bits.detach().mean(), psnr_of(error.detach().mean())])

    def _told(self, net: Any, chosen: Tensor) -> tuple[Tensor, Tensor]:
        """Bits of the significance of a coefficient; figures: the same, and nothing."""
        if self._heard is None:
            self._heard = self._listened(net, self._pictures)
        places = (chosen * len(self._heard[0])).long()
        bits = _surprise(net, *(one[places] for one in self._heard))
        return bits, torch.stack([bits.detach(), torch.zeros_like(bits)])

    @torch.no_grad()
    def _listened(self, net: Any, pictures: Pictures) -> tuple[Tensor, Tensor]:
        """Features of coefficients of pictures, and whether each was significant."""
        rng, parts = np.random.default_rng(0), []
        for picture in pictures:
            x = whole_blocks(picture[:_CUT, :_CUT]).to(self.device)
            bands = [band[0].cpu().numpy() / STEP for band in net(_ycc(x))]
            parts.append(heard(bands[::-1], _KEPT, rng))
        seen, hit = (torch.from_numpy(np.concatenate(one)).to(self.device) for one in zip(*parts, strict=True))
        return seen, hit.float()

    def validate(self, net: Any, held_out: Pictures) -> list[Point]:
        """The loss of the bank at three bit planes, or that of the contexts."""
        if self.objective.learns == "contexts":
            bits = float(_surprise(net, *self._listened(net, held_out[:_JUDGED])))
            return [Point("all", bits, {"bits": bits})]
        points = []
        for plane in _VALIDATED:
            rows = []
            for picture in held_out:
                x = whole_blocks(picture[:_SIDE, :_SIDE]).to(self.device)
                loss, figures = self._banked(net, x, torch.full((1,), float(plane), device=self.device))
                rows.append([float(loss), *figures.tolist()])
            loss, bits, psnr = np.mean(rows, axis=0).tolist()
            points.append(Point(plane, loss, {"bits": bits, "psnr": psnr}))
        return points

    def graphs(self, net: Any) -> dict[str, Graph | bytes]:
        """The networks of the bank, of what they know to details; that of the contexts, of features to logits."""
        side = 8 + 2 * SIGHT
        return {
            "luma": Graph(net.luma, {"known": torch.zeros(1, 6, side, side)}, ("details",)),
            "chroma": Graph(net.chroma, {"known": torch.zeros(1, 9, side, side)}, ("details",)),
            "contexts": Graph(net.contexts, {"features": torch.zeros(1, FEATURES, 64, 1)}, ("logits",)),
        }


def heard(bands: Sequence[Any], most: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """Features (n, `FEATURES`) of coefficients of bands, in units of the lowest bit plane, and whether each was
    significant; at most so many of them.
    """
    wanted = [np.trunc(band).astype(np.int32) for band in bands]
    trees, port = Listening([band.shape for band in wanted], TOP, wanted), Pricing()
    for layer in LAYERS:
        for coded, plane in layer:
            coded(trees, port, plane, wanted)
    seen, hit = (np.concatenate(one) for one in zip(*trees.heard, strict=True))
    kept = rng.choice(len(seen), min(most, len(seen)), replace=False)
    return seen[kept], hit[kept]


def _surprise(net: Any, seen: Tensor, hit: Tensor) -> Tensor:
    """Mean bits of what was significant and what not, by features."""
    logits = net.contexts((seen.float() * 2.0**-FEATURE_BITS).T[None, :, :, None])[0, 0, :, 0]
    return F.binary_cross_entropy_with_logits(logits, hit) / math.log(2)


def _ycc(x: Tensor) -> Tensor:
    return torch.einsum("yc,bchw->byhw", torch.from_numpy(TO_YCC.copy()).to(x), x - 128)


def _steps(planes: Tensor) -> Tensor:
    return STEP * 2**planes


def _coded(net: Any, ycc: Tensor, planes: Tensor) -> tuple[Tensor, Tensor]:
    """Bits a coefficient, about, and squared error a sample (B,) of planes (B, 3, H, W) known down to bit planes. Bits:
    log2(1 + 2 m) for coefficients of mean magnitude m, in steps, in a square of 3x3.
    """
    step = _steps(planes)[:, None, None, None]
    bands = net(ycc)
    shown, bits = [], []
    for band in bands:
        size = torch.trunc(band.detach() / step)
        known = torch.sign(band.detach()) * (size.abs() + MIDDLE) * step
        shown.append(torch.where(size == 0, torch.zeros_like(band), band + (known - band.detach())))
        near = F.avg_pool2d(band.abs() / step, 3, 1, 1, count_include_pad=False)
        bits.append(torch.log2(1 + 2 * near).sum(dim=(1, 2, 3)))
    error = (net.inverse(shown) - ycc).square().mean(dim=(1, 2, 3))
    return torch.stack(bits).sum(0) / ycc[0].numel(), error

"""Training of progressive codecs: crops through all layers, the logarithm of rate and distortion after each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from latentpress.codecs.embedded import tables_of
from latentpress.codecs.latent import TileSettings
from latentpress.codecs.planes import to_planes
from latentpress.codecs.ports import Counting
from latentpress.parts.progressive import ProgressiveNet, Sizes
from latentpress.training.checkpoint import Checkpoint
from latentpress.training.data import Pictures
from latentpress.training.latent import whole_blocks
from latentpress.training.schedule import setting
from latentpress.training.structural import similarity
from latentpress.training.system import Arrays, Graph, Player, Point, Training, psnr_of
from latentpress.training.transplant import transplant
from latentpress.transforms.klt import fit_klt

__all__ = ["LayeredObjective", "LayeredTraining"]

_EXCHANGE = 0.03  # squared error that a bit a pixel is worth, in squared steps: that of embedded KLT coefficients


@dataclass(frozen=True)
class LayeredObjective:
    """``distortion``: ``mse``; ``l1``, the mean absolute error, as the papers have it; ``ssim-l1``, weighted by how far
    the structural similarity of its neighbourhood is from 1 (Johnston et al. 2018, section 3.2).
    """

    distortion: str = setting("mse", choices=("mse", "l1", "ssim-l1"))


class LayeredTraining(Training):
    """Training of what `RecurrentModel` runs. Begins with the Karhunen-Loeve transform of the samples as both block
    transforms, which learn slowly.
    """

    model_type: ClassVar[type[Any]] = Sizes
    sections: ClassVar[Mapping[str, type[Any]]] = {"objective": LayeredObjective}
    figures: ClassVar[tuple[str, ...]] = ("bpp", "psnr")
    at: ClassVar[str] = "layers"
    strides: ClassVar[Mapping[str, float]] = {"residual": 16, "picture": 16, "state": 16, "values": 16, "known": 16}
    one_sided: ClassVar[Mapping[str, Sequence[str]]] = {"encoder": ("encoder",), "decoder": ()}

    def network(self, samples: Pictures | None) -> ProgressiveNet:
        """See `Training.network`."""
        if samples is None:
            return ProgressiveNet(self.model, None)
        count = max(1, min(self.schedule.klt_pictures, len(samples)))
        chosen = np.linspace(0, len(samples) - 1, count).astype(int)
        return ProgressiveNet(self.model, fit_klt([samples[i] for i in chosen], self.model.channels))

    def adopt(self, other: Checkpoint, net: Any) -> dict[str, Tensor]:
        """What a network of other sizes or with other cells has in common with this one."""
        theirs = other.recipe.model
        if not isinstance(theirs, Sizes) or theirs.layers != self.model.layers or theirs.signs or self.model.signs:
            return super().adopt(other, net)
        return transplant(other.average, net.state_dict())

    def players(self, net: Any) -> list[Player]:
        """One."""
        slow = [net.encoder.analysis.weight, net.decoder.synthesis.weight]
        others = [p for p in net.parameters() if all(p is not s for s in slow)]
        groups = {1.0: others, self.schedule.linear_factor: slow}
        return [Player(self.plan.codec, groups, lambda *drawn: self.loss(net, *drawn))]

    def enter(self, net: Any, step: int) -> bool:
        """Whether codes are signs in this step; before, they are drawn."""
        self._hard = super().enter(net, step)
        return bool(self._hard)

    def draw(self, samples: Pictures, rng: np.random.Generator) -> tuple[Any, ...]:
        """Crops, and the seed that codes are drawn with."""
        return (*super().draw(samples, rng), int(rng.integers(2**62)))

    def loss(self, net: Any, *drawn: Any) -> tuple[Tensor, Tensor]:
        """Mean over the layers of log2(rate + distortion / (0.03 step^2)), with signs, whose rate is fixed, of
        log2(distortion); figures of the middle layer.
        """
        crops, seed = drawn
        x = _blocks(self.pixels(crops))
        generator = None if self._hard else torch.Generator(x.device).manual_seed(int(seed))
        costs, figures = self._costs(net(x, generator), x, net)
        return costs.mean(), figures[len(figures) // 2].detach()

    @torch.no_grad()
    def validate(self, net: Any, held_out: Pictures) -> list[Point]:
        """A point for each number of layers."""
        rows = []
        for picture in held_out:
            x = _blocks(whole_blocks(picture).to(self.device))
            costs, figures = self._costs([(made.round().clamp(-128, 127), bits) for made, bits in net(x)], x, net)
            rows.append(torch.cat([costs[:, None], figures], dim=1))
        means = torch.stack(rows).mean(dim=0).tolist()
        return [Point(n, cost, {"bpp": bpp, "psnr": psnr}) for n, (cost, bpp, psnr) in enumerate(means, 1)]

    def graphs(self, net: Any) -> dict[str, Graph | bytes]:
        """The two networks of `RecurrentModel`."""
        c = self.model
        sizes = 768, net.encoder.cell.states, net.decoder.states, c.signs or c.channels
        blocks, coded, state, values = (torch.zeros(1, n, 8, 8) for n in sizes)
        layer = torch.zeros(1, c.layers)
        encoder = {"residual": blocks, "state": coded, "layer": layer}
        decoder = {"values": values, "picture": blocks, "state": state, "layer": layer}
        graphs = [("encoder", encoder), ("decoder", decoder)]
        if c.inpainting:
            graphs.append(("inpaint", {"picture": blocks, "known": torch.zeros(1, 1, 8, 8)}))
        return {
            name: Graph(getattr(net, name), inputs, getattr(net, name).outputs, fixed=("layer",))
            for name, inputs in graphs
        }

    def sizes(self, net: Any) -> dict[str, Any]:
        """See `RecurrentModel`. A step of a cell sees one block more on each side."""
        c = self.model
        found = {"anchors": c.layers + 1, "steps_per_anchor": 1, "latents": c.layers * (c.signs or c.channels)}
        reach = c.layers * c.diffusion + c.priming
        # even, so that every second place of a tile is one of the pixels around it
        found |= {"margin": reach + reach % 2 + 2 * c.inpainting, "hidden": net.decoder.states}
        found |= {"inpainting": c.inpainting}
        return found | {"coded": net.encoder.cell.states, "cell": net.decoder.cell.states, "priming": c.priming}

    def tables(self, net: Any, model: Any, sample: Pictures) -> Arrays:
        """Steps, and chances of the codes of the sample; with signs, whose chances adapt, steps and channels."""
        if self.model.signs:
            expand = net.encoder.expand.reshape(*net.encoder.turn.shape, -1).cpu().numpy()
            return {"channel": expand.argmax(axis=2).astype(np.int32), "steps": expand.max(axis=2).astype(np.int32)}
        steps = net.encoder.steps.cpu().numpy().astype(np.int32)
        if model is None:
            return tables_of(steps)
        port = Counting()
        for picture in sample:
            planes = to_planes(picture, model.stride)
            values = model.analysis(planes, model.layers)
            model.code(port, model.layers, values.shape[1:], values, TileSettings())
        return tables_of(steps, port.counts)

    def _costs(self, layers: list[tuple[Tensor, Tensor]], x: Tensor, net: Any) -> tuple[Tensor, Tensor]:
        """Costs (layers,) and figures (layers, 2): bits a pixel of all layers so far, PSNR."""
        pixels = 256 * x.shape[2] * x.shape[3]
        errors = torch.stack([(made - x).square().mean() for made, _ in layers])
        bits = torch.stack([part.mean() for _, part in layers]).cumsum(dim=0) / pixels
        figures = torch.stack([bits, psnr_of(errors)], dim=1)
        how = self.objective.distortion
        if how != "mse":
            errors = torch.stack([_absolute(made, x, weighted=how == "ssim-l1") for made, _ in layers])
        if self.model.signs:
            return torch.log2(errors), figures
        return torch.log2(bits + errors / (_EXCHANGE * net.encoder.steps.amax(dim=1).square())), figures


def _blocks(pixels: Tensor) -> Tensor:
    return F.pixel_unshuffle(pixels, 16) - 128


def _absolute(made: Tensor, x: Tensor, weighted: bool) -> Tensor:
    """The mean absolute error of blocks, squared and in the measure of a squared one: equal to it for errors of a
    normal distribution. weighted: by 1 - SSIM of luma around each pixel, of mean 1.
    """
    error = (made - x).abs()
    if weighted:
        a, b = (F.pixel_shuffle(blocks, 16).mean(dim=1, keepdim=True) + 128 for blocks in (made, x))
        weight = (1 - similarity(a, b)).detach()
        error = F.pixel_shuffle(error, 16) * (weight / weight.mean())
    return math.pi / 2 * error.mean().square()

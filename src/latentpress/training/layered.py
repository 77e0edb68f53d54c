"""Training of progressive codecs: crops through all layers, the logarithm of rate and distortion after each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from latentpress.codecs.embedded import tables_of
from latentpress.codecs.latent import TileSettings
from latentpress.codecs.planes import to_planes
from latentpress.codecs.ports import Counting
from latentpress.training.data import Pictures
from latentpress.training.latent import whole_blocks
from latentpress.training.system import Arrays, Graph, Point, Training, psnr_of

__all__ = ["LayeredTraining"]

_EXCHANGE = 0.03  # squared error that a bit a pixel is worth, in squared steps: that of embedded KLT coefficients


class LayeredTraining(Training):
    """Base of recurrent codecs that `RecurrentModel` runs. A subclass gives `network`, whose modules are ``encoder``
    and ``decoder``, and whose call on blocks (B, 768, h, w) gives picture, as blocks, and bits (B,) of each layer.
    """

    figures: ClassVar[tuple[str, ...]] = ("bpp", "psnr")
    at: ClassVar[str] = "layers"
    strides: ClassVar[Mapping[str, float]] = {"residual": 16, "picture": 16, "state": 16, "values": 16}
    one_sided: ClassVar[Mapping[str, Sequence[str]]] = {"encoder": ("encoder",), "decoder": ()}

    def enter(self, net: Any, step: int) -> bool:
        """Whether codes are signs in this step; before, they are drawn."""
        self._hard = super().enter(net, step)
        return bool(self._hard)

    def draw(self, samples: Pictures, rng: np.random.Generator) -> tuple[Any, ...]:
        """Crops, and the seed that codes are drawn with."""
        return (*super().draw(samples, rng), int(rng.integers(2**62)))

    def loss(self, net: Any, *drawn: Any) -> tuple[Tensor, Tensor]:
        """Mean over the layers of log2(rate + distortion / (0.03 step^2)); figures of the middle layer."""
        crops, seed = drawn
        x = _blocks(self.pixels(crops))
        generator = None if self._hard else torch.Generator(x.device).manual_seed(int(seed))
        costs, figures = _costs(net(x, generator), x, net)
        return costs.mean(), figures[len(figures) // 2].detach()

    @torch.no_grad()
    def validate(self, net: Any, held_out: Pictures) -> list[Point]:
        """A point for each number of layers."""
        rows = []
        for picture in held_out:
            x = _blocks(whole_blocks(picture).to(self.device))
            costs, figures = _costs([(made.round().clamp(-128, 127), bits) for made, bits in net(x)], x, net)
            rows.append(torch.cat([costs[:, None], figures], dim=1))
        means = torch.stack(rows).mean(dim=0).tolist()
        return [Point(n, cost, {"bpp": bpp, "psnr": psnr}) for n, (cost, bpp, psnr) in enumerate(means, 1)]

    def graphs(self, net: Any) -> dict[str, Graph | bytes]:
        """The two networks of `RecurrentModel`."""
        c = self.model
        blocks, state, values = (torch.zeros(1, n, 8, 8) for n in (768, c.hidden, c.channels))
        layer = torch.zeros(1, c.layers)
        residual = {"residual": blocks, "state": state, "layer": layer}
        coded = {"values": values, "picture": blocks, "state": state, "layer": layer}
        return {
            "encoder": Graph(net.encoder, residual, ("significance", "sign", "next"), fixed=("layer",)),
            "decoder": Graph(net.decoder, coded, ("painted", "next"), fixed=("layer",)),
        }

    def sizes(self, net: Any) -> dict[str, Any]:
        """See `RecurrentModel`. A layer's pixels depend on one block more on each side."""
        c = self.model
        rates = {"anchors": c.layers + 1, "steps_per_anchor": 1}
        return rates | {"latents": c.layers * c.channels, "margin": c.layers, "hidden": c.hidden}

    def tables(self, net: Any, model: Any, sample: Pictures) -> Arrays:
        """Steps, and chances of the codes of the sample."""
        steps = net.encoder.steps.cpu().numpy().astype(np.int32)
        if model is None:
            return tables_of(steps)
        port = Counting()
        for picture in sample:
            planes = to_planes(picture, model.stride)
            values = model.analysis(planes, model.layers)
            model.code(port, model.layers, values.shape[1:], values, TileSettings())
        return tables_of(steps, port.counts)


def _blocks(pixels: Tensor) -> Tensor:
    return F.pixel_unshuffle(pixels, 16) - 128


def _costs(layers: list[tuple[Tensor, Tensor]], x: Tensor, net: Any) -> tuple[Tensor, Tensor]:
    """Costs (layers,) and figures (layers, 2): bits a pixel of all layers so far, PSNR."""
    pixels = 256 * x.shape[2] * x.shape[3]
    errors = torch.stack([(made - x).square().mean() for made, _ in layers])
    bits = torch.stack([part.mean() for _, part in layers]).cumsum(dim=0) / pixels
    costs = torch.log2(bits + errors / (_EXCHANGE * net.encoder.steps.amax(dim=1).square()))
    return costs, torch.stack([bits, psnr_of(errors)], dim=1)

"""Masked three-dimensional networks over channels, rows and columns: layer by layer, only at the places of a pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.mean_scale.layout import MEAN_BITS
from latentpress.codecs.ports import Port
from latentpress.systems.entropy_models.coding import taken
from latentpress.systems.entropy_models.layout import PREDICT_BITS, companded
from latentpress.systems.entropy_models.masks import MASKS, Offsets
from latentpress.systems.entropy_models.walks.base import Float, Ints, Walk, gathered, passes_over

__all__ = ["CubeWalk"]

_HALF = 1 << (PREDICT_BITS - MEAN_BITS - 1)  # a unit of means, in units of the weights


class CubeWalk(Walk):
    """Each layer sees the one below it at places that are coded before this one, hidden layers at this one too: so what
    is known of a layer never changes, and each pass adds its own places to all layers. No hyper latents.
    """

    networks: ClassVar[tuple[str, ...]] = ("base", "layer_0", "layer_1", "layer_2", "layer_3")

    def read(self, config: Mapping[str, Any], tables: Mapping[str, NDArray[Any]]) -> None:
        """See `Walk.read`."""
        super().read(config, tables)
        self.mask, self.features = MASKS[config["kind"]], int(config["features"])
        self.weights = tables["predict"].astype(np.int32)
        if self.weights.shape != (self.latents, len(self.mask.own)):
            raise ValueError(f"weights of the mean of shape {self.weights.shape}")

    def passes(self, height: int, width: int) -> int:
        """See `Walk.passes`."""
        return len(passes_over(self.mask.order, self.latents, height, width))

    def code(self, port: Port, rate: int, shape: tuple[int, int], wanted: Ints | None) -> Ints:
        """See `Walk.code`."""
        index, bias = (value[:, 0, 0] for value in self.run("base", mix=self.model.mix(rate)))
        bias = bias.reshape(self.features, self.latents)
        size = (self.latents, *shape)
        first, *hidden = layers = [
            _Layer(2, self.mask.first, size),
            *(_Layer(self.features, self.mask.hidden, size) for _ in range(3)),
        ]
        raw = _Layer(1, self.mask.own, size, like=first)
        symbols = np.zeros(size, np.int32)
        for places in passes_over(self.mask.order, *size):
            channel = places // (shape[0] * shape[1])
            at = [layer.at(places) for layer in layers]
            (h,) = self.run("layer_0", near=first.around(at[0]), bias=bias[None, :, channel, None])
            hidden[0].put(at[1], h)
            skip = h[None]
            (h,) = self.run("layer_1", near=hidden[0].around(at[1]))
            hidden[1].put(at[2], h)
            (h,) = self.run("layer_2", near=hidden[1].around(at[2]), skip=skip)
            hidden[2].put(at[3], h)
            outputs = self.run("layer_3", near=hidden[2].around(at[3]))
            mean, shift, *weight = (value[..., 0] for value in outputs)
            near = raw.around(at[0])[0, :, :, 0].astype(np.int32)
            linear = ((near * self.weights[channel].T).sum(axis=0) + _HALF) >> (PREDICT_BITS - MEAN_BITS)
            mean = mean + linear.astype(np.float32) * np.float32(2.0**-MEAN_BITS)
            coded = self.coder(port, taken(wanted, places), mean, shift + index[channel], *weight)
            raw.put(at[0], coded[None, :, None].astype(np.float32))
            symbols.reshape(-1)[places] = coded
            seen = companded(coded)
            first.put(at[0], np.stack([seen, np.abs(seen)])[..., None])
        return symbols


class _Layer:
    """Activations of a layer (features, M, h, w) with zeros around, of which places are read with all that a mask shows
    of their surroundings. like: a layer that shows more, whose flat places are good here too.
    """

    def __init__(self, features: int, offsets: Offsets, size: Sequence[int], like: _Layer | None = None) -> None:
        reach: NDArray[np.intp] = np.abs(np.array(offsets)).max(axis=0) if like is None else like._reach
        self._size: Sequence[int] = size
        self._reach: NDArray[np.intp] = reach
        self._padded = [int(side + 2 * extra) for side, extra in zip(size, reach, strict=True)]
        self._values = np.zeros((features, int(np.prod(self._padded))), np.float32)
        _, height, width = self._padded
        self._offsets = np.array([(c * height + row) * width + column for c, row, column in offsets])[:, None]

    def at(self, places: NDArray[np.intp]) -> NDArray[np.intp]:
        """Flat places of the padded array."""
        inside = np.unravel_index(places, tuple(self._size))
        channel, row, column = (axis + extra for axis, extra in zip(inside, self._reach, strict=True))
        at: NDArray[np.intp] = (channel * self._padded[1] + row) * self._padded[2] + column
        return at

    def around(self, at: NDArray[np.intp]) -> Float:
        """(1, features * offsets, n, 1): the input of a network."""
        near: Float = gathered(self._values, at + self._offsets).reshape(1, -1, len(at), 1)
        return near

    def put(self, at: NDArray[np.intp], values: Float) -> None:
        """Set places to (features, n, 1)."""
        self._values[:, at] = values[..., 0]

"""`RecurrentModel`: a progressive codec of a recurrent encoder and decoder, which run once for each layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.embedded import EmbeddedTables, code_layer
from latentpress.codecs.layered import LayeredModel
from latentpress.codecs.ports import Port
from latentpress.transforms.blocks import Blocks

__all__ = ["RecurrentModel"]

Float = NDArray[np.float32]

_GREY = np.float32(128)


class RecurrentModel(LayeredModel):
    """Works on blocks of 16x16 pixels (1, 768, h, w), grey levels less 128. The package has two networks. Their state
    (1, hidden, h, w) is zero at the start, as the picture is; ``layer`` (1, layers) is one in its place and zero
    elsewhere.

    ``encoder``: residual, state, layer to significance and sign (1, n, h, w), scores of a pair of codes for each value,
    and next. ``decoder``: values (1, n, h, w), picture, state, layer to painted and next.
    """

    def read(self, config: Mapping[str, Any], tables: Mapping[str, NDArray[Any]]) -> None:
        """See `PackageModel.read`."""
        super().read(config, tables)
        self._hidden = int(config["hidden"])
        self._tables = EmbeddedTables.read(tables)
        if self._tables.steps.size != self.latents or len(self._tables.steps) != self.layers:
            raise ValueError("the steps are not those of the layers")
        self._blocks = Blocks(self.stride, (3,))

    def analysis(self, planes: Float, rate: int) -> Float:
        """(1, 3, 16h, 16w) grey levels to the values (M, h, w) of the first ``rate`` layers: the encoder codes what the
        decoder has still wrong.
        """
        target = self._blocks.forward(planes[0] - _GREY).transpose(2, 0, 1)[None]
        shape = target.shape[2:]
        picture, state = self._start(*shape)
        coded = state
        values: Float = self.empty(shape).astype(np.float32)
        for number in range(rate):
            layer = self._row(number)
            found = self.run("encoder", residual=target - picture, state=coded, layer=layer)
            coded = found["next"]
            signs = np.where(found["sign"][0] > 0, np.float32(1), np.float32(-1))
            active = self._tables.steps[number, :, None, None] > 0
            values[number] = (active & (found["significance"][0] > 0)) * signs
            picture, state = self._paint(values[number], picture, state, layer)
        return values.reshape(-1, *shape)

    def synthesis(self, values: Float, rate: int) -> Float:
        """Values (M, h, w) of ``rate`` layers to grey levels (3, 16h, 16w)."""
        shape = values.shape[1:]
        picture, state = self._start(*shape)
        for number in range(rate):
            layer = values.reshape(self.layers, -1, *shape)[number]
            picture, state = self._paint(layer, picture, state, self._row(number))
        planes: Float = self._blocks.inverse(picture[0].transpose(1, 2, 0)) + _GREY
        return planes

    def layer(self, port: Port, before: NDArray[Any], wanted: NDArray[Any] | None) -> NDArray[np.int32]:
        """See `LayeredModel.layer`."""
        return code_layer(port, self._tables, before, wanted)

    def _start(self, height: int, width: int) -> tuple[Float, Float]:
        """Picture and state before the first layer."""
        pixels = 3 * self.stride**2
        return np.zeros((1, pixels, height, width), np.float32), np.zeros((1, self._hidden, height, width), np.float32)

    def _paint(self, values: Float, picture: Float, state: Float, layer: Float) -> tuple[Float, Float]:
        found = self.run("decoder", values=values[None], picture=picture, state=state, layer=layer)
        return found["painted"], found["next"]

    def _row(self, number: int) -> Float:
        return np.eye(1, self.layers, number, dtype=np.float32)

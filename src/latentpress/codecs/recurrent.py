"""`RecurrentModel`: a progressive codec of a recurrent encoder and decoder, which run once for each layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.adaptive_rate import Visibility, stops
from latentpress.codecs.embedded import EmbeddedTables, code_layer
from latentpress.codecs.latent import Values
from latentpress.codecs.layered import LayeredModel
from latentpress.codecs.places import Places
from latentpress.codecs.ports import Port, Walk
from latentpress.codecs.signs import SignCoder, turns_of
from latentpress.transforms.blocks import Blocks

__all__ = ["RecurrentModel"]

Float = NDArray[np.float32]

_GREY = np.float32(128)
_CODE = 6.0  # bits of a value that is not zero, about; each place and layer has another one


@dataclass
class _Coded:
    """Values (layers, n, h, w) of a tile, and the coder of its signs, or of its places if layers have maps."""

    values: NDArray[np.int32]
    coder: SignCoder | Places | None


class RecurrentModel(LayeredModel):
    """Works on blocks of 16x16 pixels (1, 768, h, w), grey levels less 128. The package has two networks. Their states
    (1, n, h, w) are zero at the start, as the picture is; ``layer`` (1, layers) is one in its place, zero elsewhere.

    ``encoder``: residual, state, layer to next and either significance and sign (1, n, h, w), scores of a pair of codes
    for each value, or values (1, n, h, w), codes of -1 and 1, if the tables have ``channel``. ``decoder``: values
    (1, n, h, w), picture, state, layer to painted, next and, for some, gain (1, 1, h, w), of the next residual.

    ``priming`` of the card: steps of both before the first layer whose codes, and whose painting, do not count; of the
    decoder's state its first ``cell`` channels stay. ``inpainting``: a layer of every second place is first, then
    ``inpaint``: picture, known (1, 1, h, w) to painted, then a layer of the others.
    """

    def read(self, config: Mapping[str, Any], tables: Mapping[str, NDArray[Any]]) -> None:
        """See `PackageModel.read`."""
        super().read(config, tables)
        self._states = int(config.get("coded", config["hidden"])), int(config["hidden"])
        self._priming, self._cell = int(config.get("priming", 0)), int(config.get("cell", config["hidden"]))
        self.inpaints = bool(config.get("inpainting", False))
        self._channel = None
        if "channel" in tables:
            self._channel, self._steps = (np.asarray(tables[name], np.int32) for name in ("channel", "steps"))
            self._turn = turns_of(self._channel)
            if self._channel.shape != self._steps.shape or not 0 <= self._channel.min() <= self._channel.max() < 2**10:
                raise ValueError("the channels are not those of the codes")
            if self._steps.min() < 1:
                raise ValueError("a code has no step")
        else:
            self._tables = EmbeddedTables.read(tables)
            self._steps = self._tables.steps
        if self._steps.size != self.latents or len(self._steps) != self.layers:
            raise ValueError("the steps are not those of the layers")
        self._blocks = Blocks(self.stride, (3,))

    def analysis(self, planes: Float, rate: int, adaptive: bool = False) -> Float:
        """(1, 3, 16h, 16w) grey levels to the values (M, h, w) of the first ``rate`` layers: the encoder codes what the
        decoder has still wrong.

        adaptive: of about as many bits, but some places stop earlier than others, by `stops`; where they have, values
        are zero.
        """
        target = self._blocks.forward(planes[0] - _GREY).transpose(2, 0, 1)[None]
        layers = np.full(target.shape[2:], rate)
        if adaptive:
            seen = Visibility(planes[0])
            left = [target]
            values = self._found(target, np.full_like(layers, self.layers), left)
            errors = np.stack([seen(self._blocks.inverse(one[0].transpose(1, 2, 0))) for one in left])
            layers = stops(errors, _CODE * np.count_nonzero(values, axis=1) + 1.0, rate)
        return self._found(target, layers, []).reshape(-1, *layers.shape)

    def _found(self, target: Float, layers: NDArray[Any], left: list[Float]) -> Float:
        """Values (layers, n, h, w) for blocks (1, 768, h, w), zero beyond so many ``layers`` of a place (h, w). left:
        takes what is wrong after each layer.
        """
        values: Float = np.zeros((self.layers, self.latents // self.layers, *layers.shape), np.float32)
        painter = _Painter(self, layers.shape)
        coded = np.zeros((1, self._states[0], *layers.shape), np.float32)
        for number in range(int(layers.max())):
            residual = (target - painter.picture) * painter.gain
            for _ in range(1 + self._priming if number == 0 else 1):
                found = self.run("encoder", residual=residual, state=coded, layer=self._row(number))
                coded = found["next"]
            values[number] = self._values(found, number) * (number < layers)
            if len(self._phases(number)) == 1:
                values[number] *= np.indices(layers.shape).sum(axis=0) % 2 == self._phases(number)[0]
            painter.paint(values[number], number)
            left.append(target - painter.picture)
        return values

    def synthesis(self, values: Float, rate: int) -> Float:
        """Values (M, h, w) of ``rate`` layers to grey levels (3, 16h, 16w)."""
        painter = _Painter(self, values.shape[1:])
        for _ in self._painting(painter, values, rate):
            pass
        return self._planes(painter)

    def pictures(self, values: Float, rate: int) -> Iterator[Float]:
        """Grey levels (3, 16h, 16w) after each of the first ``rate`` layers of values (M, h, w)."""
        painter = _Painter(self, values.shape[1:])
        return (self._planes(painter) for _ in self._painting(painter, values, rate))

    def _painting(self, painter: _Painter, values: Float, rate: int) -> Iterator[None]:
        for number, layer in enumerate(values.reshape(self.layers, -1, *values.shape[1:])[:rate]):
            painter.paint(layer, number)
            yield

    def empty(self, shape: tuple[int, int], mapped: bool = False) -> _Coded:
        """See `LayeredModel.empty`."""
        values = np.zeros((self.layers, self.latents // self.layers, *shape), np.int32)
        if self._channel is not None:
            return _Coded(values, SignCoder(self._channel, self._steps, self._turn, shape))
        return _Coded(values, Places(shape) if mapped else None)

    def walk(self, values: _Coded, number: int, latents: Float | None = None) -> Walk[Values]:
        """See `LayeredModel.walk`."""
        left = None if latents is None else latents.reshape(values.values.shape)[number:].astype(np.int32)

        def run(port: Port) -> Values:
            values.values[number] = self._layer(port, values, number, left)
            return super(RecurrentModel, self).shown(values.values[number : number + 1])

        return run

    def _layer(self, port: Port, known: _Coded, number: int, left: NDArray[np.int32] | None) -> NDArray[np.int32]:
        """Code a layer; left (layers to come, n, h, w): it and those after it."""
        wanted = None if left is None else left[0]
        if isinstance(known.coder, SignCoder):
            return known.coder.layer(port, number, wanted)
        places = None
        if known.coder is not None:
            places = known.coder.layer(port, None if left is None else np.any(left, axis=(0, 1)))
        return code_layer(port, self._tables, known.values[:number], wanted, self._phases(number), places)

    def shown(self, values: Any) -> Values:
        """See `LayeredModel.shown`."""
        return super().shown(values.values)

    def _phases(self, number: int) -> tuple[int, ...]:
        """Where a layer has codes; see `code_layer`."""
        return (number,) if self.inpaints and number < 2 else (0, 1)

    def _values(self, found: Mapping[str, Float], number: int) -> Float:
        """The codes that an encoder's outputs stand for (n, h, w)."""
        if self._channel is not None:
            values: Float = found["values"][0]
            return values
        signs = np.where(found["sign"][0] > 0, np.float32(1), np.float32(-1))
        active = self._steps[number, :, None, None] > 0
        pairs: Float = (active & (found["significance"][0] > 0)) * signs
        return pairs

    def _planes(self, painter: _Painter) -> Float:
        planes: Float = self._blocks.inverse(painter.picture[0].transpose(1, 2, 0)) + _GREY
        return planes

    def _row(self, number: int) -> Float:
        return np.eye(1, self.layers, number, dtype=np.float32)


class _Painter:
    """The decoder's network on its way through the layers. picture (1, 768, h, w): so far; gain: of what it lacks."""

    def __init__(self, model: RecurrentModel, shape: tuple[int, ...]) -> None:
        self._model = model
        self.picture = np.zeros((1, 3 * model.stride**2, *shape), np.float32)
        self.gain: Float = np.ones(1, np.float32)
        self._state = np.zeros((1, model._states[1], *shape), np.float32)

    def painted(self, values: Float, number: int) -> dict[str, Float]:
        """What the network makes of the values (n, h, w) of the next layer."""
        state = self._state
        for _ in range(self._model._priming if number == 0 else 0):
            state = self._run(values, number, state)["next"]
            state[:, self._model._cell :] = 0
        return self._run(values, number, state)

    def paint(self, values: Float, number: int) -> None:
        """Go on with the values of the next layer."""
        found = self.painted(values, number)
        self.picture, self._state, self.gain = found["painted"], found["next"], found.get("gain", self.gain)
        if self._model.inpaints and number == 0:
            known = (values != 0).any(axis=0)[None, None].astype(np.float32)
            self.picture = self._model.run("inpaint", picture=self.picture, known=known)["painted"]

    def _run(self, values: Float, number: int, state: Float) -> dict[str, Float]:
        layer = self._model._row(number)
        return self._model.run("decoder", values=values[None], picture=self.picture, state=state, layer=layer)

"""Latents to bytes and back: hyper latents, then two or four passes, each with parameters from all that came before.

Order of the stream: CRC32 of the decoded values (4 bytes, little-endian), then one range-coded stream of the hyper
latents and the passes in turn. Encoder and decoder run the same code for everything a symbol depends on:
`_Passes`.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.orders import Checkerboard, Mask
from latentpress.codecs.rounding import Rounding
from latentpress.entropy import ProbabilityTables, SymbolReader, SymbolWriter
from latentpress.errors import CorruptFileError, LatentPressError
from latentpress.systems.hyperprior.finer import Finer
from latentpress.systems.hyperprior.layout import HYPER_LIMIT, RESIDUAL_LIMIT
from latentpress.systems.hyperprior.model import HyperpriorModel, Parameters

__all__ = [
    "Coded",
    "decode_latents",
    "encode_latents",
    "hyper_indices",
    "quantise_latents",
    "round_hyper",
]

_CHECK_BYTES = 4

Float = NDArray[np.float32]


def hyper_indices(model: HyperpriorModel, height: int, width: int) -> NDArray[np.uint8]:
    """Table of each hyper latent (Z, height, width): one a channel."""
    channel = np.arange(model.hyper_latents, dtype=np.uint8)
    return np.broadcast_to(channel[:, None, None], (model.hyper_latents, height, width))


@dataclass(frozen=True)
class Coded:
    """A picture's latents as symbols. ``passes``: (symbols, table of each, tables) in the order of the stream, hyper
    latents first; ``values``: what a decoder will get (M, h, w), in quantisation steps; ``check``: their checksum.
    """

    passes: list[tuple[NDArray[np.int32], NDArray[np.uint8], ProbabilityTables]]
    values: Float
    check: bytes


def quantise_latents(
    model: HyperpriorModel, latents: Float, rate: int, rounding: Rounding, number: int = 0, finer: Finer | None = None
) -> Coded:
    """Choose the symbols of latents (M, h, w), given in quantisation steps, of the tile ``number``."""
    _, height, width = latents.shape
    hyper = round_hyper(model, latents)
    state = _Passes(model, hyper, rate, height, width, finer)
    if finer is not None:
        latents = finer.latents(latents)
    passes = [(hyper.ravel(), hyper_indices(model, *hyper.shape[1:]).ravel(), model.hyper_tables(rate))]
    for mask in state.masks:
        parameters, index = state.parameters()
        residual = rounding.round((latents - parameters.mean)[mask], index[mask])
        symbols = np.clip(residual, -RESIDUAL_LIMIT, RESIDUAL_LIMIT).astype(np.int32)
        passes.append((symbols, index[mask], model.tables))
        state.put(symbols, mask, parameters)
    return Coded(passes, state.values, _check(hyper, state.values, number))


def encode_latents(
    model: HyperpriorModel, latents: Float, rate: int, rounding: Rounding, number: int = 0, finer: Finer | None = None
) -> bytes:
    """Code latents (M, h, w), given in quantisation steps, as the stream of the tile ``number``. finer: where they are
    quantised in smaller steps.

    Reads the stream back before it hands it out. Raises LatentPressError if that does not give the same symbols.
    """
    coded = quantise_latents(model, latents, rate, rounding, number, finer)
    writer = SymbolWriter()
    for one in coded.passes:
        writer.write(*one)
    stream = writer.finish()
    reader = SymbolReader(stream)
    if not all(np.array_equal(reader.read(index, tables), symbols) for symbols, index, tables in coded.passes):
        raise LatentPressError("the coded symbols do not read back; please report this picture")
    return coded.check + stream


def decode_latents(
    model: HyperpriorModel,
    stream: bytes,
    rate: int,
    height: int,
    width: int,
    number: int = 0,
    finer: Finer | None = None,
) -> Float:
    """The values (M, height, width), in quantisation steps, of a stream that `encode_latents` made for that tile.

    Raises CorruptFileError when the stream is damaged or its values do not match their checksum.
    """
    if len(stream) < _CHECK_BYTES:
        raise CorruptFileError("the symbol stream is too short")
    reader = SymbolReader(stream[_CHECK_BYTES:])
    shape = (model.hyper_latents, -(-height // model.hyper_stride), -(-width // model.hyper_stride))
    hyper = reader.read(hyper_indices(model, *shape[1:]).ravel(), model.hyper_tables(rate)).reshape(shape)
    if np.abs(hyper).max() > HYPER_LIMIT:
        raise CorruptFileError("the symbol stream is damaged: a hyper latent is out of range")
    passes = _Passes(model, hyper, rate, height, width, finer)
    for mask in passes.masks:
        parameters, index = passes.parameters()
        symbols = reader.read(index[mask], model.tables)
        if symbols.size and np.abs(symbols).max() > RESIDUAL_LIMIT:
            raise CorruptFileError("the symbol stream is damaged: a latent is out of range")
        passes.put(symbols, mask, parameters)
    reader.finish()
    if _check(hyper, passes.values, number) != stream[:_CHECK_BYTES]:
        raise CorruptFileError("the decoded symbols do not match their checksum")
    return passes.values


class _Passes:
    """The state that both sides build up: values so far, and the parameters of the next pass."""

    def __init__(
        self,
        model: HyperpriorModel,
        hyper: NDArray[Any],
        rate: int,
        height: int,
        width: int,
        finer: Finer | None = None,
    ) -> None:
        self._model, self._finer = model, finer
        mix = model.mix(rate)
        self._features, self._first = model.hyper_synthesis(hyper[None].astype(np.float32), mix, height, width)
        self._done = 0
        self.values: Float = np.zeros((model.latents, height, width), np.float32)
        self.masks = Checkerboard(model.passes).masks(model.latents, height, width)

    def parameters(self) -> tuple[Parameters, NDArray[np.uint8]]:
        """Parameters of the next pass, and the table of each symbol."""
        parameters = self._first
        if self._done:
            parameters = parameters.plus(self._model.context(self._done + 1, self._features, self.values))
        if self._finer is not None:
            parameters = self._finer.parameters(parameters)
        return parameters, parameters.tables(len(self._model.tables))

    def put(self, symbols: NDArray[np.int32], mask: Mask, parameters: Parameters) -> None:
        """Take over the symbols of a pass: value = symbol + mean."""
        if self._finer is None:
            self.values[mask] = symbols.astype(np.float32) + parameters.mean[mask]
        else:
            fine = np.zeros_like(self.values)
            fine[mask] = symbols.astype(np.float32) + parameters.mean[mask]
            self.values[mask] = self._finer.values(fine)[mask]
        self._done += 1


def round_hyper(model: HyperpriorModel, latents: Float) -> NDArray[np.int32]:
    """Hyper latents (Z, h/4, w/4), rounded up in size; latents are padded with zeros to multiples of 4."""
    _, height, width = latents.shape
    step = model.hyper_stride
    padded = np.pad(latents, ((0, 0), (0, -height % step), (0, -width % step)))
    hyper = np.floor(model.hyper_analysis(padded[None])[0] + np.float32(0.5))
    whole: NDArray[np.int32] = np.clip(hyper, -HYPER_LIMIT, HYPER_LIMIT).astype(np.int32)
    return whole


def _check(hyper: NDArray[Any], values: Float, number: int) -> bytes:
    """CRC32 of all integers that the synthesis depends on: hyper latents, then values in units of 1/16 step.

    It starts from the tile's number, so that a tile in the place of another is noticed.
    """
    crc = zlib.crc32(hyper.astype("<i4").tobytes(), number)
    return zlib.crc32((values * np.float32(16)).astype("<i4").tobytes(), crc).to_bytes(_CHECK_BYTES, "little")

"""A patch autoencoder as a coder of gray pictures: real bytes, so that its rate can be stated."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from latentpress.entropy import ProbabilityTables, SymbolReader, SymbolWriter, quantise_pmf
from latentpress.errors import CorruptFileError
from latentpress.limits import check
from latentpress.systems.dbm_autoencoder.net import PatchAutoencoder
from latentpress.systems.dbm_autoencoder.patches import Pixels, join, split

__all__ = ["PatchCodec"]

_SIZE = struct.Struct("<II")
_MEAN_RADIUS = 255
_PRIOR = 0.5  # counted beside what was seen, so that nothing is impossible


class PatchCodec:
    """``PatchCodec(net, luma_planes)``: a network and the probabilities of its symbols, counted on planes (H, W) that
    it was trained on.

    A file is width and height (4 bytes each), then one range-coded stream: the patches' means, in steps, each less that
    of the patch before it in its row (the first of a row less that of the row above), then their code units, each unit
    with a table of its own. A study's coder, without the container of `.lpx` files.
    """

    def __init__(self, net: PatchAutoencoder, planes: Sequence[Pixels]) -> None:
        self._net, self._config = net, net.config
        found = [self._analyse(plane) for plane in planes]
        means = np.concatenate([_differences(means).ravel() for means, _ in found])
        codes = np.concatenate([codes for _, codes in found])
        radii = [_MEAN_RADIUS // self._config.mean_step + 1, *[self._config.levels // 2] * codes.shape[1]]
        counts = [
            quantise_pmf(_counts(symbols, radius)) for symbols, radius in zip([means, *codes.T], radii, strict=True)
        ]
        self._tables = ProbabilityTables(np.concatenate(counts), np.array(radii, np.uint16))

    def encode(self, luma: Pixels) -> bytes:
        """A complete file of (H, W) uint8."""
        means, codes = self._analyse(luma)
        writer = SymbolWriter()
        steps = _differences(means).ravel().astype(np.int32)
        writer.write(steps, np.zeros(len(steps), np.uint8), self._tables)
        writer.write(codes.ravel().astype(np.int32), self._units(len(codes)), self._tables)
        return _SIZE.pack(luma.shape[1], luma.shape[0]) + writer.finish()

    def decode(self, data: bytes) -> Pixels:
        """(H, W) uint8 of a file. Raises CorruptFileError for a damaged one, as far as the range coder finds out, and
        LimitError for one of too many pixels."""
        if len(data) < _SIZE.size:
            raise CorruptFileError("the patch file is cut off")
        width, height = _SIZE.unpack_from(data)
        if not width or not height:
            raise CorruptFileError("the patch file has no pixels")
        check(width, height)
        side = self._config.patch
        rows, columns = -(-height // side), -(-width // side)
        reader = SymbolReader(data[_SIZE.size :])
        steps = reader.read(np.zeros(rows * columns, np.uint8), self._tables).reshape(rows, columns)
        codes = reader.read(self._units(rows * columns), self._tables).reshape(rows * columns, -1)
        reader.finish()
        levels = codes + self._config.levels // 2
        if levels.min() < 0 or levels.max() >= self._config.levels:
            raise CorruptFileError("the patch file is damaged: a code unit has no such level")
        steps[:, 0] = np.cumsum(steps[:, 0])
        means = np.cumsum(steps, axis=1) * self._config.mean_step
        with torch.inference_mode():
            code = self._net.dequantise(torch.from_numpy(levels).float())
            patches = self._net.decode(code, torch.from_numpy(means.reshape(-1, 1)).float())
        return join(patches.round().clamp(0, 255).to(torch.uint8).numpy(), height, width, side)

    def _analyse(self, luma: Pixels) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Means (rows, columns) in steps; codes (patches, units) as levels less half their number."""
        side = self._config.patch
        patches = torch.from_numpy(split(luma, side)).float()
        with torch.inference_mode():
            means = self._net.means(patches) / self._config.mean_step
            codes = self._net.quantise(self._net.encode(patches))
        rows = -(-luma.shape[0] // side)
        return means.numpy().astype(np.int64).reshape(rows, -1), codes.numpy().astype(
            np.int64
        ) - self._config.levels // 2

    def _units(self, patches: int) -> NDArray[np.uint8]:
        """The table of each code unit of so many patches; that of the means comes first."""
        return np.tile(np.arange(1, self._config.code + 1, dtype=np.uint8), patches)


def _counts(symbols: NDArray[np.int64], radius: int) -> NDArray[np.float64]:
    """Of -radius..radius and the escape; symbols beyond count as the nearest."""
    seen = np.bincount(np.clip(symbols, -radius, radius) + radius, minlength=2 * radius + 2)
    return seen.astype(np.float64) + _PRIOR


def _differences(means: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each mean less the one before it in its row, the first less that of the row above."""
    steps = np.diff(means, axis=1, prepend=0)
    steps[:, 0] = np.diff(means[:, 0], prepend=0)
    return steps

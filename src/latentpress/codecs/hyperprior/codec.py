"""`HyperpriorCodec`: pictures to files with the flagship network, and back."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from latentpress import container
from latentpress.codecs.base import Codec, Region, check_quality
from latentpress.codecs.hyperprior.decoding import Decoding
from latentpress.codecs.hyperprior.latents import encode_latents
from latentpress.codecs.hyperprior.model import HyperpriorModel, open_model
from latentpress.codecs.hyperprior.planes import to_planes
from latentpress.codecs.hyperprior.refine import refine
from latentpress.codecs.hyperprior.rounding import Rounding, rate_and_weight
from latentpress.codecs.hyperprior.tiles import Grid, Tile, grid_of, pack_grid, unpack_grid
from latentpress.codecs.packing import colour_of, pack_sides, unpack
from latentpress.container import STREAM, Chunk, Header
from latentpress.errors import CorruptFileError, InvalidInputError, UnsupportedError
from latentpress.image import Image, Samples
from latentpress.memory import give_back
from latentpress.models import ModelPackage, find_model, installed_models

__all__ = ["HyperpriorCodec"]

T = TypeVar("T")
R = TypeVar("R")

Float = NDArray[np.float32]

_MOST_TILES = 4  # at a time: each takes about 250 MB

_ITERATIONS = (0, 2, 4, 8, 16, 24, 36, 60, 100)  # of the search, for effort 1 to 9


class HyperpriorCodec(Codec):
    """Learned lossy codec: a variable-rate mean-scale hyperprior with context in two or four passes, made for CPUs.

    model: name of an installed model package or path of a package's folder; None takes the default. A file is decoded
    with the model that it names: this one or another installed one. effort: 1 to 9; above 1 the encoder searches the
    latents for each picture (`refine`), which takes seconds to minutes and needs the extra ``train``; such files are
    read as quickly as others. engine: ``onnx`` (ONNX Runtime) or ``torch``;
    threads: None for one a core; dtype: ``float32``, or ``float64`` with torch. Every engine reads the same symbols
    from a file. Pictures of more than about 2 megapixels are coded in tiles, as many at a time as there are threads.
    """

    id: ClassVar[str] = "hyperprior"
    number: ClassVar[int] = 1

    def __init__(
        self,
        model: str | None = None,
        engine: str = "onnx",
        threads: int | None = None,
        dtype: str = "float32",
        effort: int = 1,
    ) -> None:
        if isinstance(effort, bool) or not isinstance(effort, int) or not 1 <= effort <= len(_ITERATIONS):
            raise InvalidInputError(f"effort must be a whole number from 1 to {len(_ITERATIONS)}, not {effort!r}")
        self._config: dict[str, Any] = {
            "model": model, "engine": engine, "threads": threads, "dtype": dtype, "effort": effort,
        }  # fmt: skip

    def config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return dict(self._config)

    @classmethod
    def models(cls) -> dict[str, bytes]:
        """Names of the installed model packages and their ids."""
        return {package.name: package.id for package in installed_models(cls.id)}

    def encode(self, image: Image, quality: float = 50.0) -> bytes:
        """Compress; see `Codec.encode`. Quality is continuous."""
        iterations = _ITERATIONS[self._config["effort"] - 1]
        package = self._package
        colour = colour_of(image)
        height, width, _ = colour.shape
        grid = grid_of(-(-height // HyperpriorModel.stride), -(-width // HyperpriorModel.stride))
        model = self._open(package, len(grid.tiles))
        rate, weight = rate_and_weight(check_quality(quality), model.last_rate)
        rounding = Rounding(model.tables, weight)

        def encode_tile(place: tuple[int, Tile]) -> bytes:
            number, tile = place
            latents = _latents_of(model, colour, image.peak, tile, grid, rate, rounding, iterations)
            if len(grid.tiles) > 1:
                give_back()
            return encode_latents(model, latents, rate, rounding, number)

        tiles, payload = pack_grid(grid, self._each(encode_tile, enumerate(grid.tiles)))
        header = Header(self.number, package.id, width, height, image.channels, rate, image.bit_depth)
        return container.write(header, [*pack_sides(image), *tiles, Chunk(STREAM, payload)])

    def decode(self, data: bytes) -> Image:
        """Restore; see `Codec.decode`."""
        return self._decode(data, None)

    def decode_region(self, data: bytes, region: Region) -> Image:
        """Restore a part, decoding only the tiles that it needs; see `Codec.decode_region`."""
        return self._decode(data, region)

    def decode_values(self, data: bytes) -> tuple[Header, Float, HyperpriorModel]:
        """The exact part of decoding: header, reconstructed latents (M, h, w) in quantisation steps (multiples of 1/16,
        the same on every machine), and the model that the file names. Raises as `decode` does."""
        header, _, model, decoding = self._opened(data)
        return header, decoding.values(), model

    def _decode(self, data: bytes, region: Region | None) -> Image:
        header, chunks, _, decoding = self._opened(data)
        part = (region or Region(0, 0, header.width, header.height)).inside(header.width, header.height)
        return unpack(decoding.pixels(part), header, chunks, part)

    def _opened(self, data: bytes) -> tuple[Header, list[Chunk], HyperpriorModel, Decoding]:
        """A file taken apart and checked."""
        header, chunks = container.read(data)
        if header.codec != self.number:
            raise UnsupportedError(f"this is a file of codec number {header.codec}, not of {self.id}")
        package = self._package_of(header)
        payloads = [chunk.payload for chunk in chunks if chunk.kind == STREAM]
        if len(payloads) != 1:
            raise CorruptFileError(f"a hyperprior file has one symbol stream, this one has {len(payloads)}")
        height, width = (-(-side // HyperpriorModel.stride) for side in (header.height, header.width))
        grid, streams = unpack_grid(height, width, chunks, payloads[0])
        model = self._open(package, len(streams))
        if header.rate > model.last_rate:
            raise CorruptFileError(f"rate index {header.rate} is above the model's last, {model.last_rate}")
        return header, chunks, model, Decoding(model, header, grid, streams, self._each)

    def _each(self, work: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """``work`` on each item, in order; on as many threads as the codec has when there is more than one item."""
        items = list(items)
        workers = min(self._side_by_side, len(items))
        if workers <= 1:
            return [work(item) for item in items]
        with ThreadPoolExecutor(workers) as pool:
            return list(pool.map(work, items))

    @property
    def _side_by_side(self) -> int:
        """Tiles to work on at a time, on one thread each: quicker than threads inside the networks
        (benchmarks/large_pictures.py).
        """
        return min(self._config["threads"] or os.cpu_count() or 1, _MOST_TILES)

    @property
    def model(self) -> HyperpriorModel:
        """The networks and tables that a picture of one tile is coded with."""
        return self._open(self._package, tiles=1)

    @cached_property
    def _package(self) -> ModelPackage:
        return find_model(self.id, name=self._config["model"])

    def _package_of(self, header: Header) -> ModelPackage:
        """The package that a file names: this codec's own, or another installed one."""
        if self._config["model"] is not None and self._package.id == header.model:
            return self._package
        return find_model(self.id, id=header.model)

    def _open(self, package: ModelPackage, tiles: int) -> HyperpriorModel:
        """The model, for a picture of so many tiles. Those that are worked on side by side share the threads."""
        threads, engine, dtype = self._config["threads"], self._config["engine"], self._config["dtype"]
        if tiles == 1:
            return open_model(package, engine, threads, dtype)
        if engine == "onnx":
            threads = max(1, (threads or os.cpu_count() or 1) // self._side_by_side)
        return open_model(package, engine, threads, dtype, keep_memory=False)


def _latents_of(
    model: HyperpriorModel,
    colour: Samples,
    peak: int,
    tile: Tile,
    grid: Grid,
    rate: int,
    rounding: Rounding,
    iterations: int,
) -> Float:
    """The latents (M, h, w) of a tile, seen with all the pixels that they depend on."""
    window = tile.grown(model.margin, grid.height, grid.width)
    rows, columns = (slice(s.start * model.stride, s.stop * model.stride) for s in (window.rows, window.columns))
    planes = to_planes(colour[rows, columns], model.stride, peak)
    latents, inside = model.analysis(planes, model.mix(rate))[0], tile.within(window)
    if iterations:
        return refine(model, planes, latents, inside, rate, rounding, iterations)
    return np.ascontiguousarray(latents[(slice(None), *inside)])

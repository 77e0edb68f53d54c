"""`TiledCodec`: what lossy codecs have in common that code a picture in tiles with a trained model."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from latentpress import container
from latentpress.codecs.base import Codec, Region
from latentpress.codecs.decoding import Decoding, TransformModel
from latentpress.codecs.packing import check_kinds, pack_sides, unpack
from latentpress.codecs.planes import to_planes
from latentpress.codecs.tiles import Grid, Tile, grid_of, pack_grid, unpack_grid
from latentpress.container import STREAM, TILES, Chunk, Header
from latentpress.errors import CorruptFileError, UnsupportedError
from latentpress.image import Image, Samples
from latentpress.memory import give_back
from latentpress.models import ModelPackage, find_model, installed_models

__all__ = ["TileModel", "TiledCodec", "Window"]

T = TypeVar("T")
R = TypeVar("R")

Float = NDArray[np.float32]

_MOST_TILES = 4  # at a time: each takes about 250 MB


class TileModel(TransformModel, Protocol):
    """What a model says about its transforms and its rates."""

    @property
    def package(self) -> ModelPackage:
        """Where it comes from."""

    @property
    def last_rate(self) -> int:
        """The largest rate index; the smallest is 0."""


Model = TypeVar("Model", bound=TileModel)


class Window:
    """A tile of a picture that is coded, with all the pixels that its latents depend on.

    number: of the tile. tile, grid: where it is. planes (1, 3, stride H, stride W): its pixels in grey levels, and of
    the margin around. inside: rows and columns of the tile among the latents of the window.
    """

    def __init__(self, model: TransformModel, colour: Samples, peak: int, grid: Grid, number: int, tile: Tile) -> None:
        window = tile.grown(model.margin, grid.height, grid.width)
        rows, columns = (slice(s.start * model.stride, s.stop * model.stride) for s in (window.rows, window.columns))
        self.number, self.tile, self.grid = number, tile, grid
        self.planes = to_planes(colour[rows, columns], model.stride, peak)
        self.inside = tile.within(window)


class TiledCodec(Codec, Generic[Model]):
    """A lossy codec with a trained model that codes large pictures in tiles, each on its own.

    A subclass says how a tile's latents are coded (`_reader`, and `encode` by way of `_file`) and opens its model.
    """

    kinds: ClassVar[tuple[int, ...]] = (STREAM, TILES)  # critical chunks of its files, beside alpha
    stride = 16  # pixels a latent
    takes: ClassVar[frozenset[str]] = frozenset({"model", "engine", "threads", "dtype"})
    largest_tile = 2**16  # latents of a tile that a file may have

    def __init__(self, **config: Any) -> None:
        self._config = config

    def config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return dict(self._config)

    @classmethod
    def models(cls) -> dict[str, bytes]:
        """Names of the installed model packages and their ids."""
        return {package.name: package.id for package in installed_models(cls.id)}

    @abstractmethod
    def _load(self, package: ModelPackage, threads: int | None, keep_memory: bool, **more: Any) -> Model:
        """The model of a package on the codec's engine. more: what `encode` asks for beside."""

    @abstractmethod
    def _reader(
        self, model: Model, header: Header, chunks: Sequence[Chunk], grid: Grid
    ) -> Callable[[bytes, int, int, int], Float]:
        """What reads the values of a tile; see `Decoding`. Raises CorruptFileError for chunks that do not fit."""

    def decode(self, data: bytes) -> Image:
        """Restore; see `Codec.decode`."""
        return self._decode(data, None)

    def decode_region(self, data: bytes, region: Region) -> Image:
        """Restore a part, decoding only the tiles that it needs; see `Codec.decode_region`."""
        return self._decode(data, region)

    @property
    def model(self) -> Model:
        """The networks and tables that a picture of one tile is coded with."""
        return self._open(self._package, tiles=1)

    def _file(
        self,
        image: Image,
        colour: Samples,
        model: Model,
        grid: Grid,
        rate: int,
        encode: Callable[[Window], bytes],
        more: Sequence[Chunk] = (),
    ) -> bytes:
        """The file of an image, of which ``encode`` codes the tiles."""

        def encode_tile(place: tuple[int, Tile]) -> bytes:
            stream = encode(Window(model, colour, image.peak, grid, *place))
            if len(grid.tiles) > 1:
                give_back()
            return stream

        tiles, payload = pack_grid(grid, self._each(encode_tile, enumerate(grid.tiles)))
        header = Header(self.number, model.package.id, image.width, image.height, image.channels, rate, image.bit_depth)
        return container.write(header, [*pack_sides(image), *more, *tiles, Chunk(STREAM, payload)])

    def _grid(self, image: Image) -> Grid:
        return grid_of(-(-image.height // self.stride), -(-image.width // self.stride))

    def _decode(self, data: bytes, region: Region | None) -> Image:
        header, chunks, _, decoding = self._opened(data)
        part = (region or Region(0, 0, header.width, header.height)).inside(header.width, header.height)
        return unpack(decoding.pixels(part), header, chunks, part)

    def _opened(self, data: bytes) -> tuple[Header, list[Chunk], Model, Decoding]:
        """A file, ready to be decoded."""
        header, chunks, grid, streams, model = self._taken_apart(data)
        reader = self._reader(model, header, chunks, grid)
        return header, chunks, model, Decoding(model, header, grid, streams, self._each, reader)

    def _taken_apart(self, data: bytes) -> tuple[Header, list[Chunk], Grid, list[memoryview], Model]:
        """A file taken apart and checked."""
        header, chunks = container.read(data)
        if header.codec != self.number:
            raise UnsupportedError(f"this is a file of codec number {header.codec}, not of {self.id}")
        check_kinds(chunks, self.kinds)
        package = self._package_of(header)
        payloads = [chunk.payload for chunk in chunks if chunk.kind == STREAM]
        if len(payloads) != 1:
            raise CorruptFileError(f"a file of {self.id} has one symbol stream, this one has {len(payloads)}")
        height, width = (-(-side // self.stride) for side in (header.height, header.width))
        grid, streams = unpack_grid(height, width, chunks, payloads[0], self.largest_tile)
        model = self._open(package, len(streams))
        if header.rate > model.last_rate:
            raise CorruptFileError(f"rate index {header.rate} is above the model's last, {model.last_rate}")
        return header, chunks, grid, streams, model

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

    @cached_property
    def _package(self) -> ModelPackage:
        return find_model(self.id, name=self._config["model"])

    def _package_of(self, header: Header) -> ModelPackage:
        """The package that a file names: this codec's own, or another installed one."""
        if self._config["model"] is not None and self._package.id == header.model:
            return self._package
        return find_model(self.id, id=header.model)

    def _open(self, package: ModelPackage, tiles: int, **more: Any) -> Model:
        """The model, for a picture of so many tiles. Those that are worked on side by side share the threads."""
        threads: int | None = self._config["threads"]
        if tiles > 1 and self._config["engine"] == "onnx":
            threads = max(1, (threads or os.cpu_count() or 1) // self._side_by_side)
        return self._load(package, threads, tiles == 1, **more)

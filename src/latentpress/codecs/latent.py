"""`LatentModel` and `LatentCodec`: lossy codecs that code the latents of a trained network, tile by tile.

    picture -> analysis -> code(port) -> stream of a tile        float networks, then the exact walk
    picture <- synthesis <- code(port) <-

A system has a model, which says how its latents are coded, and a codec, which is little more than its name: tiles,
regions, alpha, metadata and targets come with it.
"""

from __future__ import annotations

import functools
import hashlib
import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from latentpress import container
from latentpress.codecs.base import Codec, Region, check_quality
from latentpress.codecs.decoding import Decoding
from latentpress.codecs.models import RatedModel, Running, StandIn, package_of
from latentpress.codecs.packing import check_kinds, colour_of, pack_sides, unpack
from latentpress.codecs.painters import painter_of
from latentpress.codecs.parallel import each
from latentpress.codecs.planes import to_planes
from latentpress.codecs.ports import Points, Port, checksum, write
from latentpress.codecs.roi import Roi, pack_map, unpack_map
from latentpress.codecs.rounding import ROUNDING_WEIGHT, rate_and_weight
from latentpress.codecs.strips import Analysed
from latentpress.codecs.tiles import Grid, Tile, grid_of, pack_grid, unpack_grid
from latentpress.container import INTEREST, STREAM, TILES, Chunk, Header
from latentpress.engine import Network
from latentpress.engine.strips import Strips
from latentpress.errors import CorruptFileError, InvalidInputError, LatentPressError, UnsupportedError
from latentpress.image import Image, Samples
from latentpress.memory import give_back
from latentpress.models import ModelPackage, find_model

__all__ = ["LatentCodec", "LatentModel", "TileSettings", "Values", "Window"]

Float = NDArray[np.float32]

_MOST_AT_ONCE = 4  # networks


@dataclass(frozen=True)
class Values:
    """What a tile decodes to. values (M, h, w): what the synthesis shows, multiples of 1/16 quantisation step.
    integers: those that they came of, if there are others, in the order of the checksum; else the values in sixteenths.
    """

    values: Float
    integers: tuple[NDArray[np.integer[Any]], ...] = ()

    @property
    def exact(self) -> tuple[NDArray[np.integer[Any]], ...]:
        """All integers, the same on every machine."""
        return self.integers or (self.sixteenths,)

    @property
    def sixteenths(self) -> NDArray[np.int32]:
        """The values as whole numbers."""
        whole = np.empty(self.values.shape, np.int32)
        np.multiply(self.values, np.float32(16), out=whole, casting="unsafe")  # no floats of all in between
        return whole

    def check(self, number: int) -> bytes:
        """See `Exact.check`."""
        return checksum(number, *self.exact)


@dataclass(frozen=True)
class TileSettings:
    """What a tile is coded with beside its latents. interest (h, w): the model's map of a region of interest, None
    where there is none; a decoder has it if the file does. weight: of a squared error in the rounding (`Rounding`), for
    the encoder alone.
    """

    interest: NDArray[np.int8] | None = None
    weight: float = ROUNDING_WEIGHT

    def of(self, tile: Tile) -> TileSettings:
        """Those of a tile, cut from those of the picture."""
        return self if self.interest is None else replace(self, interest=self.interest[tile.rows, tile.columns])


class LatentModel(RatedModel, ABC):
    """Networks and tables of a package whose latents are coded. ``stride``: pixels a latent; ``latents`` M: at a place;
    ``margin``: latents beyond which a transform sees nothing, or by its card nothing to speak of (`reach_of`).
    """

    stride: ClassVar[int] = 16
    latents: int
    margin: int

    def read(self, config: Mapping[str, Any], tables: Mapping[str, NDArray[Any]]) -> None:
        """Take sizes and tables out of the package; see `PackageModel.read`."""
        super().read(config, tables)
        self.latents, self.margin = int(config["latents"]), int(config["margin"])
        running = [self.package, *([self._instead.package] if self._instead else [])]
        self.margin = min(self.margin, max(int(package.card.get("reach", self.margin)) for package in running))

    def analysis(self, planes: Float, rate: int) -> Float:
        """(1, 3, stride h, stride w) grey levels to latents (M, h, w) in quantisation steps of a rate index."""
        latents: Float = self.run("analysis", x=planes, mix=self.mix(rate))["latents"][0]
        return latents

    def synthesis(self, values: Float, rate: int) -> Float:
        """Values (M, h, w) in quantisation steps to grey levels (3, stride h, stride w)."""
        pixels: Float = self.run("synthesis", values=values[None], mix=self.mix(rate))["pixels"][0]
        return pixels

    def by_strips(self, transform: str, rate: int) -> tuple[Strips, Network] | None:
        """``analysis`` or ``synthesis`` at a rate index strip by strip, for large pictures; None for models whose
        transforms do more than run a network, or run one that cannot: they see a window for each tile.
        """
        alone = getattr(type(self), transform) is getattr(LatentModel, transform)
        return _by_strips(self, transform, rate) if alone else None

    @property
    def coding(self) -> tuple[str, ...]:
        """Names of the networks that both sides run in `code`, in this order, to be loaded beside other work."""
        return ()

    @abstractmethod
    def code(self, port: Port, rate: int, shape: tuple[int, int], latents: Float | None, tile: TileSettings) -> Values:
        """The exact part: code the latents of a tile of ``shape`` (h, w) with a port. latents (M, h, w), in
        quantisation steps, or None where a decoder does not know them.

        Raises CorruptFileError when what is read does not fit.
        """

    def code_picture(self, port: Port, pixels: Samples, rate: int, settings: TileSettings | None = None) -> Values:
        """Code a picture (H, W, 1 or 3) of 8 bits as one tile, for those who count or price what its file holds."""
        latents = self.analysis(to_planes(pixels, self.stride), rate)
        return self.code(port, rate, (latents.shape[1], latents.shape[2]), latents, settings or TileSettings())

    def interest(self, roi: Roi) -> NDArray[np.int8] | None:
        """The map of an interest for `TileSettings`, a step for each latent's place; None if it makes no difference.
        For codecs that have regions.
        """
        raise NotImplementedError


class Window:
    """A tile of a picture that is coded, with all the pixels that its latents depend on.

    number: of the tile. samples: of its pixels and those of the margin around. inside: rows and columns of the tile
    among the latents of the window. analysed: the latents of all tiles, if they are found strip by strip.
    """

    def __init__(
        self,
        model: LatentModel,
        image: Image,
        colour: Samples,
        grid: Grid,
        number: int,
        tile: Tile,
        analysed: Analysed | None = None,
    ) -> None:
        window = tile.grown(model.margin, grid.height, grid.width)
        rows, columns = (slice(s.start * model.stride, s.stop * model.stride) for s in (window.rows, window.columns))
        self.number, self.tile = number, tile
        self.samples, self.depth = colour[rows, columns], image.bit_depth
        self._stride, self._peak, self._analysed = model.stride, image.peak, analysed
        self.inside = tile.within(window)

    @cached_property
    def planes(self) -> Float:
        """(1, 3, stride H, stride W): the samples in grey levels, with what fills the last row and column up."""
        return to_planes(self.samples, self._stride, self._peak)

    def latents(self, model: LatentModel, rate: int) -> Float:
        """The latents (M, h, w) of the tile; once."""
        if self._analysed is not None:
            return self._analysed.take(self.number)
        return np.ascontiguousarray(model.analysis(self.planes, rate)[(slice(None), *self.inside)])


@functools.lru_cache(maxsize=2)
def _by_strips(model: LatentModel, transform: str, rate: int) -> tuple[Strips, Network] | None:
    """With the rate fixed, its factors and offsets become part of the layers: a seventh less time."""
    made = model.in_strips(transform, mix=model.mix(rate))
    give_back()  # what the making of it took
    return made


M = TypeVar("M", bound=LatentModel)


class LatentCodec(Codec, Generic[M]):
    """A lossy codec with a trained model that codes large pictures in tiles, each on its own. A subclass names its
    ``model_class``.

    model: name of an installed model package or path of a package's folder; None takes the default. A file is decoded
    with the model that it names: this one or another installed one. engine: ``onnx`` (ONNX Runtime) or ``torch``;
    threads: None for one a core; dtype: ``float32``, or ``float64`` with torch. Every engine reads the same integers
    from a file. painter: paint what files hold with another package's synthesis, such as ``preview``; look: how far to
    go from the model's own to that one, 0..1, for painters that can (`painter_of`). Pictures of more than about 2
    megapixels are coded in tiles: networks of a few of them run at a time, and symbols of another are coded meanwhile.
    """

    model_class: ClassVar[type[Any]]
    kinds: ClassVar[tuple[int, ...]] = (STREAM, TILES)
    """Critical chunks of its files, beside alpha. With ``INTEREST`` a file tells its map of interest."""

    takes: ClassVar[frozenset[str]] = frozenset({"model", "engine", "threads", "dtype", "painter", "look"})
    largest_tile: ClassVar[int] = 2**16
    """Latents of a tile that a file may have."""

    def __init__(
        self,
        model: str | None = None,
        engine: str = "onnx",
        threads: int | None = None,
        dtype: str = "float32",
        painter: str | None = None,
        look: float = 1.0,
        **more: Any,
    ) -> None:
        unknown = more.keys() - self.takes
        if unknown:
            raise InvalidInputError(f"codec {self.id!r} has no setting {min(unknown)!r}")
        self._config = {"model": model, "engine": engine, "threads": threads, "dtype": dtype, **more}
        if painter is not None:
            self._config |= {"painter": painter, "look": look}

    def config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return dict(self._config)

    @classmethod
    def facts(cls, header: Header, chunks: Sequence[Chunk]) -> dict[str, str]:
        """``quality``: the one that gives the file's rate index, where that says no more and the model is installed."""
        if cls.rate_of is not LatentCodec.rate_of or header.layered:
            return {}
        try:
            codec = cls()
            last = codec._open(codec._package_of(header.model), tiles=1).last_rate
        except LatentPressError:
            return {}
        return {"quality": f"about {100 * header.rate / last:.0f} (rate index {header.rate} of 0 to {last})"}

    def encode(self, image: Image, quality: float = 50.0, *, roi: Roi | None = None) -> bytes:
        """Compress; see `Codec.encode`. Quality is continuous. roi: where quantisation is finer, for codecs that have
        regions; others raise UnsupportedError.
        """
        if roi is not None and not self.regions:
            raise UnsupportedError(f"the codec {self.id} knows no regions of interest")
        stride = self.model_class.stride
        grid = grid_of(-(-image.height // stride), -(-image.width // stride), stride)
        model = self._open(self._package, len(grid.tiles), self.encoder)
        model.prepare(*model.coding)
        rate, weight = self.rate_of(model, check_quality(quality), image)
        interest = None if roi is None else model.interest(roi.fits(image.width, image.height))
        settings, colour = TileSettings(interest, weight), colour_of(image, hidden=self.lossless)
        told = [*pack_sides(image), *(pack_map(interest) if INTEREST in self.kinds else [])]

        def at(rate: int) -> bytes:
            transform = model.by_strips("analysis", rate) if len(grid.tiles) > 1 else None
            analysed = Analysed(model, *transform, colour, image.peak, grid) if transform else None

            def encode_tile(place: tuple[int, Tile]) -> bytes:
                window = Window(model, image, colour, grid, *place, analysed)
                stream = self.code_tile(model, window, rate, settings)
                if len(grid.tiles) > 1:
                    give_back()
                return stream

            tiles, payload = pack_grid(grid, each(encode_tile, enumerate(grid.tiles), self._workers))
            sizes = image.width, image.height, image.channels
            header = Header(self.number, model.package.id, *sizes, rate, image.bit_depth)
            return container.write(header, [*told, *tiles, Chunk(STREAM, payload)])

        return min(map(at, self.equals_of(rate)), key=len)

    def rate_of(self, model: M, quality: float, image: Image) -> tuple[int, float]:
        """Rate index and rounding weight for a quality 0..100 of a picture."""
        return rate_and_weight(quality, model.last_rate)

    def equals_of(self, rate: int) -> tuple[int, ...]:
        """Rate indices that mean the same quality, of which the one of the smallest file is taken: this one."""
        return (rate,)

    def code_tile(self, model: M, window: Window, rate: int, settings: TileSettings) -> bytes:
        """The stream of a tile."""
        found = [self.find(model, window, rate, settings)]  # out of which `code` takes them, to have them alone
        tile = settings.of(window.tile)
        return write(lambda port: model.code(port, rate, window.tile.shape, found.pop(), tile), window.number)

    def find(self, model: M, window: Window, rate: int, settings: TileSettings) -> Float:
        """The latents (M, h, w) of a tile that are to be coded: those that the analysis finds."""
        return window.latents(model, rate)

    def decode(self, data: bytes) -> Image:
        """Restore; see `Codec.decode`."""
        return self._decode(data, None)

    def decode_region(self, data: bytes, region: Region) -> Image:
        """Restore a part, decoding only the tiles that it needs; see `Codec.decode_region`."""
        return self._decode(data, region)

    def exact(self, data: bytes) -> bytes:
        """SHA-256 of the integers of all tiles; see `Codec.exact`."""
        digest = hashlib.sha256()
        for array in self.opened(data)[2].integers():
            digest.update(repr((array.dtype.kind, array.itemsize, array.shape)).encode())
            digest.update(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes())
        return digest.digest()

    def trace(self, data: bytes, points: Points) -> None:
        """See `Codec.trace`: tables and symbols of each part of the stream, values, and pixels, which alone are float
        work.
        """
        decoding = self.opened(data)[2]
        decoding.points = points
        for array in decoding.integers():
            points.add("values", array)
        points.add("pixels", self.decode(data).pixels)

    @property
    def model(self) -> M:
        """The networks and tables that a picture of one tile is coded with."""
        return self._open(self._package, tiles=1)

    @property
    def encoder(self) -> StandIn | None:
        """Networks that this encoder runs in place of the model's own."""
        return None

    def opened(self, data: bytes) -> tuple[Header, list[Chunk], Decoding]:
        """A file taken apart, checked and ready to be decoded. Raises as `decode` does."""
        header, chunks = container.read(data)
        if header.codec != self.number:
            raise UnsupportedError(f"this is a file of codec number {header.codec}, not of {self.id}")
        check_kinds(chunks, self.kinds)
        package = self._package_of(header.model)
        payloads = [chunk.payload for chunk in chunks if chunk.kind == STREAM]
        if len(payloads) != 1:
            raise CorruptFileError(f"a file of {self.id} has one symbol stream, this one has {len(payloads)}")
        height, width = (-(-side // self.model_class.stride) for side in (header.height, header.width))
        grid, streams = unpack_grid(height, width, chunks, payloads[0], self.largest_tile)
        model = self._open(package, len(streams), self._painter(package))
        if header.rate > model.last_rate:
            raise CorruptFileError(f"rate index {header.rate} is above the model's last, {model.last_rate}")
        settings = TileSettings(unpack_map(chunks, height, width))
        return header, chunks, Decoding(model, header, grid, streams, settings, self._workers)

    def _decode(self, data: bytes, region: Region | None) -> Image:
        header, chunks, decoding = self.opened(data)
        decoding.prepare()
        part = (region or Region(0, 0, header.width, header.height)).inside(header.width, header.height)
        return unpack(decoding.pixels(part), header, chunks, part)

    @property
    def _at_once(self) -> int:
        """Networks that run at a time on tiles of a picture, on two threads each."""
        return min(max(1, (self._config["threads"] or os.cpu_count() or 1) // 2), _MOST_AT_ONCE)

    @property
    def _workers(self) -> int:
        """Tiles to work on at a time: as many as networks, and one whose symbols are coded meanwhile."""
        return 1 if self._config["threads"] == 1 else self._at_once + 1

    @cached_property
    def _package(self) -> ModelPackage:
        return find_model(self.id, name=self._config["model"])

    def _package_of(self, id: bytes) -> ModelPackage:
        """The package that a file names."""
        return package_of(self.id, self._config["model"], id)

    def _painter(self, package: ModelPackage) -> StandIn | None:
        """Who paints the files of a model, None for its own synthesis."""
        painter = self._config.get("painter")
        return None if painter is None else painter_of(package, painter, self._config["look"])

    def _open(self, package: ModelPackage, tiles: int, instead: StandIn | None = None) -> M:
        """The model, for a picture of so many tiles."""
        at_once = self._at_once if tiles > 1 else None
        running = Running(self._config["engine"], self._config["threads"], self._config["dtype"], at_once)
        model: M = self.model_class.open(package, running, instead)
        return model

"""`LayeredModel` and `LayeredCodec`: progressive codecs, whose files may be cut off at any byte after the header."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from latentpress import container
from latentpress.codecs.alpha import opaque_alpha
from latentpress.codecs.base import Codec, check_quality
from latentpress.codecs.decoding import Decoding
from latentpress.codecs.latent import LatentCodec, LatentModel, TileSettings, Values, Window
from latentpress.codecs.packing import check_kinds, colour_of, pack_sides
from latentpress.codecs.parallel import each
from latentpress.codecs.ports import Port, Walk, read, write
from latentpress.codecs.roi import Roi
from latentpress.codecs.tiles import Grid, Tile, grid_of
from latentpress.container import ALPHA, INTEREST, LAYER, TILES, Chunk, CutFileWarning, Header, layers_of, varint
from latentpress.errors import CorruptFileError, UnsupportedError
from latentpress.image import Image
from latentpress.memory import give_back

__all__ = ["LayeredCodec", "LayeredModel", "read_layers"]

Float = NDArray[np.float32]


class LayeredModel(LatentModel):
    """A model of ``layers`` layers, each of ``latents`` / layers values of a place. Rate indices are numbers of layers.
    A subclass has a state of its own: `empty`, `walk` and, if that is no array, `shown`.

    `analysis` gives the values of all layers, one after the other, and zero beyond the rate; `synthesis` shows those of
    the first so many layers, 0 included.
    """

    layers: int

    def read(self, config: Mapping[str, Any], tables: Mapping[str, NDArray[Any]]) -> None:
        """See `PackageModel.read`."""
        super().read(config, tables)
        self.layers = self.last_rate
        if self.layers < 1 or self.latents % self.layers:
            raise ValueError(f"{self.latents} values of a place are not those of {self.layers} layers")

    def code(self, port: Port, rate: int, shape: tuple[int, int], latents: Float | None, tile: TileSettings) -> Values:
        """All layers of a rate in one walk: what files have layer by layer, for those who count."""
        values = self.empty(shape)
        for number in range(rate):
            self.walk(values, number, latents)(port)
        return self.shown(values)

    def empty(self, shape: tuple[int, int], mapped: bool = False) -> Any:
        """What a tile (h, w) is known to be before its first layer. mapped: layers tell at which places they go on."""
        raise NotImplementedError

    def walk(self, values: Any, number: int, latents: Float | None = None) -> Walk[Values]:
        """The walk of a layer: codes it, given those before, and puts it in its place among the values."""
        raise NotImplementedError

    def shown(self, values: Any) -> Values:
        """Values (layers, n, h, w) as the synthesis takes them."""
        return Values(values.reshape(-1, *values.shape[2:]).astype(np.float32), (values,))


def read_layers(codec: Codec, data: bytes, kinds: Sequence[int], level: int) -> tuple[Header, list[Chunk], list[bytes]]:
    """A file of layers of a codec, which writes critical chunks of ``kinds``: header, chunks, payloads of the layers
    that are whole. If some are missing, with a `CutFileWarning` for the caller ``level`` calls above; alpha that was
    cut off as well is opaque.

    Raises UnsupportedError for the file of another codec, CorruptFileError for one that breaks the format.
    """
    header, chunks = container.read(data, layered=True)
    if header.codec != codec.number:
        raise UnsupportedError(f"this is a file of codec number {header.codec}, not of {codec.id}")
    if not header.layered:
        raise CorruptFileError(f"the file breaks the format: those of {codec.id} are made of layers")
    check_kinds(chunks, kinds)
    layers = layers_of(chunks)
    if len(layers) < header.rate:
        said = f"the file is cut off: this is the picture of {len(layers)} of its {header.rate} layers"
        warnings.warn(said, CutFileWarning, stacklevel=level)
        if not layers and header.channels in (2, 4) and all(chunk.kind != ALPHA for chunk in chunks):
            chunks.append(Chunk(ALPHA, opaque_alpha(header.height, header.width)))
    return header, chunks, layers


M = TypeVar("M", bound=LayeredModel)


class LayeredCodec(LatentCodec[M]):
    """A progressive codec: quality is a number of layers, and a file may be cut off at any byte after the header. A
    file that is cut decodes to the layers that are whole, with a `CutFileWarning`. For the rest see `LatentCodec`.
    """

    layered: ClassVar[bool] = True
    graded: ClassVar[bool] = True
    kinds: ClassVar[tuple[int, ...]] = (LAYER, TILES)
    largest_tile: ClassVar[int] = 2**14  # all layers of a tile are in memory

    @property
    def adaptive(self) -> bool:
        """Whether files that are written have more layers at some places than at others, and say so."""
        return False

    def encode(self, image: Image, quality: float = 50.0, *, roi: Roi | None = None) -> bytes:
        """Compress; see `Codec.encode`. Quality 0 is one layer, 100 is all; if adaptive, as many bits as these have."""
        if roi is not None:
            raise UnsupportedError(f"the codec {self.id} knows no regions of interest")
        stride = self.model_class.stride
        grid = grid_of(-(-image.height // stride), -(-image.width // stride), stride)
        model = self._open(self._package, len(grid.tiles), self.encoder)
        rate = 1 + round(check_quality(quality) / 100 * (model.layers - 1))
        colour = colour_of(image)

        def encode_tile(place: tuple[int, Tile]) -> tuple[int, list[bytes]]:
            window = Window(model, image, colour, grid, *place)
            latents = self.find(model, window, rate, TileSettings())
            values, last = model.empty(window.tile.shape, self.adaptive), model.layers if self.adaptive else rate
            streams = [write(model.walk(values, n, latents), _place(window.number, n)) for n in range(last)]
            if len(grid.tiles) > 1:
                give_back()
            found = np.flatnonzero(latents.reshape(last, -1).any(axis=1)) if self.adaptive else [last - 1]
            return int(max(found, default=0)) + 1, streams

        coded = list(each(encode_tile, enumerate(grid.tiles), self._workers))
        rate, tiles = max(last for last, _ in coded), [streams for _, streams in coded]
        layers = [Chunk(LAYER, _pack(grid, [tile[n] for tile in tiles])) for n in range(rate)]
        header = Header(
            self.number,
            model.package.id,
            image.width,
            image.height,
            image.channels,
            rate,
            image.bit_depth,
            layered=True,
        )
        cuts = [Chunk(TILES, varint.encode(grid.side))] if grid.side else []
        cuts += [Chunk(INTEREST, b"")] if self.adaptive else []
        return container.write(header, [*pack_sides(image), *cuts, *layers])

    def opened(self, data: bytes) -> tuple[Header, list[Chunk], Decoding]:
        """A file taken apart, checked and ready to be decoded, with a warning if it has been cut. Raises as `decode`
        does.
        """
        header, chunks, layers = read_layers(self, data, self.kinds, 5)
        grid = self._grid_of(header, chunks)
        package = self._package_of(header.model)
        model = self._open(package, len(grid.tiles), self._painter(package))
        if header.rate > model.layers:
            raise CorruptFileError(f"the file has {header.rate} layers, more than its model, {model.layers}")
        streams = [_unpack(grid, layer) for layer in layers]
        here = replace(header, rate=len(layers), layered=False)
        maps = [chunk.payload for chunk in chunks if chunk.kind == INTEREST]
        if any(maps):
            raise CorruptFileError("the file breaks the format: a map before its layers")
        return header, chunks, _LayeredDecoding(model, here, grid, streams, bool(maps), self._workers)

    def _grid_of(self, header: Header, chunks: Sequence[Chunk]) -> Grid:
        height, width = (-(-side // self.model_class.stride) for side in (header.height, header.width))
        found = [chunk.payload for chunk in chunks if chunk.kind == TILES]
        if len(found) > 1:
            raise CorruptFileError("the file breaks the format: two descriptions of its tiles")
        side, end = varint.decode(memoryview(found[0]), 0) if found else (0, 0)
        largest = side * side if side else height * width
        if found and (side < 1 or end != len(found[0])):
            raise CorruptFileError(f"the file is damaged: tiles of {side} latents")
        if largest > self.largest_tile:
            if layers_of(chunks) or found:
                raise CorruptFileError(f"the file breaks the format: {largest} latents in one tile")
            return grid_of(height, width, self.model_class.stride)
        return Grid(height, width, side)


class _LayeredDecoding(Decoding):
    """A `Decoding` of files whose streams stand layer by layer."""

    def __init__(
        self,
        model: LayeredModel,
        header: Header,
        grid: Grid,
        layers: list[list[memoryview]],
        mapped: bool,
        workers: int,
    ) -> None:
        super().__init__(model, header, grid, [], TileSettings(), workers)
        self._layered, self._layers, self._mapped = model, layers, mapped

    def tile(self, number: int) -> Values:
        """What a tile decodes to. Raises CorruptFileError when one of its streams is damaged."""
        values = self._layered.empty(self._tiles[number].shape, self._mapped)
        for layer, streams in enumerate(self._layers):
            walk = self._layered.walk(values, layer)
            read(bytes(streams[number]), lambda port, walk=walk: walk(self.traced(port)), _place(number, layer))  # type: ignore[misc]
        return self._layered.shown(values)


def _place(tile: int, layer: int) -> int:
    """What the checksum of a stream starts from."""
    return tile << 8 | layer


def _pack(grid: Grid, streams: list[bytes]) -> bytes:
    """A layer: lengths of the streams of its tiles, if it has more than one, and the streams."""
    lengths = b"".join(varint.encode(len(stream)) for stream in streams) if grid.side else b""
    return lengths + b"".join(streams)


def _unpack(grid: Grid, payload: bytes) -> list[memoryview]:
    """The streams of a layer; raises CorruptFileError when they do not fill it."""
    view, lengths, position = memoryview(payload), [len(payload)], 0
    if grid.side:
        count = -(-grid.height // grid.side) * -(-grid.width // grid.side)
        if count > len(view):  # each length takes a byte: checked before a list of that many is made
            raise CorruptFileError("the file is damaged: lengths of tiles are missing")
        lengths = []
        for _ in range(count):
            length, position = varint.decode(view, position)
            lengths.append(length)
    streams = []
    for length in lengths:
        streams.append(view[position : position + length])
        position += length
    if position != len(view):
        raise CorruptFileError("the file is damaged: its tiles do not fill a layer")
    return streams

"""Pictures to files and back without any loss, or with a bound on the error of each sample: what all lossless codecs
share.
"""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, cast

import numpy as np
from numpy.typing import NDArray

from latentpress import container
from latentpress.catalogue import number_of
from latentpress.codecs import registry
from latentpress.codecs.base import Codec, Region, check_quality
from latentpress.codecs.lossless.drawn import looks_drawn
from latentpress.codecs.lossless.grid import tiles_of
from latentpress.codecs.lossless.model import PlainModel
from latentpress.codecs.lossless.mosaic import (
    PATTERNS,
    found_pattern,
    join_mosaic,
    pattern_at,
    pattern_number,
    split_mosaic,
)
from latentpress.codecs.lossless.tiles import DRAWN, LEARNED, Method, PlaneCoder, TileCoder, method_of, number_in
from latentpress.codecs.lossless.waves import WaveCoder
from latentpress.codecs.models import Running, package_of
from latentpress.codecs.packing import check_kinds, pack_sides, unpack
from latentpress.codecs.parallel import each
from latentpress.container import MOSAIC, STREAM, Chunk, Header, read_header, varint
from latentpress.errors import CorruptFileError, InvalidInputError, SettingError, UnsupportedError
from latentpress.image import Image
from latentpress.models import ModelPackage, find_model

__all__ = ["MAX_ERROR", "LosslessCodec"]

AUTO = "auto"

_RIVALS = 3  # effort from which another codec is tried,
_MIXES = 3  # and mixed distributions
_MOST_EFFORT = 9

MAX_ERROR = 8
"""Largest bound for near-lossless coding, in sample values."""


class LosslessCodec(Codec):
    """The frame of the lossless codecs: tiles, alpha, mosaics, models, checking; a codec says how its networks predict.

    The arguments are those of `MlpLosslessCodec`.
    """

    number: ClassVar[int]
    lossless: ClassVar[bool] = True
    takes: ClassVar[frozenset[str]] = frozenset(
        {"max_error", "model", "mosaic", "network", "effort", "verify", "engine", "threads", "dtype"}
    )
    others: ClassVar[bool] = True
    """Whether coders without prediction make a tile where they are smaller."""

    rival: ClassVar[str] = ""
    """Id of another codec of this frame, which a high effort tries too; empty for none."""

    def __init__(
        self,
        max_error: int = 0,
        model: str | None = None,
        mosaic: str | None = None,
        network: bool = True,
        effort: int = 1,
        verify: bool = True,
        engine: str = "onnx",
        threads: int | None = None,
        dtype: str = "float32",
    ) -> None:
        if isinstance(max_error, bool) or not isinstance(max_error, int) or not 0 <= max_error <= MAX_ERROR:
            raise InvalidInputError(
                f"the largest error must be a whole number from 0 to {MAX_ERROR}, not {max_error!r}"
            )
        if isinstance(effort, bool) or not isinstance(effort, int) or not 1 <= effort <= _MOST_EFFORT:
            raise InvalidInputError(
                f"{SettingError.name('effort')} must be a whole number from 1 to {_MOST_EFFORT}, not {effort!r}"
            )
        if mosaic is not None:
            mosaic = AUTO if str(mosaic).lower() == AUTO else PATTERNS[pattern_number(mosaic)]
        self._config: dict[str, Any] = {
            "max_error": max_error,
            "model": model,
            "mosaic": mosaic,
            "network": network,
            "effort": effort,
            "verify": verify,
            "engine": engine,
            "threads": threads,
            "dtype": dtype,
        }

    def config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return dict(self._config)

    def running(self, threads: int | None = 1) -> Running:
        """How networks run. threads: of ONNX Runtime in each; a wave of pixels is too little work for two."""
        engine = self._config["engine"]
        return Running(engine, threads if engine == "onnx" else None, self._config["dtype"])

    @abstractmethod
    def trained_coders(self, package: ModelPackage, threads: int) -> Mapping[Method, PlaneCoder]:
        """What codes planes with the networks of a package, by method. threads: that work on a tile."""

    def method(self, channels: int, depth: int, max_error: int) -> Method:
        """The method with networks for samples of so many channels (see `colours_of`)."""
        return Method.NETWORK

    def encode(self, image: Image, quality: float = 50.0) -> bytes:
        """Compress; see `Codec.encode`. ``quality`` has no effect.

        Raises InvalidInputError for a picture in colour where ``mosaic`` names a pattern.
        """
        check_quality(quality)
        file = self._encode(image)
        if self._config["effort"] < _RIVALS or not self._config["network"] or not self._tries_rival:
            return file
        return min(file, self._rival().encode(image), key=len)

    def _encode(self, image: Image) -> bytes:
        package = find_model(self.id, name=self._config["model"]) if self._config["network"] else None
        colours = image.channels - image.has_alpha
        pattern = self._pattern(image.pixels[:, :, :colours])
        parts, planes = tiles_of(image.height, image.width), colours if pattern is None else 4
        coder = self._coder(image.bit_depth, planes, self._config["max_error"], package, len(parts))
        method = Method.ADAPTIVE if package is None else self.method(coder.channels, image.bit_depth, coder.max_error)

        search, mixed = self._config["effort"] > 1, self._config["effort"] >= _MIXES

        def encode_tile(part: Region) -> bytes:
            samples = image.pixels[part.rows, part.columns, :colours]
            if pattern is not None:
                samples = split_mosaic(samples[:, :, 0], pattern_at(pattern, part.y, part.x))
            drawn = DRAWN.get(method, method)
            both = drawn != method and drawn in coder.coders and (search or looks_drawn(samples))
            return coder.encode(samples, (method, drawn) if both else (method,), search, mixed)

        tiles = each(encode_tile, parts, self._workers)
        named = package if any(number_in(tile) in LEARNED for tile in tiles) else None
        model = named.id if named else bytes(8)
        rate = self._config["max_error"]
        header = Header(self.number, model, image.width, image.height, image.channels, rate, image.bit_depth)
        payload = b"".join(varint.encode(len(tile)) for tile in tiles[1:]) + b"".join(tiles)
        sides = pack_sides(image) + ([] if pattern is None else [Chunk(MOSAIC, bytes([pattern]))])
        return container.write(header, [*sides, Chunk(STREAM, payload)])

    def decode(self, data: bytes) -> Image:
        """Restore; see `Codec.decode`. A file of the rival, which effort may have made, is its to read."""
        return self._rival().decode(data) if self._is_rivals(data) else self._decode(data, None)

    def decode_region(self, data: bytes, region: Region) -> Image:
        """Restore a part, decoding only the tiles that it needs; see `Codec.decode_region`."""
        return self._rival().decode_region(data, region) if self._is_rivals(data) else self._decode(data, region)

    def methods(self, data: bytes) -> list[str]:
        """How each tile of a file was coded, in words. Raises as `decode` does."""
        return self._rival().methods(data) if self._is_rivals(data) else _methods(*self._read(data))

    @classmethod
    def facts(cls, header: Header, chunks: Sequence[Chunk]) -> dict[str, str]:
        """``method``: how the tiles were coded, each way named once. ``mosaic``: the pattern of a camera's mosaic.
        ``largest error``: of a nearly lossless file, in sample values.
        """
        pattern = _pattern_of(chunks, header.channels - (header.channels in (2, 4)))
        mosaic = {} if pattern is None else {"mosaic": PATTERNS[pattern]}
        near = {"largest error": str(header.rate)} if header.rate else {}
        return {**mosaic, **near, "method": ", ".join(dict.fromkeys(_methods(header, chunks)))}

    @property
    def _tries_rival(self) -> bool:
        """Whether the rival may make the file: its model cannot be named."""
        return bool(self.rival) and self._config["model"] is None

    def _rival(self) -> LosslessCodec:
        """The rival, with the same settings but for the model; it has none itself."""
        config = self._config | {"model": None, "effort": min(self._config["effort"], _RIVALS - 1)}
        return cast(LosslessCodec, registry.shared_codec(self.rival, config))

    def _is_rivals(self, data: bytes) -> bool:
        return (
            bool(self.rival) and self._config["effort"] >= _RIVALS and read_header(data).codec == number_of(self.rival)
        )

    def _decode(self, data: bytes, region: Region | None) -> Image:
        header, chunks = self._read(data)
        wanted = (region or Region(0, 0, header.width, header.height)).inside(header.width, header.height)
        colours = header.channels - (header.channels in (2, 4))
        if header.rate > MAX_ERROR:
            raise CorruptFileError(f"the file breaks the format: a largest error of {header.rate}")
        package = package_of(self.id, self._config["model"], header.model) if header.has_model else None
        pattern = _pattern_of(chunks, colours)
        parts = tiles_of(header.height, header.width)
        places = [place for place in zip(parts, _tiles(chunks, len(parts)), strict=True) if _meet(place[0], wanted)]
        planes = colours if pattern is None else 4
        coder = self._coder(header.bit_depth, planes, header.rate, package, len(places))
        kind = np.uint8 if header.bit_depth == 8 else np.uint16
        pixels = np.empty((wanted.height, wanted.width, colours), kind)

        def decode_tile(place: tuple[Region, memoryview]) -> None:
            part, tile = place
            rows, columns = _common(part.rows, wanted.rows), _common(part.columns, wanted.columns)
            if pattern is None:
                samples = coder.decode(tile, part.height, part.width)
            else:
                four = coder.decode(tile, -(-part.height // 2), -(-part.width // 2))
                samples = join_mosaic(four, pattern_at(pattern, part.y, part.x), part.height, part.width)[:, :, None]
            pixels[_less(rows, wanted.y), _less(columns, wanted.x)] = samples[
                _less(rows, part.y), _less(columns, part.x)
            ]

        each(decode_tile, places, self._workers)
        return unpack(pixels, header, chunks, wanted)

    def _pattern(self, samples: NDArray[Any]) -> int | None:
        """The pattern that a picture (H, W, 1 or 3) is to be coded with as a mosaic, None for other pictures."""
        mosaic = self._config["mosaic"]
        if mosaic is None or (mosaic == AUTO and samples.shape[2] != 1):
            return None
        if samples.shape[2] != 1:
            raise InvalidInputError("the mosaic of a camera has one sample a pixel; this picture is in colour")
        return found_pattern(samples[:, :, 0]) if mosaic == AUTO else pattern_number(mosaic)

    def _read(self, data: bytes) -> tuple[Header, list[Chunk]]:
        header, chunks = container.read(data)
        if header.codec != self.number:
            raise UnsupportedError(f"this is a file of codec number {header.codec}, not of {self.id}")
        check_kinds(chunks, (STREAM, MOSAIC))
        return header, chunks

    def _coder(self, depth: int, colours: int, max_error: int, package: ModelPackage | None, tiles: int) -> TileCoder:
        threads = max(1, self._workers // tiles)
        coders: dict[Method, PlaneCoder] = {
            Method.ADAPTIVE: WaveCoder(PlainModel(), threads=threads),
            Method.ADAPTIVE_DRAWN: WaveCoder(PlainModel(), drawn=True, threads=threads),
        }
        if package is not None:
            coders |= self.trained_coders(package, threads)
        return TileCoder(depth, colours, max_error, coders, self._config["verify"], self.others)

    @property
    def _workers(self) -> int:
        return self._config["threads"] or os.cpu_count() or 1


def _methods(header: Header, chunks: Sequence[Chunk]) -> list[str]:
    """How each tile was coded, in words."""
    return [method_of(bytes(tile[:1])) for tile in _tiles(chunks, len(tiles_of(header.height, header.width)))]


def _pattern_of(chunks: Sequence[Chunk], colours: int) -> int | None:
    """The pattern of a mosaic, None if the file holds another picture."""
    payloads = [chunk.payload for chunk in chunks if chunk.kind == MOSAIC]
    if not payloads:
        return None
    if len(payloads) > 1 or len(payloads[0]) != 1 or payloads[0][0] >= len(PATTERNS) or colours != 1:
        raise CorruptFileError("the file breaks the format: a mosaic of no known pattern, or in colour")
    return payloads[0][0]


def _tiles(chunks: Sequence[Chunk], count: int) -> list[memoryview]:
    """The bytes of each tile: lengths of all but the first, then the tiles."""
    payloads = [chunk.payload for chunk in chunks if chunk.kind == STREAM]
    if len(payloads) != 1:
        raise CorruptFileError(f"a lossless file has one symbol stream, this one has {len(payloads)}")
    view, position, lengths = memoryview(payloads[0]), 0, []
    for _ in range(count - 1):
        length, position = varint.decode(view, position)
        lengths.append(length)
    first = len(view) - position - sum(lengths)
    if first < 0:
        raise CorruptFileError("the file is damaged: its tiles do not fill the symbol stream")
    tiles = []
    for length in [first, *lengths]:
        tiles.append(view[position : position + length])
        position += length
    return tiles


def _common(one: slice, other: slice) -> slice:
    return slice(max(one.start, other.start), min(one.stop, other.stop))


def _less(part: slice, start: int) -> slice:
    return slice(part.start - start, part.stop - start)


def _meet(one: Region, other: Region) -> bool:
    rows, columns = _common(one.rows, other.rows), _common(one.columns, other.columns)
    return bool(rows.start < rows.stop and columns.start < columns.stop)

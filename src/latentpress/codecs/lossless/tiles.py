"""A tile of a picture as bytes: the methods it can be coded with, and the choice between them.

bytes  1  method (bits 0-2 and 7), whether values go by rank (bit 3), and colours (bits 4-6)
       4  CRC32 of the decoded samples: (height, width, channels), 16-bit little-endian if deeper than 8 bits
       n  the values in use, if they go by rank; then what the method defines
"""

from __future__ import annotations

import lzma
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import partial
from itertools import product
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.colours import Colours, colours_of
from latentpress.codecs.lossless.ranks import pack_values, rank_depth, unpack_values, used_values
from latentpress.codecs.webp import decode_webp, encode_webp
from latentpress.errors import CorruptFileError, LatentPressError
from latentpress.progress import part, steps

__all__ = [
    "Coded",
    "DRAWN",
    "LEARNED",
    "METHOD_NAMES",
    "MIXED",
    "Method",
    "PlaneCoder",
    "TileCoder",
    "method_of",
    "number_in",
]

_CRC_BYTES = 4
_WORTH_TRYING = 1.3  # dictionary coding is tried in earnest if a quick trial is not larger than this many times


class Method(IntEnum):
    """FLAT: one colour. STRINGS: LZMA of samples, of differences from the left or from above. ADAPTIVE: prediction that
    adapts, no network. NETWORK: the same with networks. STEPS: sub-images one after another, with networks. WEBP:
    lossless WebP. _DRAWN: for pictures that were drawn in part. _MIXED: with distributions that are mixed of many.
    """

    FLAT = 0
    STRINGS = 1
    STRINGS_LEFT = 2
    STRINGS_UP = 3
    ADAPTIVE = 4
    NETWORK = 5
    STEPS = 6
    WEBP = 7
    NETWORK_MIXED = 9
    NETWORK_DRAWN_MIXED = 10
    ADAPTIVE_DRAWN = 12
    NETWORK_DRAWN = 13


DRAWN = {
    Method.ADAPTIVE: Method.ADAPTIVE_DRAWN,
    Method.NETWORK: Method.NETWORK_DRAWN,
    Method.STEPS: Method.NETWORK_DRAWN,
}
"""For each of these methods the one for tiles that were drawn in part."""

LEARNED = frozenset(
    {Method.NETWORK, Method.STEPS, Method.NETWORK_DRAWN, Method.NETWORK_MIXED, Method.NETWORK_DRAWN_MIXED}
)
"""Methods that need a model."""

MIXED = {Method.NETWORK: Method.NETWORK_MIXED, Method.NETWORK_DRAWN: Method.NETWORK_DRAWN_MIXED}
"""For each of these methods the one that mixes distributions."""

METHOD_NAMES = {
    Method.FLAT: "one colour",
    Method.STRINGS: "LZMA",
    Method.STRINGS_LEFT: "LZMA of horizontal differences",
    Method.STRINGS_UP: "LZMA of vertical differences",
    Method.ADAPTIVE: "adaptive prediction",
    Method.NETWORK: "networks",
    Method.STEPS: "sub-images",
    Method.WEBP: "WebP",
    Method.ADAPTIVE_DRAWN: "adaptive prediction for drawings",
    Method.NETWORK_DRAWN: "networks for drawings",
    Method.NETWORK_MIXED: "networks with mixing",
    Method.NETWORK_DRAWN_MIXED: "networks for drawings with mixing",
}
"""What each method is called."""


@dataclass(frozen=True)
class Coded:
    """A stream, and the samples as a decoder will have them. reads_back: whether the stream holds what was coded."""

    stream: bytes
    samples: NDArray[Any]
    reads_back: Callable[[], bool]


class PlaneCoder(Protocol):
    """Codes the samples (H, W, channels) of a tile, ``depth`` bits each, by prediction of its planes. any_colours:
    whether they may be those of near-lossless coding where there is no loss.
    """

    any_colours: ClassVar[bool]

    def encode(self, colours: Colours, samples: NDArray[Any], depth: int, max_error: int, verify: bool) -> Coded:
        """The stream. verify: whether `Coded.reads_back` will be called."""

    def decode(
        self, colours: Colours, data: memoryview, height: int, width: int, depth: int, max_error: int
    ) -> NDArray[Any]:
        """The samples of a stream. Raises CorruptFileError if it is certainly damaged."""


@dataclass(frozen=True)
class TileCoder:
    """Codes the tiles of a picture of ``depth`` bits a sample and ``channels`` (see `colours_of`), each sample right to
    ``max_error``. coders: for the methods from ADAPTIVE on, those that there are. verify: read back every tile
    that was coded. others: dictionary coding and WebP make a tile where they are smaller.
    """

    depth: int
    channels: int
    max_error: int
    coders: Mapping[Method, PlaneCoder]
    verify: bool = True
    others: bool = True

    def encode(
        self, samples: NDArray[Any], methods: tuple[Method, ...], search: bool = False, mixed: bool = False
    ) -> bytes:
        """The bytes of a tile (H, W, channels), by whichever of the methods makes the fewest.

        methods: from ADAPTIVE on; the others are tried without being named. search: try all colours that there are.
        mixed: try the best of them with mixed distributions.
        """
        if (samples == samples[0, 0]).all():
            return self._pack(Method.FLAT, Colours.GRAY, samples, samples[0, 0].astype("<u2").tobytes())
        values, sure = used_values(samples, self.depth) if self.max_error == 0 else (None, True)
        choices = [values] if values is None or sure else [values, None]
        exact, bounded = colours_of(self.channels)
        usual = bounded if self.max_error else exact
        tries = [
            (method, colours, choice)
            for method, choice in product(methods, choices)
            for colours in dict.fromkeys((usual, bounded) if search and self.coders[method].any_colours else (usual,))
        ]
        walks = len(tries) + mixed
        coded = walks / (walks + self.verify)
        with part(0, coded * len(tries) / walks):
            found = [self._walked(samples, *one) for one in steps(tries, len(tries))]
        best, reads_back = min(found, key=lambda tried: len(tried[0]))
        method, colours, choice = tries[[tile for tile, _ in found].index(best)]
        if mixed and MIXED.get(method) in self.coders:
            with part(coded * len(tries) / walks, coded):
                other = self._walked(samples, MIXED[method], colours, choice)
            best, reads_back = min((best, reads_back), other, key=lambda tried: len(tried[0]))
        limit, others = len(best), []
        if self.max_error == 0 and self.others:
            quick = {method: _quick(samples, method) for method in _DIFFERENCES}
            likely = min(quick, key=lambda method: quick[method])
            repeats = quick[likely] <= _WORTH_TRYING * limit
            if repeats:
                others.append(self._pack(likely, Colours.GRAY, samples, _compress(_bytes_of(samples, likely))))
            if self._fits_webp and (repeats or not {*methods}.isdisjoint(DRAWN.values())):
                others.append(self._pack(Method.WEBP, Colours.GRAY, samples, encode_webp(samples)))
        for tile in others:
            if len(tile) < len(best):
                best, reads_back = tile, partial(self._decodes, tile, samples)
        if self.verify:
            with part(coded, 1):
                if not reads_back():
                    raise LatentPressError(
                        "the file does not decode to the picture; please report this picture as a fault"
                    )
        return best

    def decode(self, data: memoryview, height: int, width: int) -> NDArray[Any]:
        """The samples (H, W, channels) of a tile. Raises CorruptFileError if it is damaged."""
        if len(data) < 1 + _CRC_BYTES:
            raise CorruptFileError("the picture's data are cut short")
        method, colours, crc = number_in(data), data[0] >> 4 & 7, bytes(data[1 : 1 + _CRC_BYTES])
        coder, rest = self, data[1 + _CRC_BYTES :]
        if data[0] & _RANKS:
            values, rest = unpack_values(rest, self.depth)
            coder = replace(self, depth=rank_depth(values))
        samples = coder._decode_method(method, colours, rest, height, width)
        if data[0] & _RANKS:
            # a rank beyond the last is damage; the checksum finds it
            samples = values[np.minimum(samples, values.size - 1)].astype(_kind(self.depth))
        if _crc(samples) != crc:
            raise CorruptFileError("the decoded picture is damaged: its checksum does not match")
        return samples

    @property
    def _fits_webp(self) -> bool:
        return self.depth == 8 and self.channels in (1, 3)

    def _decode_method(self, method: int, colours: int, data: memoryview, height: int, width: int) -> NDArray[Any]:
        kind = _kind(self.depth)
        if method >= Method.ADAPTIVE and method != Method.WEBP:
            exact, bounded = colours_of(self.channels)
            if method not in self.coders or colours not in ((bounded,) if self.max_error else (exact, bounded)):
                raise CorruptFileError("the picture's data are damaged: planes that the picture does not have")
            coder = self.coders[Method(method)]
            return coder.decode(Colours(colours), data, height, width, self.depth, self.max_error)
        if colours:
            raise CorruptFileError("the picture's data are damaged: planes that the picture does not have")
        if method == Method.FLAT:
            if len(data) != 2 * self.channels:
                raise CorruptFileError("the picture's data are damaged: a colour of the wrong length")
            colour = np.frombuffer(data, "<u2").astype(kind)
            return np.broadcast_to(colour, (height, width, self.channels)).copy()
        if method in _DIFFERENCES:
            size = height * width * self.channels * (1 if self.depth == 8 else 2)
            raw = np.frombuffer(_decompress(bytes(data), size), kind if self.depth == 8 else "<u2")
            return _undo(raw.reshape(height, width, self.channels).astype(kind), method)
        if method == Method.WEBP and self._fits_webp:
            return decode_webp(bytes(data), (height, width), self.channels)
        raise CorruptFileError(f"the picture's data are damaged: method {method}")

    def _walked(
        self, samples: NDArray[Any], method: Method, colours: Colours, values: NDArray[np.int64] | None = None
    ) -> tuple[bytes, Callable[[], bool]]:
        """The tile by prediction, and what checks it; values: those in use, None to code samples as they are."""
        if values is not None:
            inner = replace(self, depth=rank_depth(values))
            ranks = np.searchsorted(values, samples).astype(_kind(inner.depth))
            tile, reads_back = inner._walked(ranks, method, colours)
            head = bytes([tile[0] | _RANKS]) + _crc(samples)
            return head + pack_values(values, self.depth) + tile[1 + _CRC_BYTES :], reads_back
        coded = self.coders[method].encode(colours, samples, self.depth, self.max_error, self.verify)
        right = int(np.abs(coded.samples.astype(np.int64) - samples).max()) <= self.max_error
        tile = self._pack(method, colours, coded.samples, coded.stream)
        return tile, lambda: right and coded.reads_back()

    def _pack(self, method: Method, colours: Colours, decoded: NDArray[Any], data: bytes) -> bytes:
        return bytes([method & 7 | method >> 3 << 7 | colours << 4]) + _crc(decoded) + data

    def _decodes(self, tile: bytes, samples: NDArray[Any]) -> bool:
        return np.array_equal(self.decode(memoryview(tile), *samples.shape[:2]), samples)


def number_in(tile: memoryview | bytes) -> int:
    """The number of the method that a tile was coded with."""
    return tile[0] & 7 | tile[0] >> 7 << 3


def method_of(tile: memoryview | bytes) -> str:
    """The name of the method that a tile was coded with."""
    number = number_in(tile) if len(tile) else -1
    return METHOD_NAMES[Method(number)] if number in set(Method) else "unknown"


_RANKS = 8
_DIFFERENCES = (Method.STRINGS, Method.STRINGS_LEFT, Method.STRINGS_UP)
_LZMA = [{"id": lzma.FILTER_LZMA1, "dict_size": 1 << 23, "lc": 3, "lp": 0, "pb": 0, "nice_len": 128}]


def _kind(depth: int) -> type[np.unsignedinteger[Any]]:
    return np.uint8 if depth == 8 else np.uint16


def _crc(samples: NDArray[Any]) -> bytes:
    data = samples if samples.dtype == np.uint8 else samples.astype("<u2")
    return zlib.crc32(np.ascontiguousarray(data).tobytes()).to_bytes(_CRC_BYTES, "little")


def _bytes_of(samples: NDArray[Any], method: Method) -> bytes:
    out = samples.copy()
    if method == Method.STRINGS_LEFT:
        out[:, 1:] -= samples[:, :-1]
    elif method == Method.STRINGS_UP:
        out[1:] -= samples[:-1]
    return out.tobytes() if out.dtype == np.uint8 else out.astype("<u2").tobytes()


def _undo(samples: NDArray[Any], method: int) -> NDArray[Any]:
    if method == Method.STRINGS:
        return samples
    out: NDArray[Any] = np.cumsum(samples, axis=1 if method == Method.STRINGS_LEFT else 0, dtype=samples.dtype)
    return out


def _quick(samples: NDArray[Any], method: Method) -> int:
    return len(zlib.compress(_bytes_of(samples, method), 4))


def _compress(data: bytes) -> bytes:
    return lzma.compress(data, lzma.FORMAT_RAW, filters=_LZMA)


def _decompress(data: bytes, size: int) -> bytes:
    try:
        decoder = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=_LZMA)
        out = decoder.decompress(data, max_length=size)
        # the end marker may need another call
        rest = b"" if decoder.eof else decoder.decompress(b"", max_length=1)
    except (lzma.LZMAError, EOFError) as error:
        raise CorruptFileError("the picture's data are damaged: strings that cannot be read") from error
    if len(out) != size or rest or not decoder.eof or decoder.unused_data:
        raise CorruptFileError("the picture's data are damaged: strings of the wrong length")
    return out

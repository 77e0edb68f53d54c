"""A tile of a picture as bytes: the methods it can be coded with, and the choice between them.

bytes  1  method (bits 0-2), whether values go by rank (bit 3), and colours (bits 4-7)
       4  CRC32 of the decoded samples: (height, width, channels), 16-bit little-endian if deeper than 8 bits
       n  the values in use, if they go by rank; then what the method defines
"""

from __future__ import annotations

import lzma
import zlib
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.colours import Colours, join_planes, plane_ranges, plane_source
from latentpress.codecs.lossless.model import Model
from latentpress.codecs.lossless.ranks import pack_values, rank_depth, unpack_values, used_values
from latentpress.codecs.lossless.walk import decode_tile, encode_tile, lanes_of
from latentpress.errors import CorruptFileError, LatentPressError

__all__ = ["METHOD_NAMES", "Method", "TileCoder", "method_of"]

_CRC_BYTES = 4
_WORTH_TRYING = 1.3  # dictionary coding is tried in earnest if a quick trial is not larger than this many times


class Method(IntEnum):
    """FLAT: one colour. STRINGS: LZMA of samples, of differences from the left or from above. ADAPTIVE: prediction that
    adapts, no network. NETWORK: the same with networks.
    """

    FLAT = 0
    STRINGS = 1
    STRINGS_LEFT = 2
    STRINGS_UP = 3
    ADAPTIVE = 4
    NETWORK = 5


METHOD_NAMES = {
    Method.FLAT: "one colour",
    Method.STRINGS: "LZMA",
    Method.STRINGS_LEFT: "LZMA of horizontal differences",
    Method.STRINGS_UP: "LZMA of vertical differences",
    Method.ADAPTIVE: "adaptive prediction",
    Method.NETWORK: "networks",
}
"""What each method is called."""


@dataclass(frozen=True)
class TileCoder:
    """Codes the tiles of a picture of ``depth`` bits a sample and ``channels`` (1 or 3) colours, each sample right to
    ``max_error``. trained: the model with networks, None if there is none; plain: the one without. verify: decode every
    tile that was coded.
    """

    depth: int
    channels: int
    max_error: int
    plain: Model
    trained: Model | None
    verify: bool = True

    def encode(self, samples: NDArray[Any], methods: tuple[Method, ...]) -> bytes:
        """The bytes of a tile (H, W, channels), by whichever of the methods makes the fewest.

        methods: of ADAPTIVE and NETWORK; the others are tried without being named.
        """
        if (samples == samples[0, 0]).all():
            return self._pack(Method.FLAT, Colours.GRAY, samples, samples[0, 0].astype("<u2").tobytes())
        values, sure = used_values(samples, self.depth) if self.max_error == 0 else (None, True)
        choices = [values] if values is None or sure else [values, None]
        found = [self._walked(samples, method, choice) for method in methods for choice in choices]
        limit = min(len(tile) for tile in found)
        if self.max_error == 0:
            quick = {method: _quick(samples, method) for method in _DIFFERENCES}
            for method, size in quick.items():
                if size <= _WORTH_TRYING * limit and size == min(quick.values()):
                    found.append(self._pack(method, Colours.GRAY, samples, _compress(_bytes_of(samples, method))))
        best = min(found, key=len)
        if self.verify:
            self._check(samples, best)
        return best

    def decode(self, data: memoryview, height: int, width: int) -> NDArray[Any]:
        """The samples (H, W, channels) of a tile. Raises CorruptFileError if it is damaged."""
        if len(data) < 1 + _CRC_BYTES:
            raise CorruptFileError("the picture's data are cut short")
        method, colours, crc = data[0] & 7, data[0] >> 4, bytes(data[1 : 1 + _CRC_BYTES])
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

    def _decode_method(self, method: int, colours: int, data: memoryview, height: int, width: int) -> NDArray[Any]:
        kind = _kind(self.depth)
        if method in (Method.ADAPTIVE, Method.NETWORK):
            model = self.plain if method == Method.ADAPTIVE else self.trained
            allowed = (Colours.GRAY,) if self.channels == 1 else (Colours.YUV, Colours.GREEN)
            if model is None or colours not in allowed or (self.max_error and colours == Colours.YUV):
                raise CorruptFileError("the picture's data are damaged: planes that the picture does not have")
            ranges = plane_ranges(Colours(colours), self.depth)
            planes = decode_tile(data, lanes_of(height, width), ranges, model, self.depth, self.max_error)
            return join_planes(Colours(colours), planes, self.depth)
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
        raise CorruptFileError(f"the picture's data are damaged: method {method}")

    def _walked(self, samples: NDArray[Any], method: Method, values: NDArray[np.int64] | None = None) -> bytes:
        """The tile by prediction; values: those in use, None to code samples as they are."""
        if values is not None:
            inner = replace(self, depth=rank_depth(values))
            ranks = np.searchsorted(values, samples).astype(_kind(inner.depth))
            tile = inner._walked(ranks, method)
            head = bytes([tile[0] | _RANKS]) + _crc(samples)
            return head + pack_values(values, self.depth) + tile[1 + _CRC_BYTES :]
        model = self.trained if method == Method.NETWORK else self.plain
        assert model is not None
        colours = Colours.GRAY if self.channels == 1 else Colours.GREEN if self.max_error else Colours.YUV
        lanes = lanes_of(*samples.shape[:2])
        source = plane_source(colours, samples, lanes)
        ranges = plane_ranges(colours, self.depth)
        stream, planes = encode_tile(source, lanes, ranges, model, self.depth, self.max_error)
        return self._pack(method, colours, join_planes(colours, planes, self.depth), stream)

    def _pack(self, method: Method, colours: Colours, decoded: NDArray[Any], data: bytes) -> bytes:
        return bytes([method | colours << 4]) + _crc(decoded) + data

    def _check(self, samples: NDArray[Any], tile: bytes) -> None:
        decoded = self.decode(memoryview(tile), *samples.shape[:2])
        if int(np.abs(decoded.astype(np.int64) - samples).max()) > self.max_error:
            raise LatentPressError("the file does not decode to the picture; please report this picture as a fault")


def method_of(tile: memoryview | bytes) -> str:
    """The name of the method that a tile was coded with."""
    number = tile[0] & 7 if len(tile) else -1
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

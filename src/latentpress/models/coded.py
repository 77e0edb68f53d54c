"""Networks of a package in coded form: an ONNX file whose weights are Huffman codes, restored to the last byte.

NETWORK.onnx.coded holds the file without its weights, deflated, and the weights one after the other: which place they
belong at, how many bytes they are, and how they are coded, as whichever of these takes least:

0  as they are
1  bytes, Huffman codes
2  sparse bytes: the commonest value is left out; of the others the distance from the one before and the value, each in
   Huffman codes (relative index: Han et al. 2016, Deep Compression, arXiv:1510.00149; where the distance is too long
   for a symbol, a common value is coded after all)
3  pairs of bytes, such as float16: the upper ones in Huffman codes, the lower ones as they are
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from latentpress.entropy.huffman import decode_lanes, encode_lanes
from latentpress.errors import CorruptFileError
from latentpress.models.package import CODED

__all__ = ["CODED", "LARGEST", "coded_network", "decoded_network"]

LARGEST = 2**28
"""Bytes of a network, at most."""

_HEAD = struct.Struct("<4sIII")  # mark, bytes of the whole, of the deflated rest, number of weights
_ENTRY = struct.Struct("<IIIB")  # place in the rest, bytes, coded bytes, kind
_SPARSE = struct.Struct("<BII")  # the commonest value, number of others, bytes of the distances
_MARK = b"LPN\x01"
_REACH = 31  # a distance that takes no filler

Octets = NDArray[np.uint8]


def coded_network(graph: bytes, weights: Sequence[tuple[int, int]]) -> bytes:
    """A network in coded form. weights: first byte and number of bytes of each part to code, in order, apart."""
    rest, entries, payloads, end = bytearray(), [], [], 0
    for start, size in weights:
        rest += graph[end:start]
        kind, payload = min(_codings(graph[start : start + size]), key=lambda one: len(one[1]))
        entries.append(_ENTRY.pack(len(rest), size, len(payload), kind))
        payloads.append(payload)
        end = start + size
    rest += graph[end:]
    deflated = zlib.compress(bytes(rest), 9)
    head = _HEAD.pack(_MARK, len(graph), len(deflated), len(entries))
    return b"".join([head, deflated, *entries, *payloads])


def decoded_network(data: bytes) -> bytes:
    """The ONNX file of a coded network. Raises CorruptFileError for bytes that are none."""
    try:
        mark, whole, deflated, count = _HEAD.unpack_from(data)
        if mark != _MARK or whole > LARGEST:
            raise CorruptFileError("a coded network is damaged")
        inflate = zlib.decompressobj()
        rest = inflate.decompress(data[_HEAD.size : _HEAD.size + deflated], whole + 1)
        place = _HEAD.size + deflated
        entries = [_ENTRY.unpack_from(data, place + number * _ENTRY.size) for number in range(count)]
        if len(rest) + sum(size for _, size, _, _ in entries) != whole:
            raise CorruptFileError("a coded network is damaged")
        place += count * _ENTRY.size
        parts, end = [], 0
        for at, size, length, kind in entries:
            parts += [rest[end:at], _restored(memoryview(data)[place : place + length], size, kind)]
            end, place = at, place + length
        graph = b"".join([*parts, rest[end:]])
    except (struct.error, zlib.error, ValueError, IndexError) as error:
        raise CorruptFileError(f"a coded network is damaged: {error}") from None
    if len(graph) != whole:
        raise CorruptFileError("a coded network is damaged")
    return graph


def _codings(content: bytes) -> list[tuple[int, bytes]]:
    octets = np.frombuffer(content, np.uint8)
    found = [(0, content), (1, encode_lanes(octets, 256)), (2, _sparse(octets))]
    if octets.size % 2 == 0:
        found.append((3, octets[::2].tobytes() + encode_lanes(octets[1::2], 256)))
    return found


def _restored(payload: memoryview, size: int, kind: int) -> bytes:
    if kind == 0:
        return bytes(payload)
    if kind == 1:
        return decode_lanes(payload, size, 256).tobytes()
    if kind == 2:
        return _dense(payload, size).tobytes()
    if kind == 3:
        pairs = np.empty((size // 2, 2), np.uint8)
        pairs[:, 0] = np.frombuffer(payload[: size // 2], np.uint8)
        pairs[:, 1] = decode_lanes(payload[size // 2 :], size // 2, 256)
        return pairs.tobytes()
    raise CorruptFileError(f"a coded network is damaged: weights of kind {kind}")


def _sparse(octets: Octets) -> bytes:
    common = int(np.bincount(octets, minlength=256).argmax()) if octets.size else 0
    places = np.flatnonzero(octets != common)
    gaps = np.diff(places, prepend=-1) - 1  # common values between one and the next
    fillers = gaps // (_REACH + 1)
    stops = np.repeat(places - gaps - 1, fillers) + (_REACH + 1) * (_counted(fillers) + 1)
    every = np.sort(np.concatenate([places, stops]))
    distances = (np.diff(every, prepend=-1) - 1).astype(np.uint8)
    first = encode_lanes(distances, _REACH + 1)
    return _SPARSE.pack(common, every.size, len(first)) + first + encode_lanes(octets[every], 256)


def _dense(payload: memoryview, size: int) -> Octets:
    common, count, length = _SPARSE.unpack_from(payload)
    payload = payload[_SPARSE.size :]
    if count > size:
        raise CorruptFileError("a coded network is damaged: more weights than there is room for")
    places = np.cumsum(decode_lanes(payload[:length], count, _REACH + 1).astype(np.int64) + 1) - 1
    octets = np.full(size, common, np.uint8)
    octets[places] = decode_lanes(payload[length:], count, 256)
    return octets


def _counted(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """0, 1, .. count - 1 for each count, one after the other."""
    ends = np.cumsum(counts)
    ramp: NDArray[np.int64] = np.arange(int(ends[-1]) if ends.size else 0) - np.repeat(ends - counts, counts)
    return ramp

"""`ScanCodec`: lossless codecs by hand, that go over the planes of a picture from sample to sample.

payload  4  CRC32 of the decoded samples: (height, width, channels), 16-bit little-endian if deeper than 8 bits
         n  for each plane the length of its scan as a varint, and the scan
"""

from __future__ import annotations

import zlib
from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latentpress import container
from latentpress.codecs.base import Codec, check_quality
from latentpress.codecs.packing import check_kinds, pack_sides, unpack
from latentpress.codecs.parallel import each
from latentpress.container import STREAM, Chunk, Header, varint
from latentpress.errors import CorruptFileError, LatentPressError, UnsupportedError
from latentpress.image import Image

__all__ = ["ScanCodec"]

Integers = NDArray[np.int64]


class ScanCodec(Codec):
    """What codecs share whose planes are scans of their own, coded on a thread each. A system says what its planes are
    and how one is coded.

    threads: that work on planes, None for one each.
    """

    lossless: ClassVar[bool] = True
    takes: ClassVar[frozenset[str]] = frozenset({"threads"})
    largest_error: ClassVar[int] = 0

    def __init__(self, threads: int | None = None) -> None:
        self._config: dict[str, Any] = {"threads": threads}

    @abstractmethod
    def write(self, plane: Integers, depth: int, number: int, near: int) -> bytes:
        """The scan of a plane (H, W), which becomes what a decoder has. number: which one; near: bound on the error."""

    @abstractmethod
    def read(self, scan: bytes | memoryview, plane: Integers, depth: int, number: int, near: int) -> None:
        """Fill in the plane of a scan. Raises CorruptFileError if it is certainly damaged."""

    def planes(self, samples: NDArray[Any], depth: int) -> list[Integers]:
        """The planes, whole numbers from 0 on, of samples (H, W, 1 or 3). Here the channels."""
        return [samples[:, :, channel].astype(np.int64) for channel in range(samples.shape[2])]

    def samples(self, planes: list[Integers], depth: int) -> NDArray[np.integer[Any]]:
        """The inverse of `planes`; damage may yield samples out of range."""
        return np.stack(planes, axis=-1)

    def config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return dict(self._config)

    def encode(self, image: Image, quality: float = 50.0) -> bytes:
        """Compress, and read it back once; see `Codec.encode`. ``quality`` has no effect."""
        check_quality(quality)
        near, depth = self._config.get("max_error", 0), image.bit_depth
        planes = self.planes(image.pixels[:, :, : image.channels - image.has_alpha], depth)

        def write(number: int) -> bytes:
            scan, back = self.write(planes[number], depth, number, near), np.zeros_like(planes[number])
            self.read(scan, back, depth, number, near)
            if not np.array_equal(back, planes[number]):
                raise LatentPressError("the file does not decode to the picture; please report this picture as a fault")
            return scan

        scans = each(write, range(len(planes)), self._config["threads"] or len(planes))
        samples = _kept(self.samples(planes, depth), depth)
        payload = _crc(samples) + b"".join(varint.encode(len(scan)) + scan for scan in scans)
        header = Header(self.number, bytes(8), image.width, image.height, image.channels, near, depth)
        return container.write(header, [*pack_sides(image), Chunk(STREAM, payload)])

    def decode(self, data: bytes) -> Image:
        """Restore; see `Codec.decode`."""
        header, chunks = container.read(data)
        if header.codec != self.number:
            raise UnsupportedError(f"this is a file of codec number {header.codec}, not of {self.id}")
        check_kinds(chunks, (STREAM,))
        payloads = [chunk.payload for chunk in chunks if chunk.kind == STREAM]
        if len(payloads) != 1 or len(payloads[0]) < 4 or header.rate > self.largest_error:
            raise CorruptFileError("the file breaks the format: one stream of scans, and a bound on the error")
        view, position, scans = memoryview(payloads[0]), 4, []
        for _ in range(header.channels - (header.channels in (2, 4))):
            length, position = varint.decode(view, position)
            scans.append(view[position : position + length])
            position += length
        if position != len(view):
            raise CorruptFileError("the file is damaged: its scans do not fill the stream")
        planes = [np.zeros((header.height, header.width), np.int64) for _ in scans]

        def read(number: int) -> None:
            self.read(scans[number], planes[number], header.bit_depth, number, header.rate)

        each(read, range(len(scans)), self._config["threads"] or len(scans))
        samples = _kept(self.samples(planes, header.bit_depth), header.bit_depth)
        if _crc(samples) != view[:4]:
            raise CorruptFileError("the decoded picture is damaged: its checksum does not match")
        return unpack(samples, header, chunks)


def _kept(samples: NDArray[np.integer[Any]], depth: int) -> NDArray[np.uint8] | NDArray[np.uint16]:
    return samples.astype(np.uint8) if depth == 8 else samples.astype(np.uint16)


def _crc(samples: NDArray[Any]) -> bytes:
    data = samples if samples.dtype == np.uint8 else samples.astype("<u2")
    return zlib.crc32(np.ascontiguousarray(data).tobytes()).to_bytes(4, "little")

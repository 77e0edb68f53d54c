"""`JpegCodec`: JPEG files in less room."""

from __future__ import annotations

import hashlib
import io
import warnings
import zlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from PIL import Image as PillowImage

from latentpress import container
from latentpress.codecs.base import Codec, check_quality
from latentpress.codecs.jpeg import CutJpegWarning, read_jpeg, write_jpeg
from latentpress.codecs.jpeg.markers import parse
from latentpress.codecs.packing import check_kinds, colour_of, pack_sides, unpack
from latentpress.container import STREAM, Chunk, Header, varint
from latentpress.errors import CorruptFileError, InvalidInputError, LatentPressError, UnsupportedError
from latentpress.image import Image
from latentpress.image.files import probe, read
from latentpress.models import ModelPackage, find_model, installed_models
from latentpress.systems.jpeg.coding import decode_planes, encode_planes
from latentpress.systems.jpeg.headers import pack_bytes, unpack_bytes
from latentpress.systems.jpeg.model import JpegModel

__all__ = ["JpegCodec"]

_STORED, _TAKEN_APART = 0, 1  # what the header's rate says of the stream
_LONGEST = 65_500  # side of a picture that libjpeg writes
_METHODS = {_STORED: "stored", _TAKEN_APART: "coefficients"}


class JpegCodec(Codec):
    """JPEG files made smaller without any loss, down to the very bytes; pictures are saved as JPEG first.

    `encode_file` keeps a file: coefficients of baseline and progressive Huffman-coded files of 8 bits a sample are
    coded again by networks, in about three quarters of the room; other files (arithmetic-coded, lossless, 12 bits,
    damaged but readable) are stored as they are. `encode` of a picture saves it as a JPEG of that quality and keeps it.

    model: name of an installed model package or path of a package's folder, None for the default; a file is decoded
    with the model it names. threads: that work on bands of a large picture, None for one a core.
    """

    id: ClassVar[str] = "jpeg"
    takes: ClassVar[frozenset[str]] = frozenset({"model", "threads"})
    keeps: ClassVar[bytes] = b"\xff\xd8\xff"

    def __init__(self, model: str | None = None, threads: int | None = None) -> None:
        self._config: dict[str, Any] = {"model": model, "threads": threads}

    def config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return dict(self._config)

    @classmethod
    def models(cls) -> dict[str, bytes]:
        """Names of the installed model packages and their ids."""
        return {package.name: package.id for package in installed_models(cls.id)}

    @classmethod
    def facts(cls, header: Header, chunks: Sequence[Chunk]) -> dict[str, str]:
        """``method``: whether the file's coefficients were coded again, or it was stored. ``keeps``: that a JPEG file
        comes back, if there is nothing else.
        """
        keeps = {"keeps": "a JPEG file, byte for byte"} if _is_file(header, chunks) else {}
        return {"method": _METHODS.get(header.rate, "unknown"), **keeps}

    def encode(self, image: Image, quality: float = 50.0) -> bytes:
        """Save as JPEG (4:2:0 below a quality of 90), and keep that; see `Codec.encode`.

        Alpha is kept exactly; of deep colours 8 bits are. Raises UnsupportedError for a side above 65,500.
        """
        level = max(1, round(check_quality(quality)))
        if max(image.width, image.height) > _LONGEST:
            raise UnsupportedError(f"JPEG holds sides up to {_LONGEST:,}")
        samples = Image(colour_of(image), image.bit_depth).to_depth(8).pixels
        picture = PillowImage.fromarray(samples[:, :, 0] if samples.shape[2] == 1 else samples)
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=level, subsampling=0 if level >= 90 else 2)
        header = Header(self.number, bytes(8), image.width, image.height, image.channels, 0, image.bit_depth)
        return self._write(buffer.getvalue(), header, pack_sides(image))

    def encode_file(self, data: bytes) -> bytes:
        """The ``.lpx`` file that keeps a JPEG file, whose bytes `decode_file` gives back. For one that is cut short
        there is a `CutJpegWarning`.

        Raises InvalidInputError for what is no readable JPEG file, LimitError for a picture above the limits.
        """
        width, height, channels = probe(io.BytesIO(data), "JPEG")
        if _is_cut(data):
            warnings.warn("the JPEG file is cut short; it is kept as it is", CutJpegWarning, 2)
        return self._write(data, Header(self.number, bytes(8), width, height, channels, _STORED), [])

    def decode_file(self, data: bytes) -> bytes:
        """The bytes of the JPEG file that `encode_file` kept.

        Raises as `decode` does, and UnsupportedError for a picture with more than a JPEG file holds, such as alpha.
        """
        header, chunks = self._read(data)
        if not _is_file(header, chunks):
            raise UnsupportedError("the file keeps a picture with alpha or metadata, and no JPEG file")
        return self._file(header, chunks)

    def decode(self, data: bytes) -> Image:
        """The picture of the JPEG file, as Pillow decodes it; see `Codec.decode`."""
        header, chunks = self._read(data)
        try:
            image = read(io.BytesIO(self._file(header, chunks)))
        except InvalidInputError as error:
            raise CorruptFileError(f"the JPEG file inside cannot be decoded: {error}") from error
        if (image.width, image.height, image.channels - 1) != (header.width, header.height, header.channels - 1 & 2):
            raise CorruptFileError("the picture's data are damaged: a JPEG file of another size")
        if _is_file(header, chunks):
            return image
        return unpack(image.to_depth(header.bit_depth).pixels, header, chunks)

    def exact(self, data: bytes) -> bytes:
        """SHA-256 of the JPEG file; see `Codec.exact`."""
        return hashlib.sha256(self._file(*self._read(data))).digest()

    def _write(self, data: bytes, header: Header, sides: list[Chunk]) -> bytes:
        """The file for the bytes of a JPEG file, read back before it is handed out. header: but for model and rate."""
        check = zlib.crc32(data).to_bytes(4, "little")
        package = find_model(self.id, name=self._config["model"])
        for method, model in ((_TAKEN_APART, package.id), (_STORED, bytes(8))):
            head = replace(header, model=model, rate=method)
            try:
                payload = pack_bytes(data) if method == _STORED else self._take_apart(data, package)
                back = self._file(head, [stream := Chunk(STREAM, check + payload)])
            except (CorruptFileError, UnsupportedError):
                continue  # damaged, of a kind that is not taken apart, or its codes are not chosen as usual
            if back == data:
                return container.write(head, [*sides, stream])
        raise LatentPressError("the file does not come back from what was written; please report this")

    def _take_apart(self, data: bytes, package: ModelPackage) -> bytes:
        """The stream for a file's headers and coefficients."""
        if parse(data).frame.arithmetic:
            raise UnsupportedError("each decision of arithmetic codes takes a step of Python's: too slow to be useful")
        file = read_jpeg(data)
        rest = pack_bytes(file.rest)
        stream = encode_planes(file.frame, file.planes, JpegModel.open(package), self._config["threads"])
        return varint.encode(len(rest)) + rest + bytes(file.fills) + stream

    def _put_together(self, header: Header, stream: memoryview) -> bytes:
        """The inverse of `_take_apart`."""
        size, start = varint.decode(stream, 0)
        rest = unpack_bytes(stream[start : start + size])
        structure = parse(rest, cut=True)
        frame, start = structure.frame, start + size + len(structure.scans)
        if sorted((frame.width, frame.height)) != sorted((header.width, header.height)):
            raise CorruptFileError("the file breaks the format: a JPEG file of another size")
        fills = bytes(stream[start - len(structure.scans) : start])
        model = JpegModel.open(self._package(header.model))
        planes = decode_planes(frame, structure.component_tables, stream[start:], model, self._config["threads"])
        return write_jpeg(rest, planes, fills)

    def _file(self, header: Header, chunks: Sequence[Chunk]) -> bytes:
        streams = [chunk.payload for chunk in chunks if chunk.kind == STREAM]
        if len(streams) != 1 or len(streams[0]) < 4 or header.rate not in _METHODS:
            raise CorruptFileError("the file breaks the format: one stream there must be, of a kind that is known")
        stream = memoryview(streams[0])
        if header.rate == _STORED:
            data = unpack_bytes(stream[4:])
        else:
            try:
                data = self._put_together(header, stream[4:])
            except (ValueError, IndexError) as error:
                raise CorruptFileError("the picture's data are damaged") from error
        if zlib.crc32(data) != int.from_bytes(stream[:4], "little"):
            raise CorruptFileError("the picture's data are damaged: another JPEG file comes out than went in")
        return data

    def _package(self, id: bytes) -> ModelPackage:
        """The package with an id: the codec's own, which need not be installed, or one that is."""
        if self._config["model"] is not None:
            own = find_model(self.id, name=self._config["model"])
            if own.id == id:
                return own
        return find_model(self.id, id=id)

    def _read(self, data: bytes) -> tuple[Header, list[Chunk]]:
        header, chunks = container.read(data)
        if header.codec != self.number:
            raise UnsupportedError(f"the file is of codec number {header.codec}, not of {self.id}")
        check_kinds(chunks, (STREAM,))
        return header, chunks


def _is_file(header: Header, chunks: Sequence[Chunk]) -> bool:
    """Whether there is nothing but a JPEG file."""
    return len(chunks) == 1 and header.bit_depth == 8 and header.channels in (1, 3)


def _is_cut(data: bytes) -> bool:
    """Whether the end of a JPEG file is missing, as far as it can be read."""
    try:
        return not parse(data, partial=True).whole
    except LatentPressError:
        return False

"""`TrimmedJpegCodec`: a JPEG file of the low frequencies, and the network that puts the others back."""

from __future__ import annotations

import hashlib
import io
import zlib
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from latentpress import container
from latentpress.codecs.base import Codec, check_quality
from latentpress.codecs.models import package_of
from latentpress.codecs.packing import check_kinds, colour_of, pack_sides, unpack
from latentpress.container import STREAM, Chunk, Header
from latentpress.errors import CorruptFileError, InvalidInputError, UnsupportedError
from latentpress.image import Image
from latentpress.models import find_model
from latentpress.restoration import Restorer
from latentpress.restoration.jpeg import read_jpeg
from latentpress.restoration.tables import standard_quantisation
from latentpress.systems.trimmed_jpeg.layout import LEFT_OUT

__all__ = ["TrimmedJpegCodec"]

_LONGEST = 65_500  # side of a picture that libjpeg writes


class TrimmedJpegCodec(Codec):
    """JPEG without the highest three fifths of its frequencies, which a network restores, after Qiu 2021.

    model: name of an installed model package or path of a package's folder, None for the default; a file is decoded
    with the model it names. engine: ``onnx``, or ``torch`` with ``dtype`` ``float32`` or ``float64``. threads: of the
    CPU, None for all.
    """

    id: ClassVar[str] = "trimmed-jpeg"
    takes: ClassVar[frozenset[str]] = frozenset({"model", "engine", "threads", "dtype"})

    def __init__(
        self, model: str | None = None, engine: str = "onnx", threads: int | None = None, dtype: str = "float32"
    ) -> None:
        self._config: dict[str, Any] = {"model": model, "engine": engine, "threads": threads, "dtype": dtype}
        self._opened: dict[bytes, Restorer] = {}

    def config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return dict(self._config)

    def encode(self, image: Image, quality: float = 50.0) -> bytes:
        """Save as JPEG (4:2:0 below a quality of 90) whose tables leave the high frequencies out; see `Codec.encode`.

        Alpha is kept exactly; of deep colours 8 bits are. Raises UnsupportedError for a side above 65,500.
        """
        level = max(1, round(check_quality(quality)))
        if max(image.width, image.height) > _LONGEST:
            raise UnsupportedError(f"JPEG holds sides up to {_LONGEST:,}")
        package = find_model(self.id, name=self._config["model"])
        samples = Image(colour_of(image), image.bit_depth).to_depth(8).pixels
        stream = sent(samples.astype(np.uint8, copy=False), level)
        header = Header(self.number, package.id, image.width, image.height, image.channels, level, image.bit_depth)
        return container.write(header, [*pack_sides(image), Chunk(STREAM, _check(stream) + stream)])

    def decode(self, data: bytes) -> Image:
        """The picture that the network makes of the file; see `Codec.decode`."""
        header, chunks, stream = self._read(data)
        try:
            jpeg = read_jpeg(stream)
        except (InvalidInputError, UnsupportedError) as error:
            raise CorruptFileError(f"the JPEG file inside cannot be decoded: {error}") from error
        colours = 3 if header.channels > 2 else 1
        if jpeg.pixels.shape != (header.height, header.width, colours):
            raise CorruptFileError("the picture's data are damaged: a JPEG file of another size")
        pixels = self._restorer(header.model).restore(jpeg.pixels, jpeg.quantisation, calibrated=False)
        return unpack(Image(pixels).to_depth(header.bit_depth).pixels, header, chunks)

    def exact(self, data: bytes) -> bytes:
        """SHA-256 of the JPEG file; see `Codec.exact`."""
        return hashlib.sha256(self._read(data)[2]).digest()

    def _read(self, data: bytes) -> tuple[Header, list[Chunk], bytes]:
        """The file taken apart, and the JPEG file inside."""
        header, chunks = container.read(data)
        if header.codec != self.number:
            raise UnsupportedError(f"the file is of codec number {header.codec}, not of {self.id}")
        check_kinds(chunks, (STREAM,))
        streams = [bytes(chunk.payload) for chunk in chunks if chunk.kind == STREAM]
        if len(streams) != 1 or not 1 <= header.rate <= 100:
            raise CorruptFileError("the file breaks the format: one stream there must be, of a quality of 1 to 100")
        if _check(streams[0][4:]) != streams[0][:4]:
            raise CorruptFileError("the picture's data are damaged")
        return header, chunks, streams[0][4:]

    def _restorer(self, id: bytes) -> Restorer:
        """The network of the package with an id."""
        if id not in self._opened:
            how = {name: self._config[name] for name in ("engine", "threads", "dtype")}
            self._opened[id] = Restorer(package_of(self.id, self._config["model"], id), **how)
        return self._opened[id]


def _check(stream: bytes) -> bytes:
    return zlib.crc32(stream).to_bytes(4, "little")


def sent(pixels: NDArray[np.uint8], quality: int) -> bytes:
    """The JPEG file of pixels (H, W, 1 or 3): libjpeg's of that quality, but for the steps of what is left out."""
    tables = standard_quantisation(quality).without(LEFT_OUT)
    picture = PillowImage.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    buffer = io.BytesIO()
    steps = [table.ravel().tolist() for table in (tables.luma, tables.chroma)][: 1 if pixels.shape[2] == 1 else 2]
    picture.save(buffer, "JPEG", qtables=steps, subsampling=0 if quality >= 90 else 2, optimize=True)
    return buffer.getvalue()

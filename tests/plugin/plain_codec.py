"""A third-party codec, as another package would bring it: the picture as PNG inside an .lpx file."""

from __future__ import annotations

import io
from typing import Any

from latentpress import Codec, Image, read_image, write_image
from latentpress.codecs import check_quality
from latentpress.container import NAMED_CODEC, STREAM, Chunk, Header, read, write


class PlainCodec(Codec):
    """PNG in a container: lossless, for tests.

    threads: has no effect; it is here to be a setting.
    """

    id = "plain"
    number = NAMED_CODEC
    lossless = True
    takes = frozenset({"threads"})

    def __init__(self, threads: int | None = None) -> None:
        self.threads = threads

    def encode(self, image: Image, quality: float = 50.0) -> bytes:
        rate = round(check_quality(quality))
        stream = io.BytesIO()
        write_image(image, stream)
        header = Header(
            codec=self.number,
            codec_name=self.id,
            model=self.models()["plain-1"],
            width=image.width,
            height=image.height,
            channels=image.channels,
            rate=rate,
        )
        return write(header, [Chunk(STREAM, stream.getvalue())])

    def decode(self, data: bytes) -> Image:
        _, chunks = read(data)
        return read_image(io.BytesIO(chunks[0].payload))

    def config(self) -> dict[str, Any]:
        return {"threads": self.threads}

    @classmethod
    def models(cls) -> dict[str, bytes]:
        return {"plain-1": b"plain--1"}

"""A file of layers made shorter."""

from __future__ import annotations

from dataclasses import replace

from latentpress.container.layers import layers_of
from latentpress.container.layout import BytesLike
from latentpress.container.reader import read
from latentpress.container.writer import write
from latentpress.errors import InvalidInputError

__all__ = ["keep_layers"]


def keep_layers(data: BytesLike, count: int) -> bytes:
    """The file of the first ``count`` layers of a file of layers, as if no more had been written. Of a file that has
    been cut off and has fewer left, the file as it is.

    Raises InvalidInputError if the file was never made of so many layers, otherwise as `read` does.
    """
    header, chunks = read(data, layered=True)
    if not header.layered:
        raise InvalidInputError("the file is not made of layers: it can only be decoded whole")
    if not 1 <= count <= header.rate:
        raise InvalidInputError(f"the file is made of {header.rate} layers: ask for 1 to {header.rate}, not {count}")
    found = len(layers_of(chunks))
    if found < count:
        return bytes(data)
    return write(replace(header, rate=count), chunks[: len(chunks) - found + count])

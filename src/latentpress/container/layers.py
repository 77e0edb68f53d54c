"""Files of layers: what may be cut off, and how to do it."""

from __future__ import annotations

from collections.abc import Sequence

from latentpress.container.layout import LAYER, Chunk, Header

__all__ = ["CutFileWarning", "check_layers", "layers_of"]


class CutFileWarning(UserWarning):
    """A file of layers has been cut off: the picture is that of the layers that are whole."""


def layers_of(chunks: Sequence[Chunk]) -> list[bytes]:
    """Payloads of the layers, the coarsest first."""
    return [chunk.payload for chunk in chunks if chunk.kind == LAYER]


def check_layers(header: Header, chunks: Sequence[Chunk], cut: bool = False) -> str:
    """What is wrong with the layers of a file, in words; empty if nothing is. ``cut``: the file's end is missing."""
    layers = [chunk.kind == LAYER for chunk in chunks]
    count = sum(layers)
    if count and not header.layered:
        return "a file that is not made of layers has one"
    if any(layers[: len(layers) - count]):
        return "layers are the last chunks of a file"
    if header.layered and (count > header.rate or (count < header.rate and not cut)):
        return f"a file of {header.rate} layers has {count} of them"
    return ""

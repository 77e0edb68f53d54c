"""Networks of packages in coded form; the form itself is `latentpress.models.coded`."""

from __future__ import annotations

import onnx

from latentpress.models.coded import CODED, coded_network, decoded_network

__all__ = ["code_files"]

_SMALL = 512  # bytes of a weight that is worth codes of its own


def code_files(files: dict[str, bytes]) -> dict[str, bytes]:
    """The files of a package by name, its networks coded where that takes less; each is decoded once, to be sure."""
    made = {}
    for name, content in files.items():
        coded = coded_network(content, _weights(content)) if name.endswith(".onnx") else content
        if len(coded) < len(content):
            assert decoded_network(coded) == content
            made[name + CODED] = coded
        else:
            made[name] = content
    return made


def _weights(graph: bytes) -> list[tuple[int, int]]:
    """First byte and number of bytes of the weights in an ONNX file."""
    found, end = [], 0
    for tensor in onnx.load_from_string(graph).graph.initializer:
        raw = tensor.raw_data
        if len(raw) >= _SMALL:
            start = graph.index(raw, end)
            found.append((start, len(raw)))
            end = start + len(raw)
    return found

"""The marker segments of a JPEG file as bytes (ITU-T T.81, annex B)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.jpeg.huffman import HuffmanTable
from latentpress.codecs.jpeg.markers import DHT, DQT

__all__ = ["huffman_segment", "quantiser_segment", "segment"]


def segment(marker: int, body: bytes) -> bytes:
    """A marker, the length, and what it holds."""
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body


def quantiser_segment(number: int, table: NDArray[Any]) -> bytes:
    """A quantisation table (64,) in zigzag order, of steps up to 255."""
    return segment(DQT, bytes([number]) + table.astype(np.uint8).tobytes())


def huffman_segment(kind: int, number: int, table: HuffmanTable) -> bytes:
    """A Huffman table. kind: 0 for DC, 1 for AC."""
    return segment(DHT, bytes([kind << 4 | number]) + table.counts + table.symbols)

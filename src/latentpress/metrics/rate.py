"""How large a file is: bits per pixel or per sub-pixel, compression ratio, space saving. Four numbers, never mixed.

Bytes are those of the whole file, header and metadata included.
"""

from __future__ import annotations

from latentpress.errors import InvalidInputError

__all__ = ["bits_per_pixel", "bits_per_subpixel", "compression_ratio", "space_saving"]


def bits_per_pixel(size: int, width: int, height: int) -> float:
    """8 * size / (width * height) for a file of `size` bytes: bits per pixel over all channels; lower is better.

    An uncompressed 8-bit RGB picture has 24, a gray one 8.
    """
    return 8.0 * _positive("a file's size", size) / (_positive("width", width) * _positive("height", height))


def bits_per_subpixel(size: int, width: int, height: int, channels: int) -> float:
    """Bits per sample, `bits_per_pixel` over the number of channels; lower is better.

    Papers on lossless coding often print this one (bpsp) under the name bpp: an uncompressed 8-bit picture has 8.
    """
    return bits_per_pixel(size, width, height) / _positive("the number of channels", channels)


def compression_ratio(original: int, compressed: int) -> float:
    """original / compressed bytes, no unit: 40 means forty to one; higher is better, under 1 the file has grown."""
    return _positive("the original's size", original) / _positive("the compressed size", compressed)


def space_saving(original: int, compressed: int) -> float:
    """1 - compressed / original bytes, a fraction: 0.975 means 97.5 % less; higher is better, under 0 it has grown."""
    return 1.0 - 1.0 / compression_ratio(original, compressed)


def _positive(what: str, value: int) -> int:
    if value <= 0:
        raise InvalidInputError(f"{what} must be positive, not {value}")
    return value

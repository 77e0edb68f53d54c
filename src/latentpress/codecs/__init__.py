"""Codecs: the interface, the registry, and one folder a codec family (the bitstream side: NumPy, never torch)."""

from __future__ import annotations

from latentpress.codecs.base import Codec, check_quality
from latentpress.codecs.registry import (
    CodecInfo,
    codec_class,
    codec_for,
    codec_id,
    get_codec,
    list_codecs,
    register,
    shared_codec,
)

__all__ = [
    "Codec",
    "CodecInfo",
    "check_quality",
    "codec_class",
    "codec_for",
    "codec_id",
    "get_codec",
    "list_codecs",
    "register",
    "shared_codec",
]

"""LatentPress: a learned image codec you can deploy.

    import latentpress

    data = latentpress.compress("photo.png", quality=50)     # bytes of a complete .lpx file
    image = latentpress.decompress(data)                     # image.pixels: uint8 (height, width, channels)
    clean = latentpress.restore("old.jpg").image             # a JPEG without its artefacts

Importing this package loads neither NumPy nor ONNX Runtime; each name is fetched when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from latentpress.errors import (
    CorruptFileError,
    InvalidInputError,
    LatentPressError,
    LimitError,
    MissingExtraError,
    OutOfMemoryError,
    SettingError,
    UnsupportedError,
)

if TYPE_CHECKING:
    from latentpress._api import ChunkInfo, FileInfo, compress, decompress, decompress_jpeg, inspect, train
    from latentpress.codecs.base import Codec, Region
    from latentpress.codecs.registry import CodecInfo, get_codec, list_codecs, register
    from latentpress.codecs.roi import Roi
    from latentpress.codecs.settings import Settings
    from latentpress.container import CutFileWarning
    from latentpress.encryption import decrypt, encrypt
    from latentpress.image import Image, Metadata, read_frames
    from latentpress.image import read as read_image
    from latentpress.image import write as write_image
    from latentpress.restoration import Restored, restore

__version__ = "0.1.0"

__all__ = [
    "ChunkInfo",
    "Codec",
    "CodecInfo",
    "CorruptFileError",
    "CutFileWarning",
    "FileInfo",
    "Image",
    "InvalidInputError",
    "LatentPressError",
    "LimitError",
    "Metadata",
    "MissingExtraError",
    "OutOfMemoryError",
    "Region",
    "Restored",
    "Roi",
    "SettingError",
    "Settings",
    "UnsupportedError",
    "__version__",
    "compress",
    "decompress",
    "decompress_jpeg",
    "decrypt",
    "encrypt",
    "get_codec",
    "inspect",
    "list_codecs",
    "read_frames",
    "read_image",
    "register",
    "restore",
    "train",
    "write_image",
]

# Public name -> (module, name there).
_LAZY = {
    "ChunkInfo": ("latentpress._api", "ChunkInfo"),
    "Codec": ("latentpress.codecs.base", "Codec"),
    "CodecInfo": ("latentpress.codecs.registry", "CodecInfo"),
    "CutFileWarning": ("latentpress.container", "CutFileWarning"),
    "FileInfo": ("latentpress._api", "FileInfo"),
    "Image": ("latentpress.image", "Image"),
    "Metadata": ("latentpress.image", "Metadata"),
    "Region": ("latentpress.codecs.base", "Region"),
    "Restored": ("latentpress.restoration", "Restored"),
    "Roi": ("latentpress.codecs.roi", "Roi"),
    "Settings": ("latentpress.codecs.settings", "Settings"),
    "compress": ("latentpress._api", "compress"),
    "decompress": ("latentpress._api", "decompress"),
    "decompress_jpeg": ("latentpress._api", "decompress_jpeg"),
    "decrypt": ("latentpress.encryption", "decrypt"),
    "encrypt": ("latentpress.encryption", "encrypt"),
    "get_codec": ("latentpress.codecs.registry", "get_codec"),
    "inspect": ("latentpress._api", "inspect"),
    "list_codecs": ("latentpress.codecs.registry", "list_codecs"),
    "read_frames": ("latentpress.image", "read_frames"),
    "read_image": ("latentpress.image", "read"),
    "register": ("latentpress.codecs.registry", "register"),
    "restore": ("latentpress.restoration", "restore"),
    "train": ("latentpress._api", "train"),
    "write_image": ("latentpress.image", "write"),
}


def __getattr__(name: str) -> object:
    """Fetch a public name from its module on first use."""
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _LAZY[name]
    value: object = getattr(importlib.import_module(module), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)

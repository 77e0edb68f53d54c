"""Shards: many pictures in one file of a bounded size, to move training data in parts.

A shard is a safetensors file of uint8 tensors. One of shape (N, H, W, 3) is a stack of N pictures; one of a single
dimension holds the bytes of a picture file (PNG, AVIF, ...), which is opened when the shard is read: it takes a
fraction of the room.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import PIL
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from latentpress.atomic import atomic_output
from latentpress.errors import CorruptFileError, InvalidInputError, UnsupportedError

__all__ = ["SHARD_SUFFIX", "read_shard", "write_shards"]

SHARD_SUFFIX = ".shard.safetensors"
"""How the name of a shard ends."""

_KIND = "pictures"
_HEADER = 200  # bytes of the header that a tensor takes, at most
_START = 1024  # bytes of the header besides

Pixels = NDArray[np.uint8]


def write_shards(items: Iterable[Pixels], folder: Path, name: str, limit: int) -> list[tuple[Path, int]]:
    """Write tensors into ``folder`` as NAME-000.shard.safetensors and so on, each file under ``limit`` bytes.

    Returns the files and how many pictures each holds. Raises InvalidInputError when one item alone is over the limit.
    """
    written = []
    for number, group in enumerate(_groups(items, limit)):
        path = folder / f"{name}-{number:03d}{SHARD_SUFFIX}"
        _write(path, group)
        written.append((path, sum(len(item) if item.ndim == 4 else 1 for item in group)))
    return written


def read_shard(path: str | Path) -> list[Pixels]:
    """The pictures of a shard, (H, W, 3) each. Raises CorruptFileError when it is cut or something else,
    UnsupportedError when Pillow cannot open a picture in it.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), framework="np") as file:
            about = json.loads((file.metadata() or {}).get("latentpress", "null"))
            if about != _KIND:
                raise CorruptFileError(f"{path} is not a shard of pictures")
            items = [file.get_tensor(key) for key in sorted(file.keys())]
    except (SafetensorError, ValueError, OSError) as error:
        raise CorruptFileError(f"{path} is cut or damaged, copy it again: {error}") from None
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # Pillow lets other threads run while it decodes
        return [picture for group in pool.map(lambda item: _pictures(item, path), items) for picture in group]


def _groups(items: Iterable[Pixels], limit: int) -> Iterator[list[Pixels]]:
    group: list[Pixels] = []
    room = limit - _START
    for item in items:
        size = item.nbytes + _HEADER
        if size > limit - _START:
            raise InvalidInputError(f"a picture of {item.nbytes} bytes does not go into a shard of {limit} bytes")
        if size > room:
            yield group
            group, room = [], limit - _START
        group.append(item)
        room -= size
    if group:
        yield group


def _write(path: Path, group: list[Pixels]) -> None:
    from safetensors.numpy import save

    tensors: dict[str, Any] = {f"{i:06d}": np.ascontiguousarray(item) for i, item in enumerate(group)}
    with atomic_output(path) as stream:
        stream.write(save(tensors, metadata={"latentpress": json.dumps(_KIND)}))


def _pictures(item: Pixels, path: str | Path) -> list[Pixels]:
    if item.ndim == 4:
        return list(item)
    try:
        with Image.open(io.BytesIO(item.tobytes())) as image:
            return [np.asarray(image.convert("RGB"))]
    except (UnidentifiedImageError, OSError):
        raise UnsupportedError(
            f"{path} holds a picture that Pillow {PIL.__version__} cannot open here; pack crops instead of files"
        ) from None

"""Write the golden files of the lossless codecs: small files that every later version must decode to the same pixels.

    python tests/golden/make_lossless.py

Writes those that are not there yet, when a model or a version of the format is new. What was written once stays: a
newer file would hide what it should show.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from make_golden import EXAMPLE, drawn

import latentpress
from latentpress.codecs import get_codec
from latentpress.image import Image, read

HERE = Path(__file__).parent
INDEX = HERE / "lossless.json"


def pictures() -> dict[str, tuple[Image, str, dict[str, Any]]]:
    """Name to picture, codec and its settings."""
    photo = Image(read(EXAMPLE).pixels[180:228, 250:314].copy())
    deep = Image((photo.pixels[:24, :32, :1].astype(np.uint16) << 8) | photo.pixels[:24, :32, 1:2])
    few = Image((photo.pixels[:24, :32] // 2).astype(np.uint16) * 500)
    mosaic = Image(photo.pixels[:33, :41].max(axis=2, keepdims=True))
    gray = photo.pixels[:30, :40, :1] // 4 * 4
    gray[4:9, 3:30:4] = 255
    scan = Image(np.repeat(gray, 3, axis=2))
    mlp, steps = "mlp-lossless", "lc-fdnet"
    return {
        "lossless-photo": (photo, mlp, {}),
        "lossless-photo-adaptive": (photo, mlp, {"network": False}),
        "lossless-photo-near": (photo, mlp, {"max_error": 3}),
        "lossless-gray": (drawn(13, 7, 1), mlp, {}),
        "lossless-deep": (deep, mlp, {}),
        "lossless-few": (few, mlp, {}),
        "lossless-strings": (Image(np.tile(drawn(8, 8, 3).pixels, (5, 6, 1))), mlp, {}),
        "lossless-flat": (Image(np.full((3, 4, 3), 9, np.uint8)), mlp, {}),
        "lossless-alpha-cut": (_with_alpha(photo, 1), mlp, {}),
        "lossless-alpha-soft": (_with_alpha(photo, 40), mlp, {}),
        "lossless-mosaic": (mosaic, mlp, {"mosaic": "GRBG"}),
        "lossless-mosaic-near": (mosaic, mlp, {"mosaic": "GRBG", "max_error": 2}),
        "lossless-drawn": (scan, mlp, {}),
        "lossless-drawn-adaptive": (scan, mlp, {"network": False}),
        "lc-fdnet-photo": (Image(read(EXAMPLE).pixels[180:271, 250:381].copy()), steps, {}),
        "lc-fdnet-near": (photo, steps, {"max_error": 1}),
        "lc-fdnet-deep": (deep, steps, {}),
        "lc-fdnet-few": (few, steps, {}),
    }


def _with_alpha(photo: Image, soft: float) -> Image:
    """The picture cut out along a disc with an edge ``soft`` pixels wide."""
    y, x = np.mgrid[0 : photo.height, 0 : photo.width]
    alpha = np.clip((20 - np.hypot(y - 24, x - 32)) / soft + 0.5, 0, 1)
    return Image(np.dstack([photo.pixels, np.rint(255 * alpha).astype(np.uint8)]))


def digest(image: Image) -> str:
    """SHA-256 of the samples, 16-bit little-endian if deep."""
    return hashlib.sha256(image.pixels.astype("u1" if image.bit_depth == 8 else "<u2").tobytes()).hexdigest()


def main() -> None:
    entries = json.loads(INDEX.read_text(encoding="utf-8"))
    for title, (picture, id, settings) in pictures().items():
        name = f"{title}.lpx"
        if name in entries:
            continue
        codec = get_codec(id, threads=1, **settings)
        data = codec.encode(picture)
        (HERE / name).write_bytes(data)
        decoded = codec.decode(data)
        methods = latentpress.inspect(data).facts["method"].split(", ")
        entries[name] = {"shape": list(decoded.pixels.shape), "sha256": digest(decoded), "methods": methods}
    INDEX.write_text(json.dumps(entries, indent=1) + "\n", encoding="utf-8")
    print(f"{len(entries)} files in {HERE}")


if __name__ == "__main__":
    main()

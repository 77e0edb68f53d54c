"""Write the golden files of the lossless codec: small files that every later version must decode to the same pixels.

    python tests/golden/make_lossless.py

Run it once, when a model or a version of the format is new; later it would hide what it should show.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from make_golden import EXAMPLE, drawn

from latentpress.codecs.lossless import MlpLosslessCodec
from latentpress.image import Image, read

HERE = Path(__file__).parent
INDEX = HERE / "lossless.json"


def pictures() -> dict[str, tuple[Image, dict[str, Any]]]:
    """Name to picture and the codec's settings."""
    photo = Image(read(EXAMPLE).pixels[180:228, 250:314].copy())
    deep = Image((photo.pixels[:24, :32, :1].astype(np.uint16) << 8) | photo.pixels[:24, :32, 1:2])
    few = Image((photo.pixels[:24, :32] // 2).astype(np.uint16) * 500)
    return {
        "photo": (photo, {}),
        "photo-adaptive": (photo, {"network": False}),
        "photo-near": (photo, {"max_error": 3}),
        "gray": (drawn(13, 7, 1), {}),
        "deep": (deep, {}),
        "few": (few, {}),
        "strings": (Image(np.tile(drawn(8, 8, 3).pixels, (5, 6, 1))), {}),
        "flat": (Image(np.full((3, 4, 3), 9, np.uint8)), {}),
    }


def digest(image: Image) -> str:
    """SHA-256 of the samples, 16-bit little-endian if deep."""
    return hashlib.sha256(image.pixels.astype("u1" if image.bit_depth == 8 else "<u2").tobytes()).hexdigest()


def main() -> None:
    entries = {}
    for title, (picture, settings) in pictures().items():
        codec = MlpLosslessCodec(threads=1, **settings)
        data = codec.encode(picture)
        (HERE / f"lossless-{title}.lpx").write_bytes(data)
        decoded = codec.decode(data)
        shape = list(decoded.pixels.shape)
        entries[f"lossless-{title}.lpx"] = {"shape": shape, "sha256": digest(decoded), "methods": codec.methods(data)}
    INDEX.write_text(json.dumps(entries, indent=1) + "\n", encoding="utf-8")
    print(f"{len(entries)} files in {HERE}")


if __name__ == "__main__":
    main()

"""Write the golden files of a model: small files that every later version must decode to the same numbers.

    python tests/golden/make_golden.py                     # of the default model
    python tests/golden/make_golden.py --model hyperprior-2

Run it once, when a model or a version of the format is new. Files of other models stay as they are; those of the same
name are replaced, which is allowed only while the model has not been released.

For each picture and quality: NAME.lpx, NAME.png (the decoded picture) and an entry in golden.json: model, size, SHA-256
of the decoded values (int32, in units of 1/16 step), mean and an 8x8 thumbnail of the decoded picture's pixels.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.image import Image, read, write
from latentpress.systems.hyperprior.codec import HyperpriorCodec

HERE = Path(__file__).parent
INDEX = HERE / "golden.json"
EXAMPLE = HERE.parents[1] / "examples" / "macaws.png"


def drawn(height: int, width: int, channels: int) -> Image:
    """Waves of growing frequency over a slope, a dark bar and a checkered corner."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    planes = []
    for channel in range(channels):
        waves = 50 * np.sin(x * (x + 3 * channel) / 80) * np.cos(y / (4 + 2 * channel))
        planes.append(128 + waves + 60 * (y / height - 0.5) * (channel - 1.5))
    pixels = np.stack(planes, axis=-1)
    pixels[height // 2 : height // 2 + 4, width // 8 :] = 20
    pixels[: height // 4, : width // 4] += 60 * ((x + y) % 2)[: height // 4, : width // 4, None]
    return Image(np.clip(np.rint(pixels), 0, 255).astype(np.uint8))


def pictures() -> dict[str, tuple[Image, tuple[int, ...]]]:
    """Name to picture and qualities."""
    return {
        "rgb-1x1": (drawn(1, 1, 3), (50,)),
        "gray-7x13": (drawn(13, 7, 1), (60,)),
        "rgb-63x65": (drawn(65, 63, 3), (0, 30, 65, 100)),
        "photo-128x96": (Image(read(EXAMPLE).pixels[180:276, 250:378].copy()), (15, 80)),
    }


def values_digest(values: NDArray[np.float32]) -> str:
    """SHA-256 of decoded values as little-endian int32 in units of 1/16 step."""
    return hashlib.sha256((values * np.float32(16)).astype("<i4").tobytes()).hexdigest()


def thumbnail(pixels: NDArray[np.uint8]) -> list[list[float]]:
    """Means over an 8x8 grid of parts, all channels together; parts of a small picture overlap or repeat."""
    height, width, _ = pixels.shape
    return [[round(float(pixels[_part(i, height), _part(j, width)].mean()), 3) for j in range(8)] for i in range(8)]


def _part(i: int, size: int) -> slice:
    start = min(i * size // 8, size - 1)
    return slice(start, max(start + 1, (i + 1) * size // 8))


def make(model: str | None) -> dict[str, dict[str, Any]]:
    """Write the files of one model; gives their entries."""
    codec = HyperpriorCodec(model, threads=1)
    entries = {}
    for title, (picture, qualities) in pictures().items():
        for quality in qualities:
            data = codec.encode(picture, quality)
            decoding = codec.opened(data)[2]
            values, used = decoding.tile(0).values, decoding.model
            restored = codec.decode(data)
            name = f"{used.package.name}-{title}-q{quality}.lpx"
            (HERE / name).write_bytes(data)
            write(restored, HERE / name.replace(".lpx", ".png"))
            entries[name] = {
                "model": used.package.name,
                "id": used.package.id.hex(),
                "shape": list(restored.pixels.shape),
                "values_sha256": values_digest(values),
                "mean": round(float(restored.pixels.mean()), 3),
                "thumbnail": thumbnail(restored.pixels),
            }
    return entries


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="name of an installed model (default: the codec's default)")
    arguments = parser.parse_args()
    made = make(arguments.model)
    models = {entry["model"] for entry in made.values()}
    old = json.loads(INDEX.read_text(encoding="utf-8")) if INDEX.exists() else {}
    for name in [name for name, entry in old.items() if entry["model"] in models]:
        del old[name]
        if name not in made:
            for suffix in (".lpx", ".png"):
                (HERE / name).with_suffix(suffix).unlink(missing_ok=True)
    lines = [f" {json.dumps(name)}: {json.dumps(entry)}" for name, entry in sorted((old | made).items())]
    INDEX.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    print(f"{len(made)} files of {', '.join(sorted(models))} in {HERE}")


if __name__ == "__main__":
    main()

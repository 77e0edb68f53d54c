"""Large pictures: time and memory at 4, 12 and 100 megapixels, and a region of each.

    python benchmarks/large_pictures.py --out benchmarks/results/large_pictures.json

The pictures are generated: noise in many octaves, waves and a few thousand rectangles, the same on every machine.
Commands run from cold, each a process of its own, and its peak of resident memory is taken; the source is a PPM and so
is the result, so that the time is that of the codec and not of PNG's. In process, 12 megapixels on 2 threads, medians
of 3 after a small picture. Linux or macOS.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from common import circumstances, write_json
from numpy.typing import NDArray
from PIL import Image
from speed import cold

import latentpress
from latentpress.systems.hyperprior.codec import HyperpriorCodec

Image.MAX_IMAGE_PIXELS = None  # the large one is meant

SIDES = {4: (2048, 2048), 12: (4096, 3072), 100: (10240, 9800)}  # megapixels: width, height


def generated(width: int, height: int) -> NDArray[np.uint8]:
    """A picture (height, width, 3) with structure at every scale, made strip by strip of 8 rows of blocks."""
    random = np.random.default_rng(7)
    block = random.integers(0, 256, (512, 512, 3))
    octaves = np.zeros((512, 512, 3))
    for scale in (1, 2, 4, 8, 16, 32, 64):
        coarse = block[: 512 // scale, : 512 // scale].astype(np.uint8)
        octaves += np.asarray(Image.fromarray(coarse).resize((512, 512), Image.Resampling.BICUBIC)) * scale**0.5
    texture = (octaves / octaves.max() * 200).astype(np.float32)
    picture = np.empty((height, width, 3), np.uint8)
    columns = np.arange(width)
    for top in range(0, height, 64):
        rows = np.arange(top, min(top + 64, height))
        strip = texture[rows % 512][:, columns % 512]
        waves = 40 * np.sin(rows[:, None] * columns[None, :] / 5e5) + 30 * np.cos(columns[None, :] / 300 + top / 900)
        picture[rows] = np.clip(strip + waves[:, :, None] * (1.0, 0.7, 0.4), 0, 255)
    for _ in range(width * height // 40_000):
        size, x, y = random.integers(4, 90), random.integers(0, width), random.integers(0, height)
        picture[y : y + size, x : x + size] = picture[y : y + size, x : x + size] // 2 + random.integers(0, 127, 3)
    return picture


def commands(picture: NDArray[np.uint8], folder: Path, quality: float, repeats: int) -> dict[str, Any]:
    """The commands on one picture, from cold."""
    source, packed, restored, part = (str(folder / name) for name in ("in.ppm", "in.lpx", "out.ppm", "part.ppm"))
    Image.fromarray(picture).save(source)
    height, width, _ = picture.shape
    region = (width // 2 + 77, height // 2 + 33, 512, 512)
    found = {
        "width": width,
        "height": height,
        "compress": cold(["compress", source, packed, "--force", "--quality", f"{quality:g}"], repeats),
        "decompress": cold(["decompress", packed, restored, "--force"], repeats),
        "region": cold(
            ["decompress", packed, part, "--force", "--region", ",".join(str(number) for number in region)], 3
        ),
        "bytes": Path(packed).stat().st_size,
    }
    with Image.open(restored) as whole, Image.open(part) as cut:
        x, y, width, height = region
        expected = np.asarray(whole.crop((x, y, x + width, y + height))).astype(int)
        found["region"]["largest_difference"] = int(np.abs(expected - np.asarray(cut)).max())
    for command in ("compress", "decompress"):
        found[command]["s_per_megapixel"] = found[command]["wall_s"] / (picture.shape[0] * picture.shape[1] / 1e6)
    return found


def in_process(picture: NDArray[np.uint8], quality: float) -> dict[str, float]:
    """Seconds in process on 2 threads."""
    coder, encode, decode = HyperpriorCodec(threads=2), [], []
    coder.decode(coder.encode(latentpress.Image(picture[:256, :256].copy()), quality))
    for _ in range(3):
        start = time.perf_counter()
        data = coder.encode(latentpress.Image(picture), quality)
        middle = time.perf_counter()
        coder.decode(data)
        encode.append(middle - start)
        decode.append(time.perf_counter() - middle)
    return {"encode_s": statistics.median(encode), "decode_s": statistics.median(decode)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--quality", type=float, default=50)
    arguments = parser.parse_args()
    result: dict[str, Any] = {**circumstances(), "quality": arguments.quality, "pictures": {}}
    for megapixels, (width, height) in SIDES.items():
        picture = generated(width, height)
        if megapixels == 12:
            result["in_process"] = in_process(picture, arguments.quality)
        with tempfile.TemporaryDirectory() as folder:
            found = commands(picture, Path(folder), arguments.quality, 1 if megapixels == 100 else 3)
        result["pictures"][str(megapixels)] = found
        for command in ("compress", "decompress", "region"):
            print(f"{megapixels} MP {command}: {found[command]['wall_s']:.2f} s, {found[command]['peak_mib']:.0f} MiB")
    small, large = (result["pictures"][str(megapixels)] for megapixels in (4, 100))
    result["ratio_of_time_per_megapixel"] = {
        command: large[command]["s_per_megapixel"] / small[command]["s_per_megapixel"]
        for command in ("compress", "decompress")
    }
    write_json(arguments.out, result)


if __name__ == "__main__":
    main()

"""Seconds a megapixel of the lossless codec: plain and in compiled loops (extra ``fast``), by threads.

    python benchmarks/lossless_speed.py --data KODAK --pictures 2 --out benchmarks/results/lossless_speed.json

Time on the clock, of whole calls: encoding with the decoding that checks the file, and decoding. Compiled code is there
before the first measurement. Beside the pictures themselves stand two made of them: a square of 1,024 pixels, which is
one tile, and the first four side by side, which are two. Both ways must write the same bytes, or the command fails. Run
it on an idle machine; the result holds processor time too, which tells how idle it was.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from common import circumstances, pictures, write_json

from latentpress.codecs.lossless import fast
from latentpress.image import Image, read
from latentpress.systems.mlp_lossless.codec import MlpLosslessCodec

T = TypeVar("T")


def timed(work: Callable[[], T]) -> tuple[T, float, float]:
    """What it gives, seconds on the clock, seconds of the processor."""
    start, busy = time.perf_counter(), time.process_time()
    result = work()
    return result, time.perf_counter() - start, time.process_time() - busy


def measure(image: Image, threads: int) -> tuple[bytes, dict[str, float]]:
    """The file, and times in seconds a megapixel."""
    codec, megapixels = MlpLosslessCodec(threads=threads), image.width * image.height / 1e6
    data, encode, encode_busy = timed(lambda: codec.encode(image))
    back, decode, decode_busy = timed(lambda: codec.decode(data))
    if back != image:
        raise SystemExit("a picture did not come back")
    found = {"encode": encode, "encode_busy": encode_busy, "decode": decode, "decode_busy": decode_busy}
    return data, {name: round(seconds / megapixels, 3) for name, seconds in found.items()}


def made_of(paths: list[Path]) -> dict[str, Image]:
    """Four pictures, side by side and one above the other, and a square of 1,024 pixels out of that."""
    wide = [
        pixels if (pixels := read(path).pixels).shape[0] < pixels.shape[1] else pixels.swapaxes(0, 1)
        for path in paths[:4]
    ]
    sheet = np.concatenate([np.concatenate(wide[:2], axis=1), np.concatenate(wide[2:], axis=1)])
    return {"square of 1,024": Image(np.ascontiguousarray(sheet[:1024, :1024])), "four together": Image(sheet)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pictures", type=int, default=2, help="the first so many")
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    paths = pictures(arguments.data)
    images = {path.name: read(path) for path in paths[: arguments.pictures]} | made_of(paths)
    rows: list[dict[str, Any]] = []
    written: dict[str, bytes] = {}
    for compiled in (False, True):
        # a walk that expects few pixels stays plain
        fast._MANY = 0 if compiled else 1 << 62
        if compiled and fast.loops() is None:
            raise SystemExit("the extra `fast` is not installed")
        measure(Image(next(iter(images.values())).pixels[:64, :64].copy()), 1)
        for threads in arguments.threads:
            for name, image in images.items():
                data, seconds = measure(image, threads)
                if written.setdefault(name, data) != data:
                    raise SystemExit(f"{name}: two files that differ")
                rows.append({"picture": name, "compiled": compiled, "threads": threads, "bytes": len(data)} | seconds)
                print(rows[-1], flush=True)
    write_json(arguments.out, circumstances() | {"unit": "seconds a megapixel", "rows": rows})


if __name__ == "__main__":
    main()

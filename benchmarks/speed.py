"""Time and memory of the flagship codec on one picture.

    python benchmarks/speed.py --data DIR --out benchmarks/results/speed.json

In process, with 1 and 2 threads: medians of the seconds that encoding and decoding take after one warm-up. From cold:
the commands `latentpress compress` and `decompress`, each a process of its own: wall seconds from start to end and the
peak of its resident memory. Other coders of `latentpress bench` in the same run: at the one of their qualities whose
file comes nearest in size, ours on 2 threads, those of others as `bench` has them (one thread). Linux or macOS.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from common import circumstances, pictures, read_rgb, write_json
from PIL import Image

from latentpress.bench.coders import Coder, get_coder
from latentpress.bench.coders.own import OwnCoder


def in_process(picture: Image.Image, coder: Coder, quality: float, repeats: int) -> dict[str, Any]:
    """Medians over `repeats` runs after a warm-up."""
    pixels = np.asarray(picture)
    data = coder.encode(pixels, quality)
    coder.decode(data)
    encode, decode = [], []
    for _ in range(repeats):
        start = time.perf_counter()
        data = coder.encode(pixels, quality)
        middle = time.perf_counter()
        coder.decode(data)
        encode.append(middle - start)
        decode.append(time.perf_counter() - middle)
    return {
        "bytes": len(data),
        "encode_s": statistics.median(encode),
        "decode_s": statistics.median(decode),
        "encode_all_s": encode,
        "decode_all_s": decode,
    }


def beside(picture: Image.Image, ids: list[str], size: int, repeats: int) -> dict[str, Any]:
    """Other coders on the picture, each at its quality nearest to a size in bytes."""
    pixels, found = np.asarray(picture), {}
    for id in ids:
        coder = get_coder(id)
        if isinstance(coder, OwnCoder):
            coder = OwnCoder(id, threads=2, codec=coder.codec, settings=coder.given)
        quality = min(coder.qualities, key=lambda one: abs(len(coder.encode(pixels, one)) - size))
        found[id] = {"quality": quality, **in_process(picture, coder, quality, repeats)}
    return found


# A process's peak memory starts at that of the process that started it (Linux keeps the figure across exec), and this
# one is large. So a small Python in between starts the command: it reports exit status, wall seconds and peak.
_LAUNCHER = """
import os, sys, time
start = time.perf_counter()
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(pid, 0)
print(os.waitstatus_to_exitcode(status), time.perf_counter() - start, usage.ru_maxrss)
"""


def cold(arguments: list[str], repeats: int) -> dict[str, Any]:
    """Wall seconds (median) and peak resident memory (most) of a command of the package, each run a fresh process.

    Of more than one, a first run, not counted, writes the byte code that an installed package has.
    """
    seconds, peaks = [], []
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    more = int(repeats > 1)
    for _ in range(repeats + more):
        command = [sys.executable, "-m", "latentpress", *arguments]
        launcher = [sys.executable, "-S", "-E", "-c", _LAUNCHER, *command]
        done = subprocess.run(launcher, capture_output=True, text=True, check=True, env=kept)
        status, wall, peak = done.stdout.splitlines()[-1].split()
        if status != "0":
            raise SystemExit(f"latentpress {' '.join(arguments)} failed: {done.stderr.strip()}")
        seconds.append(float(wall))
        unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in KiB, on macOS in bytes
        peaks.append(int(peak) * unit / 2**20)
    return {"wall_s": statistics.median(seconds[more:]), "peak_mib": max(peaks), "wall_all_s": seconds[more:]}


def measure(path: Path, codec: str, quality: float, others: list[str], repeats: int) -> dict[str, Any]:
    """All figures of one picture."""
    picture = read_rgb(path)
    warm = [
        {"threads": threads, **in_process(picture, OwnCoder(codec, threads=threads), quality, repeats)}
        for threads in (1, 2)
    ]
    with tempfile.TemporaryDirectory() as folder:
        source, packed, restored = (str(Path(folder) / name) for name in ("in.png", "in.lpx", "out.png"))
        Image.fromarray(np.asarray(picture)).save(source)
        commands = {
            "compress": cold(
                ["compress", source, packed, "--force", "--quality", f"{quality:g}", "--codec", codec], repeats
            ),
            "decompress": cold(["decompress", packed, restored, "--force"], repeats),
        }
    return {
        "picture": path.name,
        "width": picture.width,
        "height": picture.height,
        "warm": warm,
        "beside": beside(picture, others, warm[0]["bytes"], repeats),
        "cold": commands,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a picture, or a folder: its first picture is taken")
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--codec", default="hyperprior")
    parser.add_argument("--quality", type=float, default=50)
    parser.add_argument("--beside", nargs="*", default=["hyperprior-2-fast", "avif-444", "jxl"], help="other coders")
    parser.add_argument("--repeats", type=int, default=9)
    arguments = parser.parse_args()
    path = arguments.data if arguments.data.is_file() else pictures(arguments.data)[0]
    measured = measure(path, arguments.codec, arguments.quality, arguments.beside, arguments.repeats)
    result = {**circumstances(), "codec": arguments.codec, "quality": arguments.quality, **measured}
    write_json(arguments.out, result)
    for warm in result["warm"]:
        print(f"{warm['threads']} thread(s): encode {warm['encode_s']:.3f} s, decode {warm['decode_s']:.3f} s")
    for id, one in result["beside"].items():
        print(f"{id}, {one['bytes']} bytes: encode {one['encode_s']:.3f} s, decode {one['decode_s']:.3f} s")
    for command, figures in result["cold"].items():
        print(f"latentpress {command}, cold: {figures['wall_s']:.2f} s, peak {figures['peak_mib']:.0f} MiB")


if __name__ == "__main__":
    main()

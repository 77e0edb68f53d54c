"""Targets: how near they come on each picture, and in how many encodings.

python benchmarks/targets.py --data DIR --out benchmarks/results/targets.json
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path
from typing import Any

from common import circumstances, pictures, write_json

from latentpress.codecs.targets import Bpp, FileSize, Psnr, Target, encode_to_target
from latentpress.errors import InvalidInputError
from latentpress.image import read
from latentpress.systems.hyperprior.codec import HyperpriorCodec

TARGETS: dict[str, Target] = {
    "0.2 bpp": Bpp(0.2),
    "0.5 bpp": Bpp(0.5),
    "1.0 bpp": Bpp(1.0),
    "60 KB": FileSize(60_000),
    "30 dB": Psnr(30),
    "34 dB": Psnr(34),
    "38 dB": Psnr(38),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of pictures")
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    codec = HyperpriorCodec(threads=arguments.threads)
    result: dict[str, Any] = {**circumstances(), "threads": arguments.threads, "targets": {}}
    for name, target in TARGETS.items():
        found: dict[str, Any] = {}
        for path in pictures(arguments.data):
            try:
                reached = encode_to_target(codec, read(path), target)
            except InvalidInputError as error:
                found[path.stem] = {"error": str(error)}
                continue
            found[path.stem] = {
                "value": reached.value, "within": reached.within, "encodings": reached.encodings,
                "quality": reached.quality,
            }  # fmt: skip
        tried = [one for one in found.values() if "within" in one]
        summary = {
            "within": sum(one["within"] for one in tried),
            "out_of_range": len(found) - len(tried),
            "mean_encodings": statistics.mean(one["encodings"] for one in tried) if tried else None,
            "most_encodings": max((one["encodings"] for one in tried), default=None),
        }
        result["targets"][name] = {**summary, "pictures": found}
        print(f"{name}: {summary}", flush=True)
    write_json(arguments.out, result)


if __name__ == "__main__":
    main()

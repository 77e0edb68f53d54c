"""Times of the entropy models: decoding one picture, with each installed package of `entropy-models`.

    python benchmarks/entropy_models.py --picture kodak/kodim01.png

Writes benchmarks/results/entropy_models.json: processor seconds of a whole decoding on one
thread, transforms included, the least of two runs: what another program does beside it counts little.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from latentpress.bench.machine import machine, now, versions
from latentpress.codecs import get_codec
from latentpress.image import Image, read
from latentpress.models import installed_models

OUT = Path(__file__).parent / "results" / "entropy_models.json"
CODEC, QUALITY, TIMES = "entropy-models", 50, 2


def seconds(model: str, image: Image) -> float:
    """Of decoding; the first run, in which networks are loaded, does not count."""
    codec = get_codec(CODEC, model=model, threads=1)
    data, times = codec.encode(image, QUALITY), []
    for _ in range(TIMES + 1):
        start = time.process_time()
        codec.decode(data)
        times.append(time.process_time() - start)
    return round(min(times[1:]), 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--picture", type=Path, required=True)
    given = parser.parse_args()
    image = read(given.picture)
    found = {one.name: seconds(one.name, image) for one in installed_models(CODEC)}
    about = {"date": now(), "machine": machine(), "versions": versions(), "threads": 1}
    size = {"picture": given.picture.name, "size": [image.width, image.height], "quality": QUALITY}
    OUT.write_text(json.dumps(about | size | {"processor_seconds": found}, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()

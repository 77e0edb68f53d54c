"""Times of the entropy models: decoding one picture, with the package of each kind of `entropy-models`.

    python benchmarks/entropy_models.py --picture kodak/kodim01.png

Writes benchmarks/results/entropy_models.json: seconds of a whole decoding, transforms included, the least of three
runs: on two threads by the clock, and processor seconds on one thread, of which what another program does beside it
takes little.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

from latentpress.bench.machine import machine, now, versions
from latentpress.codecs import get_codec
from latentpress.image import Image, read
from latentpress.systems.entropy_models import PACKAGES

OUT = Path(__file__).parent / "results" / "entropy_models.json"
CODEC, QUALITY, TIMES = "entropy-models", 50, 3


def seconds(model: str, image: Image, threads: int, clock: Callable[[], float]) -> float:
    """Of decoding; the first run, in which networks are loaded, does not count."""
    codec = get_codec(CODEC, model=model, threads=threads)
    data, times = codec.encode(image, QUALITY), []
    for _ in range(TIMES + 1):
        start = clock()
        codec.decode(data)
        times.append(clock() - start)
    return round(min(times[1:]), 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--picture", type=Path, required=True)
    given = parser.parse_args()
    image = read(given.picture)
    found = {
        "processor_seconds": {kind: seconds(name, image, 1, time.process_time) for kind, name in PACKAGES.items()},
        "seconds_2_threads": {kind: seconds(name, image, 2, time.perf_counter) for kind, name in PACKAGES.items()},
    }
    about = {"date": now(), "machine": machine(), "versions": versions()}
    size = {"picture": given.picture.name, "size": [image.width, image.height], "quality": QUALITY}
    OUT.write_text(json.dumps(about | size | found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()

"""Rate and distortion of the convolutional codecs and the block codecs of the papers, and of ablations, beside JPEG.

    python benchmarks/convolutional.py --data KODAK --out benchmarks/results/bench/convolutional \
        --more kamisli-open=kamisli:runs/kamisli-open-model

``--more NAME=CODEC:PACKAGE`` measures a codec with the model package of a folder, such as an ablation that is not
shipped. Stopped at any time, the same command goes on where it was. Writes results.jsonl and summary.json, as
``latentpress bench`` does.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from latentpress.bench.coders import Coder, full_id, get_coder
from latentpress.bench.coders.own import OwnCoder
from latentpress.bench.pictures import find_pictures
from latentpress.bench.runner import run_bench
from latentpress.bench.selection import with_qualities
from latentpress.bench.summary import summarise, write_summary

QUALITIES: dict[str, tuple[float, ...]] = {
    "perceptron": (0, 15, 30, 50, 80),
    "kamisli": (2, 12, 25, 40, 55),
    "comcnn": (5, 12, 25, 45, 70),
    "peixoto": (4, 12, 20, 30, 42),
    "factorised": (0, 15, 30, 45, 60),
    "scale-hyperprior": (5, 25, 45, 65, 90),
    "importance-map": (0, 15, 28, 42),
    "akyazi": (5, 20, 35, 50, 70),
    "mentzer": (5, 25, 45, 65, 90),
    "tiled": (5, 15, 25, 35, 50),
    "filter-bank": (16, 26, 32, 42, 53),
    "pca-blocks": (8, 17, 25, 33, 43),
}
"""From about 0.1 to 1 bit a pixel."""

VARIANTS = {"comcnn-webp": "comcnn", "comcnn-avif": "comcnn", "peixoto-directions": "peixoto"}
JPEG: tuple[float, ...] = (5, 10, 20, 40, 60, 80)


def coders(ids: list[str], more: list[str]) -> list[Coder]:
    """What is measured."""
    found: list[Coder] = [with_qualities(get_coder("jpeg-420"), JPEG)]
    found += [with_qualities(get_coder(full_id(id)), QUALITIES[VARIANTS.get(id, id)]) for id in ids]
    for given in more:
        name, _, rest = given.partition("=")
        codec, _, package = rest.partition(":")
        found.append(with_qualities(OwnCoder(name, codec=codec, settings={"model": package}), QUALITIES[codec]))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of lossless pictures")
    parser.add_argument("--out", type=Path, required=True, help="folder of the results")
    parser.add_argument("--codecs", default=",".join([*QUALITIES, *VARIANTS]), help="of those that are measured")
    parser.add_argument("--more", action="append", default=[], metavar="NAME=CODEC:PACKAGE")
    parser.add_argument("--jobs", type=int, help="processes, one a core if not given")
    given = parser.parse_args()
    ids = [id for id in given.codecs.split(",") if id]
    run = run_bench(coders(ids, given.more), find_pictures(given.data), given.out, metrics=("psnr",), jobs=given.jobs)
    write_summary(summarise(run, "jpeg-420"), given.out / "summary.json")


if __name__ == "__main__":
    main()

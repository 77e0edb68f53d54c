"""Where the time of the flagship codec goes: encoding and decoding a picture, by stage.

    python benchmarks/stages.py --data PICTURE --out benchmarks/results/stages.json

Medians over the repeats, after a warm-up, of the seconds that each stage takes by the clock and of the processor's time
of all threads meanwhile. A stage that runs inside another one is not counted there. The file is read from memory, and
the picture written to memory as PNG.
"""

from __future__ import annotations

import argparse
import io
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from common import circumstances, pictures, write_json

from latentpress import container, image
from latentpress.codecs import decoding, latent, ports
from latentpress.codecs.models import PackageModel
from latentpress.codecs.rounding import Rounding
from latentpress.entropy import SymbolReader, SymbolWriter
from latentpress.systems.hyperprior.codec import HyperpriorCodec

REST = "arrays between the stages"
TRANSFORMS = {"analysis": "analysis", "synthesis": "synthesis"}  # other networks are the entropy model's


class Watch:
    """Seconds by the clock and of the processor for each stage, those of stages inside it left out."""

    def __init__(self) -> None:
        self.spent: dict[str, list[float]] = {}
        self.open: list[str] = []
        self._inside: list[list[float]] = [[0.0, 0.0]]

    def run(self, stage: str, work: Callable[[], Any]) -> Any:
        """Do ``work`` as a part of a stage."""
        start, processor = time.perf_counter(), time.process_time()
        self._inside.append([0.0, 0.0])
        self.open.append(stage)
        result = work()
        self.open.pop()
        took = (time.perf_counter() - start, time.process_time() - processor)
        spent = self.spent.setdefault(stage, [0.0, 0.0])
        for i, inside in enumerate(self._inside.pop()):
            spent[i] += took[i] - inside
            self._inside[-1][i] += took[i]
        return result

    def on(self, owner: Any, name: str, stage: str | Callable[..., str]) -> None:
        """Count the calls of a function as a stage, which may depend on its arguments."""
        original = getattr(owner, name)

        def watched(*arguments: Any, **named: Any) -> Any:
            of = stage if isinstance(stage, str) else stage(*arguments)
            return self.run(of, lambda: original(*arguments, **named))

        setattr(owner, name, watched)


def watch_all(watch: Watch) -> None:
    """Put the watch into the codec."""
    watch.on(PackageModel, "run", lambda model, network: TRANSFORMS.get(network, "entropy networks"))
    watch.on(latent, "to_planes", "pixels to planes")
    watch.on(decoding, "from_planes", "planes to pixels")
    watch.on(Rounding, "round", "rounding")
    watch.on(SymbolWriter, "write", "range coding")
    watch.on(SymbolReader, "read", lambda *_: "reading back" if "reading back" in watch.open else "range coding")
    watch.on(ports.Writing, "finish", "reading back")
    watch.on(container, "read", "container")
    watch.on(container, "write", "container")


def measure(path: Path, model: str | None, quality: float, threads: int, repeats: int) -> dict[str, Any]:
    """Medians by stage for both directions, in milliseconds."""
    codec, source, watch = HyperpriorCodec(model, threads=threads), path.read_bytes(), Watch()
    watch_all(watch)
    rows: dict[str, dict[str, list[list[float]]]] = {"encode": defaultdict(list), "decode": defaultdict(list)}
    for repeat in range(repeats + 1):
        watch.spent.clear()
        picture = watch.run("reading PNG", lambda: image.read(io.BytesIO(source)))
        data = watch.run(REST, partial(codec.encode, picture, quality))
        taken = {"encode": dict(watch.spent)}
        watch.spent.clear()
        shown = watch.run(REST, partial(codec.decode, data))
        watch.run("writing PNG", partial(image.write, shown, io.BytesIO(), "PNG"))
        taken["decode"] = dict(watch.spent)
        for direction, stages in taken.items() if repeat else ():
            for stage, spent in stages.items():
                rows[direction][stage].append([1000 * one for one in spent])
    found: dict[str, Any] = {"model": codec.model.package.name, "threads": threads, "bytes": len(data)}
    for direction, steps in rows.items():
        found[direction] = {
            stage: dict(zip(("wall_ms", "cpu_ms"), map(statistics.median, zip(*all_of, strict=True)), strict=True))
            for stage, all_of in steps.items()
        }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a picture, or a folder: its first picture is taken")
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--model", help="name of a model package")
    parser.add_argument("--quality", type=float, default=50)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=9)
    arguments = parser.parse_args()
    path = arguments.data if arguments.data.is_file() else pictures(arguments.data)[0]
    measured = measure(path, arguments.model, arguments.quality, arguments.threads, arguments.repeats)
    write_json(arguments.out, {**circumstances(), "picture": path.name, "quality": arguments.quality, **measured})
    for direction in ("encode", "decode"):
        print(direction, f"({sum(one['wall_ms'] for one in measured[direction].values()):.0f} ms)")
        for stage, one in sorted(measured[direction].items(), key=lambda item: -item[1]["wall_ms"]):
            print(f"  {stage:26} {one['wall_ms']:7.1f} ms, {one['cpu_ms']:7.1f} ms of the processor")


if __name__ == "__main__":
    main()

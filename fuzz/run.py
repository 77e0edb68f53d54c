"""Fuzz the library for so many seconds: ``python fuzz/run.py --seconds 600 --json benchmarks/results/fuzz.json``.

A child process mutates, guided by coverage (atheris), or with ``--plain`` blindly; what it finds is written to
``--findings`` and it goes on. At the end the corpus is run once more to measure which lines of the package it reaches.
Exit status 1 if there were findings.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
ROOMS = ("container", "entropy", "codecs", "image", "restoration", "systems", "engine", "models")
_MOST_BYTES = 6000
_FULL = 2500  # megabytes at which a child hands over to the next one
_LONGEST = 20.0  # seconds of CPU for an input; one that never ends is stopped after ten minutes of the clock


class Tally:
    """What inputs came to; findings go to a folder, one for each place in the code."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.ends, self.found = folder, Counter[str](), Counter[str]()
        folder.mkdir(parents=True, exist_ok=True)

    def __call__(self, data: bytes) -> None:
        """Run an input."""
        import front

        start = time.process_time()  # on a busy machine the clock says nothing
        try:
            self.ends[front.one_input(data)] += 1
            if (seconds := time.process_time() - start) > _LONGEST:
                raise front.Finding(f"took {seconds:.0f} s")
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"
            if place not in self.found:
                name = hashlib.sha1(data).hexdigest()[:12]
                (self.folder / f"{name}.bin").write_bytes(data)
                print(f"FINDING {name}: {place}: {' '.join(str(error).split())[:200]}", file=sys.stderr, flush=True)
            self.found[place] += 1


def guided(seconds: int, corpus: Path, findings: Path) -> None:
    """The child with atheris: so many seconds, or until its memory is full; does not return."""
    import atheris

    with atheris.instrument_imports(include=["latentpress"]):
        import front

    front.set_limits()
    tally = Tally(findings)
    atheris.Setup(
        [sys.argv[0], f"-max_total_time={seconds}", f"-max_len={_MOST_BYTES}", "-rss_limit_mb=4096",
         "-timeout=600", f"-artifact_prefix={findings}/", "-print_final_stats=1", str(corpus)],
        lambda data: tally(data) or _hand_over(tally),
        custom_mutator=lambda data, most, seed: front.mutated(bytes(data), atheris.Mutate, most, seed),
    )  # fmt: skip
    atheris.Fuzz()


def _hand_over(tally: Tally) -> None:
    """End this process if its memory is full, with what libFuzzer would say at the end."""
    if resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > _FULL * 1024:
        count = sum(tally.ends.values()) + sum(tally.found.values())
        print(f"stat::number_of_executed_units: {count}", file=sys.stderr, flush=True)
        os._exit(0)


def in_children(seconds: float, corpus: Path, findings: Path) -> tuple[int, list[str]]:
    """Children with atheris, one after the other, for so many seconds; gives executions and findings.

    atheris keeps a reference to the result of every comparison of arrays, megabytes with every input, so a child ends
    before that is too much, and the next one goes on with its corpus. A child that dies is a finding, and no end.
    """
    end, executions, found = time.monotonic() + seconds, 0, list[str]()
    while (left := int(end - time.monotonic())) > 0:
        count = 0
        arguments = [f"--seconds={left}", f"--corpus={corpus}", f"--findings={findings}", "--child"]
        child = subprocess.Popen([sys.executable, __file__, *arguments], stderr=subprocess.PIPE, text=True)
        assert child.stderr is not None
        for line in child.stderr:
            if match := re.search(r"stat::number_of_executed_units:\s*(\d+)", line):
                count = int(match[1])
            if line.startswith(("FINDING", "==", "SUMMARY")) and "INFO" not in line:
                found.append(line.strip())
            if line.startswith(("FINDING", "==", "SUMMARY", "#")):
                print(line, end="", file=sys.stderr, flush=True)
        if child.wait():
            found.append(f"the process ended with {child.returncode}")
        if not count:  # it did not even begin
            break
        executions += count
    return executions, found


def blind(seconds: float, corpus: Path, findings: Path, seed: int = 0) -> Tally:
    """Mutations without coverage, for so many seconds."""
    import front

    front.set_limits()
    tally, pool, rng = Tally(findings), [path.read_bytes() for path in sorted(corpus.iterdir())], random.Random(seed)

    def mutate(data: bytes, most: int) -> bytes:
        out = bytearray(data)
        for _ in range(1 + int(rng.expovariate(0.7))):
            place = rng.randrange(len(out) + 1)
            out[place : place + rng.choice((0, 1, 1, 1, 2, 4))] = rng.choice(
                (rng.randbytes(1), rng.randbytes(1), rng.randbytes(4), b"\0", b"\xff", b"\x7f\xff\xff\xff", b"")
            )
        return bytes(out[:most])

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        data = rng.choice(pool)
        for _ in range(rng.choice((1, 1, 2, 3))):
            data = front.mutated(data, mutate, _MOST_BYTES, rng.randrange(2**32))
        tally(data)
    return tally


def reached(corpus: Path) -> dict[str, Any]:
    """Lines of the package that the corpus runs, by room, in per cent."""
    script = (
        "import sys, front; from pathlib import Path; front.set_limits()\n"
        "for path in sorted(Path(sys.argv[1]).iterdir()):\n"
        "    try: front.one_input(path.read_bytes())\n"
        "    except Exception: pass\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "replay.py").write_text(f"import sys; sys.path.insert(0, {str(ROOT / 'fuzz')!r})\n{script}")
        data = [f"--data-file={folder}/coverage"]
        command = [sys.executable, "-m", "coverage"]
        subprocess.run(
            [*command, "run", *data, "--source=latentpress", f"{folder}/replay.py", str(corpus)],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        out = subprocess.run(
            [*command, "json", *data, "--quiet", "-o", f"{folder}/c.json"], check=True, capture_output=True
        )
        del out
        files = json.loads((Path(folder) / "c.json").read_text())["files"]
    rooms: dict[str, list[int]] = {}
    for name, file in files.items():
        room = Path(name).parts[Path(name).parts.index("latentpress") + 1]
        stem = Path(name).stem
        if room in ROOMS and stem not in ("training", "net", "counting", "objective"):
            counts = rooms.setdefault(room, [0, 0])
            counts[0] += file["summary"]["covered_lines"]
            counts[1] += file["summary"]["num_statements"]
    return {room: round(100 * done / count, 1) for room, (done, count) in sorted(rooms.items())}


def _cpu_seconds() -> float:
    """Of this process and of children that have ended: on a busy machine not those of the clock."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--corpus", type=Path, help="folder of inputs to begin with and to add to")
    parser.add_argument("--findings", type=Path, default=ROOT / "findings")
    parser.add_argument("--json", type=Path, help="where to write what was run and found")
    parser.add_argument("--plain", action="store_true", help="mutate without looking at coverage (no atheris)")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    corpus = options.corpus or Path(tempfile.mkdtemp(prefix="latentpress-corpus-"))
    if options.child:
        guided(options.seconds, corpus, options.findings)
    import front

    corpus.mkdir(parents=True, exist_ok=True)
    for data in front.seeds():
        (corpus / hashlib.sha1(data).hexdigest()).write_bytes(data)
    seeded, start, before = len(list(corpus.iterdir())), time.monotonic(), _cpu_seconds()
    if options.plain:
        tally = blind(options.seconds, corpus, options.findings)
        executions, found = sum(tally.ends.values()) + sum(tally.found.values()), list(tally.found)
    else:
        executions, found = in_children(options.seconds, corpus, options.findings)
    result = {
        "seconds": round(time.monotonic() - start), "cpu_seconds": round(_cpu_seconds() - before),
        "guided": not options.plain, "executions": executions,
        "seeds": seeded, "corpus": len(list(corpus.iterdir())), "findings": found,
        "lines_reached_percent": reached(corpus), "python": platform.python_version(), "machine": platform.machine(),
        "cores": 1,
    }  # fmt: skip
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())

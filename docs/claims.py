"""Make docs/claims.md: what the five papers say, and what the measurements of this repository say to it.

    python docs/claims.py            # write docs/claims.md
    python docs/claims.py --check    # exit 1 if it is out of date

docs/claims.toml has a list for each paper, of claims in our words: ``claim``, ``where`` in the paper, ``verdict`` (a
key of `VERDICTS`) and ``evidence``, whose figures in braces come from ``figures``: a file below benchmarks/results and
the way to a number in it, such as ``bench/kodak/summary.json: coders.hyperprior.bd_rate.psnr.of_mean_curve``. Parts of
a way that hold dots stand in quotes; ``*`` stands for every entry and ``NAME=VALUE`` for those entries of a list that
have it; of several numbers the mean is taken.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from pages import DOCS, table

PAGE, SOURCE, RESULTS = DOCS / "claims.md", DOCS / "claims.toml", DOCS.parent / "benchmarks" / "results"

VERDICTS = {
    "confirmed": "what we measured agrees",
    "in part": "agrees under conditions that the evidence names",
    "not confirmed": "what we measured disagrees",
    "error": "the statement contradicts its own source, its own table or a definition",
    "open": "can be tested here and is not yet",
    "not testable": "needs people, pictures, weights or machines that this project does not have",
}

INTRODUCTION = """# What the papers say, and what we measured

One line for each claim of the five papers ([which they are](papers.md)) that a measurement can speak to. Figures are
read from the JSON files under `benchmarks/results` by `python docs/claims.py`, which writes this page; the studies and
benchmarks that wrote those files are named beside. A verdict is about our re-creation on our pictures, mostly small
networks trained on a CPU: it can support a claim or fail to, and does not prove a paper wrong.
"""

_STEP = re.compile(r'"([^"]*)"|([^.]+)')


def figure(way: str) -> float:
    """The number at ``FILE: KEY.KEY...``, or the mean of several. Raises KeyError where there is none."""
    name, _, keys = way.partition(": ")
    values: list[Any] = [json.loads((RESULTS / name).read_text(encoding="utf-8"))]
    for quoted, plain in _STEP.findall(keys):
        values = [found for value in values for found in _next(value, quoted or plain)]
    if not values or not all(isinstance(value, int | float) for value in values):
        raise KeyError(way)
    return statistics.fmean(values)


def _next(value: Any, key: str) -> Iterator[Any]:
    if key == "*":
        yield from value.values() if isinstance(value, Mapping) else value
    elif "=" in key:
        name, _, wanted = key.partition("=")
        yield from (one for one in (value if isinstance(value, list) else [value]) if str(one[name]) == wanted)
    else:
        yield value[int(key)] if isinstance(value, list) else value[key]


def claims_page(papers: Mapping[str, list[Mapping[str, Any]]]) -> str:
    """The page. Raises KeyError for a verdict or figure that is not there."""
    parts = [INTRODUCTION, table(("verdict", "means"), [list(pair) for pair in VERDICTS.items()])]
    counts = {verdict: 0 for verdict in VERDICTS}
    for paper, claims in papers.items():
        rows = []
        for one in claims:
            counts[one["verdict"]] += 1
            shown = {name: figure(way) for name, way in one.get("figures", {}).items()}
            rows.append([one["claim"], one["where"], one["verdict"], one["evidence"].format(**shown)])
        parts.append(f"## {paper}\n\n" + table(("claim", "where", "verdict", "evidence"), rows))
    total = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    return "\n".join([*parts, f"In all: {total}.\n"])


def main() -> None:
    """Write or check."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="exit 1 if the page is out of date")
    page = claims_page(tomllib.loads(SOURCE.read_text(encoding="utf-8")))
    if not parser.parse_args().check:
        PAGE.write_text(page, encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != page:
        raise SystemExit(f"{PAGE} is out of date: python docs/claims.py writes it")


if __name__ == "__main__":
    main()

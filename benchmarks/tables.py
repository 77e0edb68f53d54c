"""Turn the benchmarks' JSON into the tables of README.md and docs/training.md.

    python benchmarks/tables.py            # rewrite the tables
    python benchmarks/tables.py --check    # exit 1 if a page does not agree with the JSON

A table stands between the lines `<!-- table: NAME -->` and `<!-- end of table -->`, NAME being the stem of the JSON
file: speed, stages or ablations; kodak_bench and effort come from `latentpress bench`.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from latentpress.metrics import bd_rate

BENCHMARKS = Path(__file__).resolve().parent
PAGES = ("README.md", "docs/training.md", "docs/speed.md", "docs/slimming.md", "docs/effort.md")
_EFFORT = "hyperprior-effort-"
TITLES = {
    "jpeg-420": "JPEG 4:2:0",
    "webp": "WebP",
    "jxl": "JPEG XL",
    "avif-444-s6-default": "AVIF 4:4:4, speed 6",
    "avif-444": "AVIF 4:4:4, speed 4, tune PSNR",
    "vvc": "VVC (VVenC, 4:2:0)",
    "hyperprior-ms-ssim": "`hyperprior`, `--tune ms-ssim`",
}
BENCHED = (
    "vvc",
    "avif-444",
    "hyperprior",
    "avif-444-s6-default",
    "hyperprior-ms-ssim",
    "pca-blocks",
    "webp",
    "factorised",
    "toderici",
    "jpeg-420",
)
SOURCES = {"kodak_bench": "bench/kodak/summary.json", "effort": "bench/effort/summary.json"}  # of no script


def bench_table(summary: dict[str, Any]) -> str:
    """One line a coder of a run of ``latentpress bench``: BD-rates by both metrics."""
    window = summary["window"]
    head = ["codec", "BD-rate, PSNR", f"on {window[0]:g}-{window[1]:g} dB", "BD-rate, MS-SSIM"]
    lines = []
    for codec in BENCHED:
        found = summary["coders"][codec]["bd_rate"]
        psnr, similarity = found["psnr"], found["ms-ssim-db"]
        figures = (psnr["of_mean_curve"], psnr["on_window"], similarity["of_mean_curve"])
        title = TITLES.get(codec, f"LatentPress `{codec}`")
        lines.append([title, *("-" if figure is None else f"{figure:+.1f} %" for figure in figures)])
    pictures, date = len(summary["run"]["pictures"]), summary["run"]["date"][:10]
    note = (
        f"{pictures} pictures, against {TITLES[summary['anchor']]}: means of rate and decibels at each setting, over "
        f"the range that both curves share, and over a fixed one; {date}."
    )
    return f"{_markdown(head, lines)}\n\n{note}"


def speed_table(result: dict[str, Any]) -> str:
    """Times in process and from cold."""
    lines = [
        [
            f"in process, {w['threads']} thread{'s' if w['threads'] > 1 else ''}",
            _ms(w["encode_s"]),
            _ms(w["decode_s"]),
            "",
        ]
        for w in result["warm"]
    ]
    for id, one in result["beside"].items():
        title = TITLES.get(id, f"`{id}`, 2 threads")
        lines.append([f"{title}, in process", _ms(one["encode_s"]), _ms(one["decode_s"]), ""])
    pack, unpack = result["cold"]["compress"], result["cold"]["decompress"]
    peaks = f"{pack['peak_mib']:.0f} / {unpack['peak_mib']:.0f} MiB"
    lines.append(["command line, from cold", _ms(pack["wall_s"]), _ms(unpack["wall_s"]), peaks])
    machine = result["machine"]
    note = (
        f"{result['width']}x{result['height']} picture, quality {result['quality']:g}, medians, on {machine['cpu']} "
        f"with {machine['cores']} cores; {result['date'][:10]}."
    )
    return f"{_markdown(['', 'encode', 'decode', 'peak memory'], lines)}\n\n{note}"


def stages_table(result: dict[str, Any]) -> str:
    """One line a stage of encoding or decoding, the longest first."""
    lines = []
    for direction in ("encode", "decode"):
        spent = sorted(result[direction].items(), key=lambda item: -item[1]["wall_ms"])
        lines += [[direction, stage, f"{one['wall_ms']:.1f} ms", f"{one['cpu_ms']:.1f} ms"] for stage, one in spent]
        lines.append(["", "together", *(f"{sum(one[of] for _, one in spent):.0f} ms" for of in ("wall_ms", "cpu_ms"))])
    machine, threads = result["machine"], result["threads"]
    note = f"`{result['model']}`, {result['picture']}, {threads} threads of {machine['cpu']}; {result['date'][:10]}."
    return f"{_markdown(['', 'stage', 'clock', 'processor'], lines)}\n\n{note}"


def large_table(result: dict[str, Any]) -> str:
    """One line a size of picture."""
    lines = []
    for megapixels, one in result["pictures"].items():
        cells = [
            f"{one[of]['wall_s']:.1f} s, {one[of]['peak_mib']:.0f} MiB" for of in ("compress", "decompress", "region")
        ]
        lines.append([f"{megapixels} MP, {one['width']}x{one['height']}, commands from cold", *cells])
    inside = result["in_process"]
    lines.append(["12 MP, in process", f"{inside['encode_s']:.1f} s", f"{inside['decode_s']:.1f} s", ""])
    machine, date = result["machine"]["cpu"], result["date"][:10]
    note = f"Generated pictures, quality {result['quality']:g}, 2 threads of {machine}; {date}."
    return f"{_markdown(['', 'compress', 'decompress', 'a region of 512x512'], lines)}\n\n{note}"


def integer_table(result: dict[str, Any]) -> str:
    """One line a way of rounding the synthesis."""
    lines = [
        [
            name,
            *(f"{decibels:.2f} dB" for decibels in one["psnr"].values()),
            *([_ms(one["cpu_ms"] / 1000) if one["cpu_ms"] else "-"] if "cpu_ms" in one else []),
        ]
        for name, one in result["variants"].items()
    ]
    heads = [f"quality {level}" for level in next(iter(result["variants"].values()))["psnr"]]
    return _markdown(["1x1 layers", *heads, "processor, 768x512"][: len(lines[0])], lines)


def effort_table(summary: dict[str, Any]) -> str:
    """One line a level of effort, from a run of ``latentpress bench``: against the lowest, and against the anchor."""
    coders = summary["coders"]
    curves = {id: [(point["bpp"], point["psnr"]) for point in coder["curve"]] for id, coder in coders.items()}
    lines = []
    for id in ("hyperprior", *(id for id in coders if id.startswith(_EFFORT))):
        (a, b), (c, d) = (zip(*curves[one], strict=True) for one in ("hyperprior", id))
        against = "0" if id == "hyperprior" else f"{bd_rate(a, b, c, d).percent:+.1f} %"
        level = id.removeprefix(_EFFORT) if id != "hyperprior" else "1"
        lines.append([level, against, f"{coders[id]['bd_rate']['psnr']['of_mean_curve']:+.1f} %"])
    pictures, date = summary["run"]["pictures"], summary["run"]["date"][:10]
    head = ["`--effort`", "BD-rate against effort 1", f"against {TITLES[summary['anchor']]}"]
    return f"{_markdown(head, lines)}\n\n{len(pictures)} pictures, {min(pictures)} to {max(pictures)}, PSNR; {date}."


def efforts_table(result: dict[str, Any]) -> str:
    """One line a level of effort: bytes saved at each quality, and processor seconds."""
    rows: dict[int, dict[float, dict[str, Any]]] = {}
    for row in result["means"]:
        rows.setdefault(row["effort"], {})[row["quality"]] = row
    qualities = list(rows[1])
    lines = [
        [
            str(effort),
            *(f"{at[quality]['bytes_percent']:+.1f} %" if effort > 1 else "0" for quality in qualities),
            f"{sum(row['processor_s'] for row in at.values()) / len(at):.1f}",
        ]
        for effort, at in rows.items()
    ]
    head = ["`--effort`", *(f"bytes, quality {quality}" for quality in qualities), "processor s"]
    pictures = sorted({row["picture"].partition(".")[0] for row in result["rows"]})
    return f"{_markdown(head, lines)}\n\nMeans of {', '.join(pictures)}; one thread; {result['date'][:10]}."


def ablations_table(result: dict[str, Any]) -> str:
    """One line a change, with the loss at half time and at the end."""
    runs = result["runs"]
    base = _losses(runs["base"])[-1]
    lines = []
    for run in runs.values():
        half, end = _losses(run)[-2:]
        lines.append(
            [
                run["change"],
                f"{half:.3f}",
                f"{end:.3f}",
                f"{100 * (2 ** (end - base) - 1):+.1f} %",
                f"{run['synthesis_kmac_per_pixel']:.2f}",
            ]
        )
    head = ["change", f"loss at {result['steps'] // 2} steps", f"at {result['steps']}", "R + lambda D", "kMAC a pixel"]
    return _markdown(head, lines)


def _losses(run: dict[str, Any]) -> list[float]:
    """Validation losses of a run, in order of steps."""
    return list(run["loss"].values())


TABLES: dict[str, Callable[[dict[str, Any]], str]] = {
    "kodak_bench": bench_table,
    "speed": speed_table,
    "stages": stages_table,
    "large_pictures": large_table,
    "stages_fast": stages_table,
    "integer_synthesis": integer_table,
    "activation_books": integer_table,
    "effort": effort_table,
    "efforts": efforts_table,
    "ablations": ablations_table,
}


def fill(text: str, results: Path) -> str:
    """`text` with the tables between its markers made anew from the JSON files in `results`."""

    def table(match: re.Match[str]) -> str:
        name = match["name"]
        if name not in TABLES:
            raise SystemExit(f"there is no table {name!r}; there are {', '.join(TABLES)}")
        source = results / SOURCES.get(name, f"{name}.json")
        if not source.exists():
            raise SystemExit(f"{source} is missing: run benchmarks/{name}.py first")
        made = TABLES[name](json.loads(source.read_text(encoding="utf-8")))
        return f"<!-- table: {name} -->\n{made}\n<!-- end of table -->"

    return re.sub(r"<!-- table: (?P<name>\w+) -->\n.*?<!-- end of table -->", table, text, flags=re.DOTALL)


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms"


def _markdown(head: list[str], lines: list[list[str]]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=Path, nargs="+", default=[BENCHMARKS.parent / page for page in PAGES])
    parser.add_argument("--results", type=Path, default=BENCHMARKS / "results")
    parser.add_argument("--check", action="store_true", help="change nothing; fail if the tables are out of date")
    arguments = parser.parse_args()
    stale = []
    for page in arguments.pages:
        text = page.read_text(encoding="utf-8")
        filled = fill(text, arguments.results)
        if filled != text:
            stale.append(str(page))
            if not arguments.check:
                page.write_text(filled, encoding="utf-8")
    if arguments.check and stale:
        raise SystemExit(f"out of date: {', '.join(stale)}; run python benchmarks/tables.py")


if __name__ == "__main__":
    main()

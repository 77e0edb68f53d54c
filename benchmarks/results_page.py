"""Make docs/results.md from the committed results of `latentpress bench`, and from nothing else.

    python benchmarks/results_page.py            # write the page
    python benchmarks/results_page.py --check    # exit 1 if the page does not agree with the JSON

The results are ``benchmarks/results/bench/DATASET/summary.json``, as the command writes them.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

BENCHMARKS = Path(__file__).resolve().parent
RESULTS = BENCHMARKS / "results" / "bench"
PAGE = BENCHMARKS.parent / "docs" / "results.md"
RATES = (0.25, 0.5, 1.0)  # bits a pixel at which mean PSNR is told
TITLES = {
    "convolutional": "Small codecs of the papers, on six Kodak pictures",
    "convolutional-kodak": "Small codecs of the papers, on all Kodak pictures",
    "kodak": "Kodak",
    "classical": "Kodak, classical codecs",
    "valid": "CID22 validation part",
    "drawings": "Drawings",
}

INTRODUCTION = """# Results

Every figure on this page was measured by `latentpress bench` and stands in `benchmarks/results/bench/`; the page itself
is written by `python benchmarks/results_page.py`. How things are counted is said once for all benchmarks, in
[benchmarks/README.md](../benchmarks/README.md#how-things-are-counted). In short: the rate is that of the whole file,
PSNR that of the 8-bit result over all channels, and every file was decoded again and compared with the original.

- **BD-rate**: bits at equal quality against the anchor, on the mean curves; negative is better. Beside it the mean of
  the pictures' own. A star: see the remarks below the table.
- **dB at ... bpp**: mean PSNR there, linear in log(rate) between the qualities measured; a dash outside them.
- **Seconds** are for a megapixel, on one thread, in memory, medians over a few pictures; lossy coders near 0.5 bpp.
- **Peak memory** is that of a fresh process that encodes or decodes one picture, with Python, the libraries and the
  programs that the coder starts.

LatentPress's own codecs are in bold. The pictures of CID22's validation part helped to choose their weights and
settings; no other pictures on this page did.

Elsewhere: lossless codecs, high bit depth and raw mosaics in [lossless.md](lossless.md); JPEG restoration in
[restoration.md](restoration.md); the papers' own tables, printed beside measured, in [studies/](studies/)."""

Summary = dict[str, Any]


def page(results: Path) -> str:
    """The whole page, from the folders in ``results`` that have a summary: Kodak first, then by name."""
    found = {path.parent.name: json.loads(path.read_text(encoding="utf-8")) for path in results.glob("*/summary.json")}
    if not found:
        raise SystemExit(f"{results} holds no */summary.json: run latentpress bench first")
    names = sorted(found, key=lambda name: (name != "kodak", name))
    parts = [INTRODUCTION, *(dataset(name, found[name]) for name in names)]
    return "\n\n".join(parts) + "\n"


def dataset(name: str, summary: Summary) -> str:
    """The part about one set of pictures."""
    run = summary["run"]
    pictures = run["pictures"].values()
    sizes = sorted({f"{max(p['width'], p['height'])}x{min(p['width'], p['height'])}" for p in pictures})
    size = sizes[0] if len(sizes) == 1 else f"{len(sizes)} sizes"
    count = "1 picture" if len(pictures) == 1 else f"{len(pictures)} pictures"
    parts = [f"## {TITLES.get(name, name)}\n\n{count}, {size}."]
    coders = summary["coders"]
    if any(not coder["lossless"] for coder in coders.values()):
        parts += [f"### Lossy, against {summary['anchor']}", lossy_table(summary), *remarks(summary)]
    if summary["published"]:
        parts += ["### Published figures", published_table(summary)]
    if any(coder["lossless"] for coder in coders.values()):
        parts += ["### Lossless", lossless_table(summary), *incomplete(summary)]
    parts += ["### Circumstances", circumstances(summary), settings_table(summary)]
    return "\n\n".join(parts)


def lossy_table(summary: Summary) -> str:
    """A line a lossy coder, the best first."""
    window = summary.get("window")
    on_window = [f"on {window[0]:g}-{window[1]:g} dB"] if window else []
    head = [
        "codec",
        "BD-rate PSNR",
        "own",
        *on_window,
        "BD-rate MS-SSIM",
        "own",
        *(f"dB at {rate:g} bpp" for rate in RATES),
    ]
    head += ["encode s", "decode s", "peak MB"]
    coders = {id: coder for id, coder in summary["coders"].items() if not coder["lossless"]}
    lines = []
    for id in sorted(coders, key=lambda id: _percent(coders[id])):
        cells = [_title(summary, id)]
        for metric in ("psnr", "ms-ssim-db"):
            bd = coders[id]["bd_rate"].get(metric)
            star = "*" if bd and bd["warnings"] else ""
            cells.append(_number(bd and bd["of_mean_curve"], "+.1f", " %") + star)
            cells.append(_number(bd and bd["mean_of_pictures"], "+.1f", " %"))
            if window and metric == "psnr":
                cells.append(_number(bd and bd["on_window"], "+.1f", " %"))
        lines.append(cells + [_at_rate(coders[id]["curve"], rate) for rate in RATES] + _cost(coders[id]))
    return _markdown(head, lines)


def remarks(summary: Summary) -> list[str]:
    """What to mind about the BD-rates, as one list; empty where there is nothing."""
    found = []
    for id, coder in summary["coders"].items():
        for metric, name in (("psnr", "PSNR"), ("ms-ssim-db", "MS-SSIM")):
            warnings = coder["bd_rate"].get(metric, {}).get("warnings", ())
            found += [f"- `{id}`, {name}: {warning}" for warning in warnings]
    return ["\n".join(found)] if found else []


def published_table(summary: Summary) -> str:
    """The curves of others, with their source."""
    lines = []
    for curve in summary["published"]:
        bd = curve["bd_rate"] or {"of_mean_curve": None, "overlap": None}
        shared = "-" if bd["overlap"] is None else f"{bd['overlap'][0]:.1f}-{bd['overlap'][1]:.1f}"
        figures = [_number(bd.get(name), "+.1f", " %") for name in ("of_mean_curve", "on_window")]
        lines.append([curve["name"], figures[0], shared, figures[1], curve["source"]])
    note = "Figures that others measured, on other machines with other code, against the anchor measured here."
    return f"{note}\n\n{_markdown(['codec', 'BD-rate PSNR', 'shared dB', 'on the window', 'source'], lines)}"


def lossless_table(summary: Summary) -> str:
    """A line a lossless coder, the smallest first. The rate of a set of RGB pictures is told by sample too."""
    coders = {id: coder for id, coder in summary["coders"].items() if coder["lossless"]}
    channels = {picture["channels"] for picture in summary["run"]["pictures"].values()}
    samples = channels.pop() if len(channels) == 1 else None
    png = coders.get("png", {}).get("mean_bpp")
    lines = []
    for id in sorted(coders, key=lambda id: (coders[id]["mean_bpp"] is None, coders[id]["mean_bpp"])):
        bpp = coders[id]["mean_bpp"]
        per_sample = bpp / samples if bpp is not None and samples else None
        against = 100 * (bpp / png - 1) if bpp is not None and png else None
        star = "*" if coders[id]["pictures"] < len(summary["run"]["pictures"]) else ""
        rates = [_number(bpp, ".3f") + star, _number(per_sample, ".3f"), _number(against, "+.1f", " %")]
        lines.append([_title(summary, id), *rates, *_cost(coders[id])])
    head = ["codec", "bits a pixel", "bits a sample", "against PNG", "encode s", "decode s", "peak MB"]
    return _markdown(head, lines)


def incomplete(summary: Summary) -> list[str]:
    """The lossless coders that failed on some pictures, as one list; empty where there is none."""
    count = len(summary["run"]["pictures"])
    few = {id: coder["pictures"] for id, coder in summary["coders"].items() if coder["lossless"]}
    found = [f"- `{id}`: from {pictures} of {count} pictures" for id, pictures in few.items() if pictures < count]
    return ["\n".join(found)] if found else []


def circumstances(summary: Summary) -> str:
    """Machine, versions, dates; what failed and what was missing."""
    run, timing = summary["run"], summary["timing"]
    lines = [f"- Rates and metrics: {_where(run)}."]
    if timing:
        lines.append(f"- Times and memory: {_where(timing)}; pictures: {', '.join(timing['pictures'])}.")
    lines.append(f"- Versions: {_pairs(run['versions'])}.")
    lines += [f"- `{id}`: {count} points failed." for id, count in summary["errors"].items()]
    lines += [f"- Not measured: `{id}`: {reason}." for id, reason in run["missing"].items()]
    return "\n".join(lines)


def settings_table(summary: Summary) -> str:
    """The settings and versions of each coder, and the qualities at which it was measured."""
    lines = []
    for id, coder in summary["run"]["coders"].items():
        settings = {key: value for key, value in coder["settings"].items() if key not in ("lossless", "quality")}
        threads = str(settings.pop("threads", "-"))
        qualities = "lossless"
        if not coder["lossless"]:
            qualities = f"{coder['quality_name']} " + " ".join(f"{quality:g}" for quality in coder["qualities"])
        lines.append([f"`{id}`", threads, qualities, _pairs(settings), _pairs(coder["versions"])])
    return _markdown(["codec", "threads", "qualities", "settings", "versions"], lines)


def _where(header: dict[str, Any]) -> str:
    machine = header["machine"]
    return f"{machine['cpu']}, {machine['cores']} cores, {machine['system']}; {header['date'][:10]}"


def _pairs(value: dict[str, Any]) -> str:
    """A dictionary for people."""
    return ", ".join(f"{key} {_plain(item)}" for key, item in value.items()) or "-"


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return f"({', '.join(f'{key} {_plain(item)}' for key, item in value.items())})"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _title(summary: Summary, id: str) -> str:
    """The coder's id, in bold if it is one of ours."""
    ours = "latentpress" in summary["run"]["coders"][id]["versions"]
    return f"**`{id}`**" if ours else f"`{id}`"


def _percent(coder: dict[str, Any]) -> float:
    """What the lossy table is ordered by."""
    percent = coder["bd_rate"].get("psnr", {}).get("of_mean_curve")
    return float("inf") if percent is None else float(percent)


def _at_rate(curve: Iterable[dict[str, Any]], rate: float) -> str:
    """Mean PSNR at a rate; a dash outside the curve."""
    points = sorted((point["bpp"], point["psnr"]) for point in curve if point.get("psnr") is not None)
    if not points or not points[0][0] <= rate <= points[-1][0]:
        return "-"
    rates, values = zip(*points, strict=True)
    return f"{np.interp(np.log(rate), np.log(rates), values):.2f}"


def _cost(coder: dict[str, Any]) -> list[str]:
    """Seconds and memory."""
    seconds = [_number(coder[name], ".3f") for name in ("encode_seconds", "decode_seconds")]
    peaks = [_number(coder[name], ".0f") for name in ("encode_peak_mb", "decode_peak_mb")]
    return [*seconds, "-" if peaks == ["-", "-"] else " / ".join(peaks)]


def _number(value: float | None, form: str, unit: str = "") -> str:
    return "-" if value is None else format(value, form) + unit


def _markdown(head: list[str], lines: list[list[str]]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--page", type=Path, default=PAGE)
    parser.add_argument("--check", action="store_true", help="change nothing; fail if the page is out of date")
    arguments = parser.parse_args()
    text = page(arguments.results)
    if arguments.check:
        current = arguments.page.read_text(encoding="utf-8") if arguments.page.exists() else ""
        raise SystemExit(
            0 if current == text else f"{arguments.page} is out of date: run python benchmarks/results_page.py"
        )
    arguments.page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

"""The plots of a benchmark for papers: PNG and SVG by Matplotlib, the same bytes from the same numbers."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latentpress._extras import needs_extra
from latentpress.atomic import atomic_output
from latentpress.bench.labels import place_labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["write_plots"]

_AXES = {"psnr": "RGB PSNR (dB)", "ms-ssim-db": "MS-SSIM (dB)"}
_TICKS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_RATES = (0.05, 4.0)  # bits a pixel that are drawn
_MARKERS = "osD^v<>pPX*h"
_DASHES = ((4, 2), (1, 1.5), (5, 2, 1, 2), (7, 2), (2, 2), (5, 1.5, 1, 1.5, 1, 1.5), (3, 1), (9, 3), (1, 3))
_DPI = 150

_Summary = Mapping[str, Any]


def write_plots(summary: _Summary, folder: str | Path) -> list[Path]:
    """Draw what the summary holds; the paths written.

    ``rd-psnr`` and ``rd-ms-ssim``: mean curves over bits a pixel (logarithmic), published ones dashed; ``bd-time``:
    BD-rate by PSNR over seconds a megapixel, encoding and decoding. Each as ``.png`` and ``.svg``. A plot for which
    there are no numbers is left out.

    summary: as of `latentpress.bench.summary.summarise`. folder: made if it is not there.

    Raises MissingExtraError without Matplotlib, InvalidInputError if a file cannot be written.
    """
    with needs_extra("the plots of the bench command", "bench"):
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    # Nothing of the user's own settings, no random ids, text as text.
    with rc_context({"svg.hashsalt": "latentpress", "svg.fonttype": "none", "font.size": 10}):
        for name, metric in (("rd-psnr", "psnr"), ("rd-ms-ssim", "ms-ssim-db")):
            figure = Figure(figsize=(10, 6), layout="constrained")
            if _draw_curves(figure, summary, metric):
                written += _save(figure, folder / name)
        figure = Figure(figsize=(11, 5.5), layout="constrained")
        if _draw_times(figure, summary):
            written += _save(figure, folder / "bd-time")
    return written


def _draw_curves(figure: Figure, summary: _Summary, metric: str) -> bool:
    """Mean curves; False if there are none."""
    axes = figure.add_subplot()
    ranked = sorted(_lossy(summary), key=lambda id: _bd(summary, id, metric))
    drawn = False
    for id in ranked:
        points = [(p["bpp"], p[metric]) for p in summary["coders"][id]["curve"] if p.get(metric) is not None]
        points = sorted(point for point in points if _RATES[0] <= point[0] <= _RATES[1])
        if points:
            drawn = True
            style = _style(summary, id)
            axes.plot(*zip(*points, strict=True), label=_label(summary, id, metric), markersize=4, **style)
    if not drawn:
        return False
    if metric == "psnr":
        for place, curve in enumerate(summary["published"]):
            points = [point for point in curve["points"] if _RATES[0] <= point[0] <= _RATES[1]]
            dashes = _DASHES[place % len(_DASHES)]
            percent = (curve.get("bd_rate") or {}).get("of_mean_curve")
            label = f"{curve['name']}, published" + ("" if percent is None else f" ({percent:+.1f} %)")
            axes.plot(*zip(*points, strict=True), label=label, color="0.45", linewidth=1, dashes=dashes, zorder=1)
    _log_axis(axes, [tick for tick in _TICKS if axes.get_xlim()[0] <= tick <= axes.get_xlim()[1]])
    axes.set(xlabel="rate (bits a pixel, whole file)", ylabel=_AXES[metric], title=_title(summary))
    figure.legend(loc="outside right upper", fontsize=8, frameon=False)
    return True


def _draw_times(figure: Figure, summary: _Summary) -> bool:
    """BD-rate over seconds, encoding beside decoding; False without times or BD-rates."""
    ids = [
        id
        for id in _lossy(summary)
        if summary["coders"][id]["encode_seconds"] is not None and _bd(summary, id, "psnr") < float("inf")
    ]
    if not ids:
        return False
    panels = figure.subplots(1, 2, sharey=True)
    for axes, (key, title) in zip(
        panels, (("encode_seconds", "encoding"), ("decode_seconds", "decoding")), strict=True
    ):
        places = [(summary["coders"][id][key], _bd(summary, id, "psnr")) for id in ids]
        for id, place in zip(ids, places, strict=True):
            style = {name: value for name, value in _style(summary, id).items() if name in ("color", "marker")}
            axes.plot(*place, linestyle="none", markersize=7, **style)
        _log_axis(axes, None)
        axes.margins(x=0.15, y=0.08)
        axes.set(xlabel="seconds a megapixel, one thread", title=title)
    panels[0].set_ylabel(f"BD-rate by PSNR against {summary['anchor']} (%), lower is better")
    figure.suptitle(_title(summary))
    figure.draw_without_rendering()  # labels are placed on the final layout
    for axes, key in zip(panels, ("encode_seconds", "decode_seconds"), strict=True):
        place_labels(axes, [(id, summary["coders"][id][key], _bd(summary, id, "psnr")) for id in ids])
    return True


def _log_axis(axes: Axes, ticks: Sequence[float] | None) -> None:
    """A logarithmic rate or time axis with plain numbers, and a light grid."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    axes.set_xscale("log")
    if ticks:
        axes.set_xticks(ticks)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, place: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.grid(True, which="major", color="0.9")
    axes.set_axisbelow(True)


def _style(summary: _Summary, id: str) -> dict[str, Any]:
    """Colour and marker of a coder: its place in the run, so that they are the same in every plot; ours stand out."""
    from matplotlib import colormaps

    if "latentpress" in summary["run"]["coders"][id]["versions"]:
        return {"color": "black", "marker": "o", "linewidth": 2.5, "zorder": 4}
    others = [other for other in _lossy(summary) if "latentpress" not in summary["run"]["coders"][other]["versions"]]
    place = others.index(id)
    return {
        "color": colormaps["tab20"].colors[(2 * place + place // 10) % 20],  # type: ignore[attr-defined]  # a listed map
        "marker": _MARKERS[place % len(_MARKERS)],
        "linewidth": 1.3,
        "zorder": 3,
    }


def _lossy(summary: _Summary) -> list[str]:
    return [id for id, coder in summary["coders"].items() if not coder["lossless"]]


def _bd(summary: _Summary, id: str, metric: str) -> float:
    """BD-rate of the mean curve in per cent; infinite where there is none."""
    found = summary["coders"][id]["bd_rate"].get(metric, {}).get("of_mean_curve")
    return float("inf") if found is None else float(found)


def _label(summary: _Summary, id: str, metric: str) -> str:
    """The coder with its BD-rate."""
    percent = _bd(summary, id, metric)
    return id if id == summary["anchor"] or percent == float("inf") else f"{id} ({percent:+.1f} %)"


def _title(summary: _Summary) -> str:
    run = summary["run"]
    return f"{run['dataset']}: {len(run['pictures'])} pictures"


def _save(figure: Figure, path: Path) -> list[Path]:
    """Write both formats, without dates."""
    paths = []
    for format, options in (
        ("png", {"dpi": _DPI, "metadata": {"Software": None}}),
        ("svg", {"metadata": {"Date": None}}),
    ):
        buffer = io.BytesIO()
        figure.savefig(buffer, format=format, **options)
        target = path.with_suffix(f".{format}")
        with atomic_output(target) as stream:
            stream.write(buffer.getvalue())
        paths.append(target)
    return paths

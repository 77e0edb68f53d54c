"""Rate-distortion curves of a run: of one picture, or of the means over several; and their BD-rates."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from latentpress.bench.results import Point, Run
from latentpress.errors import InvalidInputError
from latentpress.metrics import bd_rate, similarity_db

__all__ = ["BPP_RANGE", "Comparison", "Curve", "PointTable", "compare_curves"]

BPP_RANGE = (0.05, 3.0)
"""Bits a pixel of the points that enter the BD-rate of mean curves."""

Curve = list[tuple[float, float]]
"""(bits a pixel, quality in dB) in the order of the coder's qualities."""


class PointTable:
    """A coder's points by picture and quality, with MS-SSIM's decibels beside MS-SSIM."""

    def __init__(self, run: Run, id: str) -> None:
        self.qualities = run.header.coders[id].qualities
        self._points = {(p.picture, p.quality): p for p in run.points if p.coder == id and not p.error}
        self._names = tuple(run.header.pictures)
        #: Pictures that have a point at every quality; means are of these.
        self.whole = self._at_every_quality(lambda point: True)

    def pictures_with(self, metric: str) -> tuple[str, ...]:
        """The pictures on which the metric is known at every quality (infinite counts as known)."""
        return self._at_every_quality(lambda point: _source(metric) in point.metrics)

    def means(self, quality: float, metrics: Iterable[str]) -> dict[str, float | None]:
        """``bpp`` and metrics: means over the pictures that have them, None where there is none or it is infinite.

        The decibels of MS-SSIM are those of its mean.
        """
        found: dict[str, float | None] = {"bpp": self._mean(self.whole, quality, None)}
        for metric in metrics:
            found[metric] = self._mean(self.pictures_with(metric), quality, metric)
        return found

    def mean_curve(self, pictures: Sequence[str], metric: str) -> Curve:
        """Means of rate and metric over ``pictures`` at each quality that lies in `BPP_RANGE` and has a finite mean."""
        curve = []
        for quality in self.qualities:
            bpp, value = self._mean(pictures, quality, None), self._mean(pictures, quality, metric)
            if bpp is not None and value is not None and BPP_RANGE[0] <= bpp <= BPP_RANGE[1]:
                curve.append((bpp, value))
        return curve

    def curve(self, picture: str, metric: str) -> Curve:
        """All points of one picture whose metric is finite."""
        points = [self._points.get((picture, quality)) for quality in self.qualities]
        found = [(point.bpp, _value(point.metrics.get(_source(metric)), metric)) for point in points if point]
        return [(bpp, value) for bpp, value in found if value is not None]

    def _mean(self, pictures: Sequence[str], quality: float, metric: str | None) -> float | None:
        """Of the metric, or of bpp for None."""
        values: list[float] = []
        for picture in pictures:
            point = self._points[picture, quality]
            value = point.bpp if metric is None else point.metrics[_source(metric)]
            if value is None:
                return None
            values.append(value)
        return _value(statistics.fmean(values), metric or "bpp") if values else None

    def _at_every_quality(self, good: Callable[[Point], bool]) -> tuple[str, ...]:
        return tuple(
            name
            for name in self._names
            if all((name, q) in self._points and good(self._points[name, q]) for q in self.qualities)
        )


@dataclass(frozen=True)
class Comparison:
    """A curve against the anchor's.

    percent: the BD-rate, None where the curves do not compare. overlap: the range of quality that they share.
    warnings: what to mind, a line each. windowed: the BD-rate over the window asked for, None where a curve does not
    cover it.
    """

    percent: float | None
    overlap: tuple[float, float] | None = None
    warnings: tuple[str, ...] = ()
    windowed: float | None = None


def compare_curves(anchor: Curve, curve: Curve, window: tuple[float, float] | None = None) -> Comparison:
    """BD-rate of ``curve`` against ``anchor``, on the shared range and on ``window`` (low, high in dB).

    Points that a smaller file beats are left out, with a warning.
    """
    warnings: list[str] = []
    parts: list[tuple[list[float], list[float]]] = []
    for name, points in (("the anchor's curve", anchor), ("the curve", curve)):
        rising = _rising(points)
        if len(rising) < len(set(points)):
            count = len(set(points)) - len(rising)
            warnings.append(f"{name} does not rise everywhere: {count} of its points left out")
        parts.append(([rate for rate, _ in rising], [value for _, value in rising]))
    try:
        found = bd_rate(*parts[0], *parts[1])
    except InvalidInputError as error:
        return Comparison(None, None, (*warnings, str(error)))
    if found.warning:
        warnings.append(found.warning)
    windowed = None
    if window is not None and found.low <= window[0] < window[1] <= found.high:
        windowed = bd_rate(*parts[0], *parts[1], window=window).percent
    return Comparison(found.percent, (found.low, found.high), tuple(warnings), windowed)


def _rising(points: Curve) -> Curve:
    """The points that are better than every smaller one, by rate."""
    kept: Curve = []
    for rate, value in sorted(set(points), key=lambda point: (point[0], -point[1])):
        if not kept or value > kept[-1][1]:
            kept.append((rate, value))
    return kept


def _source(metric: str) -> str:
    """The metric that a point holds for it."""
    return "ms-ssim" if metric == "ms-ssim-db" else metric


def _value(value: float | None, metric: str) -> float | None:
    """The metric of what the point holds."""
    if value is None or metric != "ms-ssim-db":
        return value
    return similarity_db(value) if value < 1 else None

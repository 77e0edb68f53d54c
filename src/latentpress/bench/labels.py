"""Names beside the points of a scatter plot, moved so that they do not cover each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.transforms import Bbox

__all__ = ["place_labels"]

_SIZE = 8  # points
_GAP = 6.0  # points from the middle of a marker


def place_labels(axes: Axes, points: Sequence[tuple[str, float, float]]) -> None:
    """Write (name, x, y) into the plot: beside the point, else above, below, and farther up and down.

    The figure must have its final layout.
    """
    figure = axes.get_figure(root=True)
    assert figure is not None
    pixels = figure.dpi / 72
    taken = [_marker(axes.transData.transform((x, y)).tolist(), 4 * pixels) for _, x, y in points]
    frame = axes.get_window_extent()
    for name, x, y in points:
        best = None
        for dx, dy, align in _offsets():
            text = axes.annotate(
                name, (x, y), (dx, dy), textcoords="offset points", ha=align, va="center", fontsize=_SIZE
            )
            box = text.get_window_extent()
            covered = sum(_shared(box, other) for other in taken)
            outside = box.x0 < frame.x0 or box.x1 > frame.x1 or box.y0 < frame.y0 or box.y1 > frame.y1
            cost = covered + (1e6 if outside else 0.0)
            if best is None or cost < best[0]:
                if best is not None:
                    best[1].remove()
                best = cost, text, box
            else:
                text.remove()
            if cost == 0:
                break
        if best is not None:
            taken.append(best[2])


def _offsets() -> list[tuple[float, float, str]]:
    """(dx, dy, horizontal alignment) in points, the best first."""
    sides = [(_GAP, 0.0, "left"), (-_GAP, 0.0, "right"), (0.0, _GAP + 4, "center"), (0.0, -_GAP - 4, "center")]
    farther = [(dx, dy, align) for dy in (8.0, -8.0, 16.0, -16.0, 24.0, -24.0) for dx, _, align in sides[:2]]
    return sides + farther


def _marker(middle: Sequence[float], half: float) -> Bbox:
    from matplotlib.transforms import Bbox

    x, y = middle
    return Bbox.from_extents(x - half, y - half, x + half, y + half)


def _shared(first: Bbox, second: Bbox) -> float:
    """Area that two boxes share."""
    width = min(first.x1, second.x1) - max(first.x0, second.x0)
    height = min(first.y1, second.y1) - max(first.y0, second.y0)
    return float(max(width, 0.0) * max(height, 0.0))

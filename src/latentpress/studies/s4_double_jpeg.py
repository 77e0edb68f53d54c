"""Chen 2008: is a JPEG file the second one of its picture? By pairs of qualities, the hard ones too."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.bench.machine import machine, now, versions
from latentpress.bench.pictures import find_pictures, read_pixels
from latentpress.errors import InvalidInputError
from latentpress.restoration import estimate_coding, standard_quantisation
from latentpress.studies.base import Request, Result, Table
from latentpress.systems.double_jpeg.detector import Detector
from latentpress.systems.double_jpeg.features import transitions
from latentpress.systems.double_jpeg.training import luma_levels
from latentpress.training.data import load_pictures
from latentpress.training.restoration.data import jpeg_round_trip

__all__ = ["run", "study"]

_FIRST = (40, 50, 55, 60, 65, 70, 75, 80, 85, 90, 95)
_SECOND = (50, 60, 70, 75, 80, 85, 90, 95)
_SIDE = 384  # of the squares that pictures are cut to
_TRAINED = 80  # pictures for the machine of each pair
_EASY = 10  # qualities that the second is above the first, at least
_WANTED = 0.95
_SHIFT = (3, 5)
_SHIFTED = ((40, 75), (40, 90), (60, 75), (60, 90), (60, 95), (75, 90), (75, 95), (85, 95))
_NEAR = 2  # qualities

Pixels = NDArray[np.uint8]
Pairs = Mapping[tuple[int, int | None], NDArray[np.float32]]
"""Features of all squares by (second quality, first quality or None): (N, 324)."""


def run(request: Request) -> Result:
    """The study. Raises InvalidInputError without pictures of 384x384."""
    assert request.test is not None
    pictures = load_pictures(list(request.data), _SIDE)
    chosen = pictures[:: -(-len(pictures) // _TRAINED)]
    training = [square for picture in chosen for square in _squares(picture)[:1]]
    tested = [square for path in find_pictures(request.test).values() for square in _squares(read_pixels(path))]
    return study(training, tested, Detector(), request.say)


def study(
    training: Sequence[Pixels], tested: Sequence[Pixels], detector: Detector, say: Callable[[str], None]
) -> Result:
    """Squares (384, 384, 3) to fit the machine of each pair on, and others to measure on."""
    if not training or not tested:
        raise InvalidInputError(f"s4-double-jpeg needs colour pictures of at least {_SIDE}x{_SIDE} pixels")
    learnt, _, _ = _features(training, None)
    say(f"features of {len(training)} training squares")
    found, scores, firsts = _features(tested, detector)
    say(f"features of {len(tested)} test squares")
    shipped, machines = {}, {}
    for second in _SECOND:
        single = scores[second, None] <= 0
        for first in _FIRST:
            if first != second:
                shipped[first, second] = float(((scores[second, first] > 0).mean() + single.mean()) / 2)
                machines[first, second] = _machine(learnt, found, first, second)
    alarms = {second: float((scores[second, None] > 0).mean()) for second in _SECOND}
    hits = {pair: float(np.mean([abs(one - pair[0]) <= _NEAR for one in firsts[pair[1], pair[0]]])) for pair in shipped}
    say("pairs done")
    shifted = {pair: _shifted(tested, *pair) for pair in _SHIFTED}
    return _result(shipped, machines, alarms, hits, shifted, (len(training), len(tested)), detector.package.name)


def _squares(picture: Pixels) -> list[Pixels]:
    """Squares of a picture, side by side."""
    if picture.shape[2] != 3:
        return []
    height, width = picture.shape[:2]
    corners = [(y, x) for y in range(0, height - _SIDE + 1, _SIDE) for x in range(0, width - _SIDE + 1, _SIDE)]
    return [np.ascontiguousarray(picture[y : y + _SIDE, x : x + _SIDE]) for y, x in corners]


def _features(
    squares: Sequence[Pixels], detector: Detector | None
) -> tuple[Pairs, dict[tuple[int, int | None], NDArray[np.float64]], dict[tuple[int, int | None], list[int]]]:
    """Features by pair; with a detector its scores too, and the first quality, 0 if not told."""
    features: dict[tuple[int, int | None], list[NDArray[np.float32]]] = {}
    scores: dict[tuple[int, int | None], list[float]] = {}
    firsts: dict[tuple[int, int | None], list[int]] = {}
    for square in squares:
        before = {first: jpeg_round_trip(square, standard_quantisation(first)) for first in _FIRST}
        for second in _SECOND:
            for first, pixels in ((None, square), *before.items()):
                levels = luma_levels(pixels, second)
                features.setdefault((second, first), []).append(transitions(levels))
                if detector is not None:
                    score, quality = detector.judge(levels, standard_quantisation(second))
                    assert score is not None
                    scores.setdefault((second, first), []).append(score)
                    firsts.setdefault((second, first), []).append(quality or 0)
    return (
        {pair: np.stack(rows) for pair, rows in features.items()},
        {pair: np.array(values) for pair, values in scores.items()},
        firsts,
    )


def _machine(learnt: Pairs, found: Pairs, first: int, second: int) -> float:
    """Balanced accuracy on the test squares of a support vector machine (radial basis functions) for one pair."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    machine = make_pipeline(StandardScaler(), SVC(C=10, gamma=1e-3))
    once, twice = learnt[second, None], learnt[second, first]
    machine.fit(np.concatenate([once, twice]), np.repeat([0, 1], [len(once), len(twice)]))
    right = [(machine.predict(found[second, before]) == kind).mean() for kind, before in ((0, None), (1, first))]
    return float(np.mean(right))


def _shifted(squares: Sequence[Pixels], first: int, second: int) -> dict[str, float]:
    """How often the grid of a first compression that lay elsewhere is found, and its quality."""
    grids, near = [], []
    for square in squares[::2]:
        cut = jpeg_round_trip(square, standard_quantisation(first))[_SHIFT[0] :, _SHIFT[1] :]
        found = estimate_coding(jpeg_round_trip(np.ascontiguousarray(cut), standard_quantisation(second)))
        wanted = tuple(-one % 8 for one in _SHIFT)
        grids.append(found is not None and tuple(one % 8 for one in found.phase) == wanted)
        near.append(grids[-1] and found is not None and abs(found.quality - first) <= _NEAR)
    return {"grid": float(np.mean(grids)), "quality": float(np.mean(near))}


def _matrix(caption: str, values: Mapping[tuple[int, int], float], last: Mapping[int, float] | None = None) -> Table:
    columns = ("QF1", *(f"QF2 {second}" for second in _SECOND))
    rows = [
        (str(first), *(f"{100 * values[first, second]:.0f}" if first != second else "" for second in _SECOND))
        for first in _FIRST
    ]
    if last is not None:
        rows.append(("false alarms", *(f"{100 * last[second]:.0f}" for second in _SECOND)))
    return Table(caption, columns, rows)


def _result(
    shipped: Mapping[tuple[int, int], float],
    machines: Mapping[tuple[int, int], float],
    alarms: Mapping[int, float],
    hits: Mapping[tuple[int, int], float],
    shifted: Mapping[tuple[int, int], Mapping[str, float]],
    counts: tuple[int, int],
    model: str,
) -> Result:
    easy = [pair for pair in shipped if pair[1] > pair[0] + _EASY]
    worst = {name: min(one[pair] for pair in easy) for name, one in (("shipped", shipped), ("pair", machines))}
    intro = [
        "Chen, Shi and Su 2008 find JPEG files that were made of other JPEG files by transition probabilities of "
        "differences of coefficients (324 features) and a support vector machine. QF1 and QF2 are the libjpeg "
        "qualities of the first and the second compression, in the same block grid. Balanced accuracy is the "
        "mean of the shares "
        f"of single and of double files that are told right, 50 % for a guess, on {counts[1]} squares of "
        f"{_SIDE}x{_SIDE} pixels.",
        f"Where QF2 is more than {_EASY} above QF1 the lowest balanced accuracy of the detector in this package "
        f"({model}: one linear machine for each QF2, which does not know QF1) is {100 * worst['shipped']:.1f} %, and "
        f"that of a machine with radial basis functions for each pair, as in the paper (fitted on {counts[0]} squares "
        f"of other pictures), {100 * worst['pair']:.1f} %.",
    ]
    tables = [
        _matrix(f"Balanced accuracy of {model}, %; false alarms: single files taken for double ones", shipped, alarms),
        _matrix("Balanced accuracy of a machine with radial basis functions for each pair, %", machines),
        _matrix(f"Share of double files whose first quality is found to {_NEAR}, %", hits),
        Table(
            f"The first grid lies {_SHIFT[0]} rows and {_SHIFT[1]} columns off: found by estimate_coding, %",
            ("QF1", "QF2", "grid", f"grid, and quality to {_NEAR}"),
            [
                (str(first), str(second), f"{100 * one['grid']:.0f}", f"{100 * one['quality']:.0f}")
                for (first, second), one in shifted.items()
            ],
        ),
    ]
    notes = [
        "There is no cell for QF1 = QF2: with equal tables and grids nearly all coefficients stay what they are, and "
        "these features say nothing.",
        "Where QF1 is well above QF2 the second compression hides the first. The linear machines are fitted for QF1 "
        "below QF2 alone; to the others they are as good as a guess, which is said here rather than bought with false "
        "alarms.",
        "The machine of each pair knows which two qualities are in question, as the paper's experiments do. No file "
        "says so; its figures are a bound and no offer.",
        "Coefficients are those that libjpeg would write for the luma of the decoded first file, but for its rounding "
        "of ties; chroma is not looked at.",
    ]
    data: dict[str, Any] = {
        "study": "s4-double-jpeg",
        "date": now(),
        "machine": machine(),
        "versions": versions(),
        "model": model,
        "squares": {"training": counts[0], "test": counts[1], "side": _SIDE},
        "balanced_accuracy": _keyed(shipped),
        "balanced_accuracy_of_pair_machines": _keyed(machines),
        "false_alarms": {str(second): value for second, value in alarms.items()},
        "first_quality_found": _keyed(hits),
        "shifted": _keyed(shifted),
        "lowest_where_second_is_higher": {"by_more_than": _EASY, **worst},
        "wanted": _WANTED,
    }
    return Result("s4-double-jpeg", "JPEG files that were compressed twice", intro, tables, notes, data)


def _keyed(values: Mapping[tuple[int, int], Any]) -> dict[str, Any]:
    return {f"{first} then {second}": value for (first, second), value in values.items()}

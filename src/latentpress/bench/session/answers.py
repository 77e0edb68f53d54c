"""The answers of a session: read, screened, and brought onto a scale."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from latentpress.bench.session.making import KEY, KINDS
from latentpress.errors import InvalidInputError, LatentPressError
from latentpress.metrics.subjective import bradley_terry, opinion_scores, outlying_observers

__all__ = ["COLUMNS", "Report", "read_answers"]

COLUMNS = ("observer", "original", "left", "right", "answer")
"""Of the CSV that the page saves. pairs: ``answer`` is left, right or same. dsis: ``left`` is the picture that was
judged, ``right`` empty, and ``answer`` 5 (imperceptible) to 1 (very annoying).
"""

_SCORES = {str(score): float(score) for score in range(1, 6)}


@dataclass(frozen=True)
class Report:
    """rows: a dictionary of each codec and rate, best first. observers: all that answered; rejected: of these, those
    whom the screening of BT.500 left out (scores only). answers: counted.
    """

    kind: str
    rows: list[dict[str, Any]]
    observers: list[str]
    rejected: list[str]
    answers: int

    def record(self) -> dict[str, Any]:
        """JSON-able."""
        return dict(self.__dict__)


def read_answers(session: Path, files: Sequence[Path]) -> Report:
    """What the CSV files of a session's observers say: of pairs the Bradley-Terry scale of each rate (``worth``), of
    dsis the mean opinion scores (``mos``), both with ``interval``, half the width of 95 % confidence.

    Raises InvalidInputError for a folder that is no session, files that are no answers to it, and pairs that set no
    bound to a codec's worth.
    """
    try:
        told = json.loads((session / KEY).read_text(encoding="utf-8"))
        kind, key = str(told["kind"]), dict(told["files"])
    except (OSError, ValueError, KeyError, TypeError):
        raise InvalidInputError(f"{session} is no session: it has no readable {KEY}") from None
    rows = [row for file in files for row in _rows(file, kind, key)]
    if not rows or kind not in KINDS:
        raise InvalidInputError("there are no answers")
    observers = sorted({row["observer"] for row in rows})
    if kind == "pairs":
        return Report(kind, _worths(rows, key), observers, [], len(rows))
    found, rejected = _scores(rows, key, observers)
    return Report(kind, found, observers, rejected, len(rows))


def _rows(file: Path, kind: str, key: dict[str, Any]) -> list[dict[str, str]]:
    """The answers of a file, all of which must be to questions of the session."""
    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            rows = [dict(row) for row in csv.DictReader(stream)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidInputError(f"cannot read {file}: {error}") from None
    answers = {"left", "right", "same"} if kind == "pairs" else set(_SCORES)
    for number, row in enumerate(rows, 2):
        shown = [row.get("left"), *([row.get("right")] if kind == "pairs" else [])]
        if set(COLUMNS) - row.keys() or not set(shown) <= key.keys() or row["answer"] not in answers:
            raise InvalidInputError(f"{file}, line {number}, is no answer to a question of this session")
    return rows


def _worths(rows: list[dict[str, str]], key: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for rate in sorted({key[row["left"]]["rate"] for row in rows}):
        here = [row for row in rows if key[row["left"]]["rate"] == rate]
        codecs = sorted({key[row[side]]["codec"] for row in here for side in ("left", "right")})
        wins = np.zeros((len(codecs), len(codecs)))
        for row in here:
            left, right = (codecs.index(key[row[side]]["codec"]) for side in ("left", "right"))
            wins[left, right] += {"left": 1.0, "right": 0.0, "same": 0.5}[row["answer"]]
            wins[right, left] += {"left": 0.0, "right": 1.0, "same": 0.5}[row["answer"]]
        try:
            scale = bradley_terry(wins)
        except LatentPressError as error:
            raise InvalidInputError(f"at {rate:g} bpp: {error}") from None
        of_rate = [
            {"codec": codec, "rate": rate, "worth": float(worth), "interval": float(half), "answers": int(count)}
            for codec, worth, half, count in zip(
                codecs, scale.worth, scale.interval, (wins + wins.T).sum(axis=1), strict=True
            )
        ]
        found += sorted(of_rate, key=lambda row: -row["worth"])
    return found


def _scores(
    rows: list[dict[str, str]], key: dict[str, Any], observers: list[str]
) -> tuple[list[dict[str, Any]], list[str]]:
    """Mean opinion scores of each codec and rate, over pictures and the observers who are left."""
    stimuli = sorted({row["left"] for row in rows})
    table = np.full((len(observers), len(stimuli)), np.nan)
    for row in rows:
        table[observers.index(row["observer"]), stimuli.index(row["left"])] = _SCORES[row["answer"]]
    out = outlying_observers(table)
    table = np.delete(table, out, axis=0)
    found = []
    for codec, rate in sorted({(key[name]["codec"], key[name]["rate"]) for name in stimuli}):
        columns = [
            place for place, name in enumerate(stimuli) if (key[name]["codec"], key[name]["rate"]) == (codec, rate)
        ]
        scores = opinion_scores(table[:, columns].reshape(-1, 1))
        mos, half, count = float(scores.mean[0]), float(scores.interval[0]), int(scores.count[0])
        found.append({"codec": codec, "rate": rate, "mos": mos, "interval": half, "answers": count})
    return sorted(found, key=lambda row: (row["rate"], -row["mos"])), [observers[row] for row in out]

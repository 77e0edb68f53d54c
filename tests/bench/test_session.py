"""Subjective tests: the page asks about every pair, and the answers find their way back to the codecs."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy")

from PIL import Image
from typer.testing import CliRunner

from latentpress.apps.cli import app
from latentpress.bench.session import read_answers
from latentpress.bench.session.answers import COLUMNS
from latentpress.errors import InvalidInputError

MACAWS = Path(__file__).parents[2] / "examples" / "macaws.png"


def make(tmp_path: Path, kind: str) -> Path:
    (tmp_path / "in").mkdir()
    with Image.open(MACAWS) as picture:
        for place in range(2):
            picture.convert("RGB").crop((90 * place, 40, 90 * place + 192, 200)).save(tmp_path / "in" / f"{place}.png")
    command = ["session", "--data", str(tmp_path / "in"), "--codecs", "jpeg-420,webp", "--bpp", "0.7,1.5"]
    done = CliRunner().invoke(app, [*command, "--kind", kind, "-o", str(tmp_path / "session")])
    assert done.exit_code == 0, done.output
    return tmp_path / "session"


def plan_of(session: Path) -> dict[str, object]:
    found = re.search(r"const plan = (\{.*\});", (session / "index.html").read_text())
    assert found
    return dict(json.loads(found[1]))


def answer(session: Path, name: str, rows: list[tuple[str, ...]]) -> Path:
    path = session / f"{name}.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *rows])
    return path


def test_pairs(tmp_path: Path) -> None:
    session = make(tmp_path, "pairs")
    key = json.loads((session / "key.json").read_text())["files"]
    questions = plan_of(session)["questions"]
    assert len(questions) == 4
    for one in questions:
        versions = [key[name] for name in one["versions"]]
        assert {version["codec"] for version in versions} == {"jpeg-420", "webp"}
        assert versions[0]["rate"] == versions[1]["rate"] == pytest.approx(versions[0]["bpp"], rel=0.1)
        assert versions[0]["picture"] == key[one["original"]]["picture"]
        with Image.open(session / one["versions"][0]) as picture:
            assert picture.size == (192, 160)
        assert not any(word in "".join(one["versions"]) for word in ("jpeg", "webp"))
    best = [(one, next(n for n in one["versions"] if key[n]["codec"] == "webp")) for one in questions]
    rows = [("a", o["original"], *o["versions"], "left" if o["versions"][0] == b else "right") for o, b in best]
    decided = answer(session, "a", rows)
    with pytest.raises(InvalidInputError, match="always won"):
        read_answers(session, [decided])
    files = []
    for observer in range(5):  # four of five prefer WebP, one sees nothing
        said = []
        for one, good in best:
            side = "left" if one["versions"][0] == good else "right"
            said.append((str(observer), one["original"], *one["versions"], side if observer else "same"))
        files.append(answer(session, str(observer), said))
    report = read_answers(session, files)
    assert (report.answers, report.observers) == (20, ["0", "1", "2", "3", "4"])
    assert [row["codec"] for row in report.rows] == ["webp", "jpeg-420"] * 2
    assert report.rows[0]["worth"] == pytest.approx(np.log(9) / 2)  # nine to one
    done = CliRunner().invoke(app, ["session-scores", str(session), *map(str, files)])
    assert done.exit_code == 0
    assert "20 answers of 5 observers" in done.output


def test_opinions(tmp_path: Path) -> None:
    session = make(tmp_path, "dsis")
    key = json.loads((session / "key.json").read_text())["files"]
    questions = plan_of(session)["questions"]
    assert len(questions) == 8
    files = []
    for observer in range(3):
        rows = []
        for one in questions:
            about = key[one["versions"][0]]
            score = 3 + (about["codec"] == "webp") + (about["rate"] > 1) - (observer == 2)
            rows.append((str(observer), one["original"], one["versions"][0], "", str(score)))
        files.append(answer(session, str(observer), rows))
    report = read_answers(session, files)
    found = {(row["codec"], row["rate"]): row["mos"] for row in report.rows}
    assert found[("webp", 1.5)] == pytest.approx(5 - 1 / 3)
    assert found[("jpeg-420", 0.7)] == pytest.approx(3 - 1 / 3)
    assert report.rejected == []


def test_what_is_no_answer(tmp_path: Path) -> None:
    session = make(tmp_path, "dsis")
    name = plan_of(session)["questions"][0]["versions"][0]
    for row in (("a", "", name, "", "6"), ("a", "", "other.png", "", "5")):
        with pytest.raises(InvalidInputError, match="line 2, is no answer"):
            read_answers(session, [answer(session, "a", [row])])
    with pytest.raises(InvalidInputError, match="is no session"):
        read_answers(tmp_path, [])
    with pytest.raises(InvalidInputError, match="no answers"):
        read_answers(session, [answer(session, "b", [])])
    again = ["session", "--data", str(tmp_path / "in"), "--codecs", "webp", "--kind", "dsis", "-o", str(session)]
    assert "not empty" in CliRunner().invoke(app, again).output + str(CliRunner().invoke(app, again).exception)

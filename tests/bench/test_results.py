"""Results files: they come back as they were written, are finite JSON, and outlive a killed process."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from latentpress.bench.journal import Journal, read_journal
from latentpress.bench.results import (
    CoderInfo,
    Header,
    PictureInfo,
    Point,
    Run,
    Time,
    Timing,
    in_order,
    read_results,
    read_timing,
    write_results,
)
from latentpress.bench.resume import kept_rows
from latentpress.errors import CorruptFileError, InvalidInputError, UnsupportedError

HEADER = Header(
    "2030-01-02T03:04:05+00:00",
    {"cpu": "Some CPU", "cores": 2, "system": "Some system"},
    {"python": "3", "numpy": "2"},
    "set",
    {"a": PictureInfo(3, 2, 3, "aa"), "b": PictureInfo(2, 3, 1, "bb")},
    ("psnr", "ms-ssim"),
    {
        "x": CoderInfo({"speed": 4, "list": [1]}, {"lib": "1"}, False, "qp", (40.0, 20.5)),
        "y": CoderInfo({}, {"lib": "2"}, True, "quality", (100.0,)),
    },
    {"z": "install it"},
)
POINTS = (
    Point("x", "a", 40.0, 10, 1.5, {"psnr": 30.25, "ms-ssim": 0.9}),
    Point("x", "a", 20.5, 20, 3.0, {"psnr": None}),
    Point("x", "b", 40.0, error="too wide"),
    Point("y", "a", 100.0, 30, 5.0),
)


def test_results_come_back(tmp_path: Path) -> None:
    run = Run(HEADER, POINTS)
    write_results(run, tmp_path / "results.jsonl")
    assert read_results(tmp_path / "results.jsonl") == run
    assert [path.name for path in tmp_path.iterdir()] == ["results.jsonl"]


def test_the_lines_are_the_agreed_ones(tmp_path: Path) -> None:
    write_results(Run(HEADER, POINTS), tmp_path / "results.jsonl")
    head, *points = [json.loads(line) for line in (tmp_path / "results.jsonl").read_text().splitlines()]
    assert (head["kind"], head["format"], head["missing"]) == ("run", 1, {"z": "install it"})
    assert head["coders"]["x"]["qualities"] == [40.0, 20.5]
    common = {"kind": "point", "coder": "x", "picture": "a"}
    assert points[0] == common | {"quality": 40.0, "bytes": 10, "bpp": 1.5, "psnr": 30.25, "ms-ssim": 0.9}
    assert points[1] == common | {"quality": 20.5, "bytes": 20, "bpp": 3.0, "psnr": None}
    assert points[2] == common | {"picture": "b", "quality": 40.0, "error": "too wide"}


def test_times_come_back(tmp_path: Path) -> None:
    times = (Time("x", "a", 40.0, 0.5, 0.1, 0.2, 5, 50.5, None), Time("y", "a", 100.0, error="no"))
    write_results(Timing(HEADER, times), tmp_path / "timing.jsonl")
    assert read_timing(tmp_path / "timing.jsonl") == Timing(HEADER, times)
    with pytest.raises(CorruptFileError, match="'time', not a 'point'"):
        read_results(tmp_path / "timing.jsonl")


def test_infinity_is_refused_and_the_old_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    write_results(Run(HEADER, POINTS), path)
    with pytest.raises(ValueError, match="JSON"):
        write_results(Run(HEADER, (Point("x", "a", 40.0, 1, 1.0, {"psnr": float("inf")}),)), path)
    assert read_results(path).points == POINTS


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("", CorruptFileError, "empty"),
        ("nonsense\n", CorruptFileError, "line 1"),
        ('{"kind": "run", "format": 1}', CorruptFileError, "line 1"),
        ('{"kind": "point"}\n', CorruptFileError, "begin"),
        ('{"kind": "run", "format": 2}\n', UnsupportedError, "format 2"),
        ('{"kind": "run", "format": 1}\n', CorruptFileError, "damaged"),
    ],
)
def test_damaged_files_are_refused_in_one_line(tmp_path: Path, text: str, error: type[Exception], message: str) -> None:
    path = tmp_path / "results.jsonl"
    path.write_text(text)
    with pytest.raises(error, match=message) as caught:
        read_results(path)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="cannot read"):
        read_results(tmp_path / "none.jsonl")


def test_order_is_that_of_the_header() -> None:
    assert in_order(HEADER, reversed(POINTS)) == POINTS


def test_a_journal_drops_a_cut_line_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "part.jsonl"
    with Journal(path) as journal:
        journal.append({"n": 1})
        journal.append({"n": "ü\r\n"})
        assert len(read_journal(path)) == 2  # on the disk before it is closed
    for rest in (b'{"n": 3', b'{"n": 3\n', b"\0\0\0\n", b"7\n"):
        whole = path.read_bytes()
        path.write_bytes(whole + rest)
        assert read_journal(path, cut=True) == [{"n": 1}, {"n": "ü\r\n"}]
        with pytest.raises(CorruptFileError, match="line 3"):
            read_journal(path)
        Journal(path).close()
        assert path.read_bytes() == whole
    with Journal(path) as journal:
        journal.append({"n": 4})
    assert read_journal(path)[-1] == {"n": 4}


def test_two_runs_do_not_share_a_journal(tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    with Journal(tmp_path / "part.jsonl"), pytest.raises(InvalidInputError, match="another run"):
        Journal(tmp_path / "part.jsonl")
    Journal(tmp_path / "part.jsonl").close()


def test_a_journal_in_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="cannot write"):
        Journal(tmp_path / "none" / "part.jsonl")


CODER = HEADER.coders["x"]
CHANGES: list[tuple[str, Callable[[Header], Header], int]] = [
    ("nothing", lambda h: h, 2),
    ("the date", lambda h: dataclasses.replace(h, date="later"), 2),
    ("another machine", lambda h: dataclasses.replace(h, machine={}), 2),
    ("settings", lambda h: _with_coder(h, settings={"speed": 6}), 0),
    ("versions", lambda h: _with_coder(h, versions={"lib": "9"}), 0),
    ("one quality less", lambda h: _with_coder(h, qualities=(40.0,)), 1),
    ("one quality more", lambda h: _with_coder(h, qualities=(40.0, 30.0, 20.5)), 2),
    ("the pixels", lambda h: dataclasses.replace(h, pictures={"a": PictureInfo(3, 2, 3, "cc")}), 0),
    ("the coder is gone", lambda h: dataclasses.replace(h, coders={"y": h.coders["y"]}), 0),
    ("metrics that the caller minds", lambda h: dataclasses.replace(h, metrics=("psnr",)), 0),
]


def _with_coder(header: Header, **changes: object) -> Header:
    return dataclasses.replace(header, coders={"x": dataclasses.replace(CODER, **changes)})


@pytest.mark.parametrize(("change", "expected"), [row[1:] for row in CHANGES], ids=[row[0] for row in CHANGES])
def test_points_are_kept_where_they_would_be_measured_again_just_so(
    tmp_path: Path, change: Callable[[Header], Header], expected: int
) -> None:
    write_results(Run(HEADER, POINTS), tmp_path / "old.jsonl")
    with open(tmp_path / "old.jsonl", "a") as stream:
        stream.write('{"kind": "point", "coder": "x", "pic')
    sources = (tmp_path / "none.jsonl", tmp_path / "old.jsonl")
    kept = kept_rows(Point, sources, change(HEADER), lambda then, now: then.metrics == now.metrics)
    ours = {key: point for key, point in kept.items() if key[0] == "x"}
    assert len(ours) == expected
    assert all(point in POINTS and not point.error for point in ours.values())


def test_each_header_speaks_for_the_points_below_it(tmp_path: Path) -> None:
    other = _with_coder(HEADER, settings={"speed": 6})
    lines = [other.record(), POINTS[0].record(), HEADER.record(), POINTS[1].record()]
    (tmp_path / "part.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    kept = kept_rows(Point, [tmp_path / "part.jsonl"], HEADER, lambda then, now: True)
    assert list(kept.values()) == [POINTS[1]]

"""`FolderJob`: what is done, what is done again, and what is left alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from latentpress.errors import InvalidInputError, LatentPressError
from latentpress.jobs import FolderJob, InProcess, Lost, Summary, Work
from latentpress.jobs.record import RECORD
from latentpress.jobs.work import Made


@dataclass(frozen=True)
class Double(Work):
    """Text files to files with the text ``times`` times; counts its calls."""

    times: int = 2
    calls: list[str] = field(default_factory=list, compare=False)

    name = "double"
    reads = (".txt", ".text")
    ending = ".out"

    def settings(self) -> dict[str, Any]:
        return {"times": self.times}

    def check(self) -> None:
        if self.times < 0:
            raise InvalidInputError("times must not be negative")

    def __call__(self, source: Any) -> Made:
        self.calls.append(Path(source).name)
        text = Path(source).read_bytes()
        if text.startswith(b"bad"):
            raise LatentPressError("the text\nis bad")
        if text.startswith(b"bug"):
            raise ZeroDivisionError("division by zero")
        return Made(text * self.times)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for name in ("a.txt", "b.txt", "sub/c.txt", "sub/deeper/d.TXT"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path / "in"


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "out"


def run(source: Path, output: Path, work: Double | None = None, *, force: bool = False) -> tuple[Summary, list[str]]:
    """Do the job here; gives the summary, and the names of the files that were worked on."""
    work = work or Double()
    work.calls.clear()
    job = FolderJob(work, str(source), str(output), force=force)
    plan = job.plan()
    summary = Summary.of(plan)
    for outcome in job.run(plan, InProcess()):
        summary.add(outcome)
    return summary, sorted(work.calls)


def tree(folder: Path) -> dict[str, bytes]:
    """Every file but the record."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != RECORD
    }


RESULTS = {
    "a.out": b"a.txt" * 2,
    "b.out": b"b.txt" * 2,
    "sub/c.out": b"sub/c.txt" * 2,
    "sub/deeper/d.out": b"sub/deeper/d.TXT" * 2,
}


def test_results_stand_at_the_same_place(source: Path, output: Path) -> None:
    (source / "notes.md").touch()
    summary, calls = run(source, output)
    assert tree(output) == RESULTS
    assert calls == ["a.txt", "b.txt", "c.txt", "d.TXT"]
    assert (len(summary.made), summary.done, summary.failed, summary.ignored) == (4, [], [], 1)
    assert summary.bytes_out == 2 * summary.bytes_in == sum(map(len, RESULTS.values()))
    by_name = {one.name: one for one in summary.made}
    assert by_name["sub/c.txt"].result == "sub/c.out"
    assert (by_name["sub/c.txt"].bytes_in, by_name["sub/c.txt"].bytes_out) == (9, 18)


def test_what_is_done_is_not_done_again(source: Path, output: Path) -> None:
    run(source, output)
    record = (output / RECORD).read_bytes()
    summary, calls = run(source, output)
    assert calls == []
    assert (summary.made, len(summary.done), summary.bytes_out) == ([], 4, sum(map(len, RESULTS.values())))
    assert (output / RECORD).read_bytes() == record


def test_only_what_is_new_changed_or_lost_is_done(source: Path, output: Path) -> None:
    run(source, output)
    before = (source / "a.txt").stat()
    (source / "a.txt").write_text("A.txt")  # same size; an older time, as a restored backup has
    os.utime(source / "a.txt", ns=(before.st_atime_ns, before.st_mtime_ns - 10**10))
    (source / "new.txt").write_text("new")
    (output / "b.out").unlink()
    assert run(source, output)[1] == ["a.txt", "b.txt", "new.txt"]
    assert tree(output) == {**RESULTS, "a.out": b"A.txtA.txt", "new.out": b"newnew"}
    assert run(source, output)[1] == []


def test_a_run_that_is_cut_off_goes_on(source: Path, output: Path) -> None:
    work = Double()
    job = FolderJob(work, str(source), str(output))
    outcomes = job.run(job.plan(), InProcess())
    next(outcomes)
    next(outcomes)
    outcomes.close()
    assert len(tree(output)) == 2
    (output / "sub").mkdir(exist_ok=True)
    for leftover in (".a.out.0123456789ab.tmp", "sub/.c.out.0123456789ab.tmp", f".{RECORD}.0123456789ab.tmp"):
        (output / leftover).write_text("half")
    (output / ".mine.tmp").write_text("not ours")
    first = set(work.calls)
    _, second = run(source, output)
    assert not first & set(second)
    assert len(first) == len(second) == 2
    assert tree(output) == {**RESULTS, ".mine.tmp": b"not ours"}


def test_a_forced_run_that_is_cut_off_keeps_old_results_until_there_are_new_ones(source: Path, output: Path) -> None:
    run(source, output)
    work = Double(3)
    job = FolderJob(work, str(source), str(output), force=True)
    outcomes = job.run(job.plan(), InProcess())
    next(outcomes)
    outcomes.close()
    assert tree(output) == {**RESULTS, "a.out": b"a.txt" * 3}
    assert run(source, output, Double(3))[1] == ["b.txt", "c.txt", "d.TXT"]
    assert tree(output)["b.out"] == b"b.txt" * 3


def test_bad_files_are_reported_and_tried_again(source: Path, output: Path) -> None:
    (source / "b.txt").write_text("bad")
    (source / "sub" / "c.txt").write_text("bug")
    (source / "lost.txt").symlink_to(source / "nowhere")
    summary, _ = run(source, output)
    assert sorted(tree(output)) == ["a.out", "sub/deeper/d.out"]
    assert {one.name: one.error for one in summary.failed} == {
        "b.txt": "the text is bad",
        "sub/c.txt": "ZeroDivisionError: division by zero",
        "lost.txt": "No such file or directory",
    }
    (source / "b.txt").write_text("good")
    summary, calls = run(source, output)
    assert calls == ["b.txt", "c.txt", "lost.txt"]
    assert [one.name for one in summary.made] == ["b.txt"]
    assert len(summary.done) == 2


def test_other_settings_or_another_source_are_refused(source: Path, output: Path, tmp_path: Path) -> None:
    run(source, output)
    with pytest.raises(InvalidInputError, match=r"times 2 then, 3 now.*force to"):
        run(source, output, Double(3))
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.txt").write_text("other")
    with pytest.raises(InvalidInputError, match=r"source .*/in then, .*/other now"):
        run(other, output)
    assert tree(output) == RESULTS
    assert len(run(source, output, Double(3), force=True)[1]) == 4
    assert tree(output)["a.out"] == b"a.txt" * 3


def test_a_job_without_results_holds_up_no_other(source: Path, output: Path) -> None:
    job = FolderJob(Double(), str(source), str(output))
    assert len(list(job.run(job.plan(), _Losing()))) == 4
    assert (output / RECORD).exists()
    run(source, output, Double(3))
    assert tree(output)["a.out"] == b"a.txt" * 3


@pytest.mark.parametrize("damage", ["", "{}", "[]", '{"format": 2}', '{"format": 1, "files": {"a": {}}}'])
def test_a_damaged_record(source: Path, output: Path, damage: str) -> None:
    run(source, output)
    (output / RECORD).write_text(damage)
    with pytest.raises(InvalidInputError, match=r"damaged.*force begins anew"):
        run(source, output)
    assert len(run(source, output, force=True)[1]) == 4
    assert run(source, output)[1] == []


def test_files_of_others_are_not_replaced(source: Path, output: Path) -> None:
    output.mkdir()
    (output / "a.out").write_text("precious")
    for _ in range(2):
        summary, _ = run(source, output)
        assert [(one.name, "--force" in one.error) for one in summary.failed] == [("a.txt", True)]
        assert tree(output) == {**RESULTS, "a.out": b"precious"}
    run(source, output, force=True)
    assert tree(output) == RESULTS


def test_a_new_clash_of_names_renames_the_old_result(source: Path, output: Path) -> None:
    run(source, output)
    (source / "a.text").write_text("other")
    assert run(source, output)[1] == ["a.text", "a.txt"]
    expected = {**RESULTS, "a.txt.out": b"a.txt" * 2, "a.text.out": b"other" * 2}
    del expected["a.out"]
    assert tree(output) == expected
    (source / "a.txt").unlink()
    assert run(source, output)[1] == ["a.text"]
    assert tree(output) == {**RESULTS, "a.out": b"other" * 2, "a.txt.out": b"a.txt" * 2}  # its source is gone, it stays


def test_a_source_may_take_the_name_of_another_that_is_gone(source: Path, output: Path) -> None:
    before = (source / "a.txt").stat()
    run(source, output)
    (source / "a.txt").rename(source / "a.text")
    (source / "a.text").write_text("later")
    assert run(source, output)[1] == ["a.text"]
    assert tree(output)["a.out"] == b"later" * 2
    (source / "a.text").unlink()
    (source / "a.txt").write_text("a.txt")
    os.utime(source / "a.txt", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert run(source, output)[1] == ["a.txt"]
    assert tree(output) == RESULTS


def test_results_within_the_source_folder(source: Path) -> None:
    assert len(run(source, source / "out")[1]) == 4
    assert run(source, source / "out")[1] == []
    assert len(run(source, source)[1]) == 4  # beside the sources
    assert run(source, source)[1] == []
    assert (source / "sub" / "c.out").read_bytes() == b"sub/c.txt" * 2


class Same(Double):
    """Text to text."""

    ending = ".txt"


def test_sources_are_never_replaced(source: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="the source itself"):
        FolderJob(Same(), str(source), f"{source}/", force=True)
    (source / "sub" / "sub").mkdir()
    (source / "sub" / "sub" / "c.txt").write_text("inner")
    with pytest.raises(InvalidInputError, match="would be replaced"):
        # the result of in/sub/sub/c.txt would be in/sub/c.txt
        FolderJob(Same(), str(source / "sub"), str(source), force=True).plan()
    assert (source / "sub" / "sub" / "c.txt").read_text() == "inner"


def test_nothing_to_do_is_an_error(tmp_path: Path, output: Path) -> None:
    with pytest.raises(InvalidInputError, match="cannot read the folder"):
        run(tmp_path / "none", output)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.md").touch()
    with pytest.raises(InvalidInputError, match=r"nothing to double.*1 files of other kinds"):
        run(tmp_path / "in", output)
    assert not output.exists()


def test_impossible_settings_are_found_before_any_work(source: Path, output: Path) -> None:
    with pytest.raises(InvalidInputError, match="negative"):
        run(source, output, Double(-1))
    assert not output.exists()


def test_an_output_folder_that_cannot_be_made(source: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LatentPressError, match="cannot"):
        run(source, tmp_path / "file" / "out")


class _Losing(InProcess):
    """An executor whose workers die of everything."""

    def each(self, function: Any, items: Any) -> Iterator[Any]:  # type: ignore[override]
        for item in items:
            yield item, Lost("the worker died")


def test_lost_items_are_failures(source: Path, output: Path) -> None:
    job = FolderJob(Double(), str(source), str(output))
    plan = job.plan()
    errors = {outcome.name: outcome.error for outcome in job.run(plan, _Losing())}
    assert errors == dict.fromkeys(("a.txt", "b.txt", "sub/c.txt", "sub/deeper/d.TXT"), "the worker died")
    assert len(run(source, output)[1]) == 4


def test_results_have_the_times_of_their_sources(source: Path, output: Path) -> None:
    os.utime(source / "a.txt", ns=(10**18, 10**18 + 123_000))
    run(source, output)
    assert (output / "a.out").stat().st_mtime_ns == (source / "a.txt").stat().st_mtime_ns
    assert run(source, output, force=True)[1] == ["a.txt", "b.txt", "c.txt", "d.TXT"]
    assert run(source, output)[1] == []  # the same bytes with the same time are new all the same


def test_a_second_job_in_the_folder_is_refused(source: Path, output: Path) -> None:
    job = FolderJob(Double(), str(source), str(output))
    outcomes = job.run(job.plan(), InProcess())
    next(outcomes)
    with pytest.raises(InvalidInputError, match=f"another job is at work in {output}; let it end"):
        run(source, output)
    outcomes.close()
    assert len(run(source, output)[1]) == 3
    assert [path.name for path in output.iterdir() if path.name.startswith(".")] == [RECORD]

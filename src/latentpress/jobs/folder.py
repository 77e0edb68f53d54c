"""`FolderJob`: one thing done with every file of a folder, to be stopped at any time and taken up again."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field, replace

from latentpress.errors import InvalidInputError, LatentPressError
from latentpress.jobs.executor import Executor
from latentpress.jobs.names import output_names
from latentpress.jobs.record import RECORD, Planned, Record, read_record, write_record
from latentpress.jobs.stores import Folder, open_folder
from latentpress.jobs.work import Work
from latentpress.processes import Lost

__all__ = ["FolderJob", "Outcome", "Plan", "Summary"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a file, or is to become.

    name: of the source, relative to its folder. result: of its result, relative to the output folder. bytes_in,
    bytes_out: their sizes. psnr: in dB, where it was asked for. warnings: one line each. error: why there is no result,
    one line; empty if there is one. modified_ns: when the source was last changed, which its result keeps.
    kept: whether the result has the source's very bytes in it.
    """

    name: str
    result: str = ""
    bytes_in: int = 0
    bytes_out: int = 0
    psnr: float | None = None
    warnings: tuple[str, ...] = ()
    error: str = ""
    modified_ns: int | None = None
    kept: bool = False


@dataclass(frozen=True)
class Plan:
    """todo: sources without a result. done: those that have one. failed: sources that cannot be worked on. ignored:
    how many files are of another kind. record: what the run will leave in the output folder. renamed: results that an
    earlier run has made under names that they have no more.
    """

    todo: list[Outcome]
    done: list[Outcome]
    failed: list[Outcome]
    ignored: int
    record: Record
    renamed: set[str]


@dataclass
class Summary:
    """What a run came to. made: new results. done: those that were there. failed: sources without a result.
    ignored: how many files are of another kind.
    """

    made: list[Outcome] = field(default_factory=list)
    done: list[Outcome] = field(default_factory=list)
    failed: list[Outcome] = field(default_factory=list)
    ignored: int = 0

    @classmethod
    def of(cls, plan: Plan) -> Summary:
        """The summary of a run that has just begun."""
        return cls([], list(plan.done), list(plan.failed), plan.ignored)

    def add(self, outcome: Outcome) -> None:
        """Count what a file has become."""
        (self.failed if outcome.error else self.made).append(outcome)

    @property
    def bytes_in(self) -> int:
        """Bytes of the sources that have a result."""
        return sum(outcome.bytes_in for outcome in (*self.made, *self.done))

    @property
    def bytes_out(self) -> int:
        """Bytes of all results."""
        return sum(outcome.bytes_out for outcome in (*self.made, *self.done))


class FolderJob:
    """``work`` on each file below ``source``, results below ``output`` at the same place in the tree.

    source, output: paths or URLs of folders; the second is made. Where the output folder lies inside the source folder,
    its files are no sources. force: make everything anew, and replace what stands in the way.

    plan: see what there is to do. run: do it; a second run in an output folder at the same time is refused.

    Raises InvalidInputError if both are one folder and results would be taken for sources.
    """

    def __init__(self, work: Work, source: str, output: str, *, force: bool = False) -> None:
        self.work, self.force = work, force
        self.source, self.output = open_folder(source), open_folder(output)
        if self.source == self.output and work.ending in work.reads:
            raise InvalidInputError(f"{output} is the source itself; choose another folder for the results")

    def plan(self) -> Plan:
        """Look at both folders; changes nothing.

        Raises InvalidInputError if a folder cannot be read, holds nothing to work on, or holds results of another job,
        and LatentPressError for settings of the work that are not possible.
        """
        self.work.check()
        record = Record(self.work.name, self.source.place, self.work.settings())
        known = self._known(record)
        listing = self.source.find(self.work.reads, self.output)
        if not listing.files and not listing.problems:
            others = f" ({listing.ignored} files of other kinds)" if listing.ignored else ""
            raise InvalidInputError(f"{self.source.place}: nothing to {self.work.name} in this folder{others}")
        results = output_names(listing.files, self.work.ending)
        there = self.output.entries(results.values())
        self._check_apart(listing.files, results)

        ours = {planned.result for planned in known.values()}
        taken = set(results.values())
        record.files.update((name, one) for name, one in known.items() if one.result not in taken)
        failed = [Outcome(name, error=f"cannot read the folder: {why}") for name, why in listing.problems.items()]
        plan = Plan([], [], failed, listing.ignored, record, set())
        for name, entry in listing.files.items():
            result, planned = results[name], known.get(name)
            outdated = there.get(result)
            if planned is not None and outdated is not None and planned.is_done(entry, result, outdated):
                plan.done.append(Outcome(name, result, entry.bytes, outdated.bytes))
                record.files[name] = planned
            elif outdated is not None and result not in ours and not self.force:
                where = self.output.address(result)
                error = f"{where} exists and is not of this job; use --force to replace it"
                plan.failed.append(Outcome(name, result, entry.bytes, error=error))
            else:
                plan.todo.append(Outcome(name, result, entry.bytes, modified_ns=entry.modified_ns))
                record.files[name] = Planned(entry, result, outdated)
                if planned is not None and planned.result not in taken:
                    plan.renamed.add(planned.result)
        return plan

    def run(self, plan: Plan, executor: Executor) -> Generator[Outcome, None, None]:
        """Do what the plan has found; gives what became of each file, in any order.

        Closing the generator stops the run. Raises InvalidInputError if another job is at work in the output folder,
        LatentPressError if it cannot be written to, or there is nobody to work.
        """
        if plan.todo:
            with self.output.locked():
                yield from self._run(plan, executor)

    def _run(self, plan: Plan, executor: Executor) -> Generator[Outcome, None, None]:
        results = [planned.result for planned in plan.record.files.values()]
        for name in plan.renamed | self.output.leftovers([RECORD, *results]):
            self.output.remove(name)
        write_record(self.output, plan.record)
        function = functools.partial(_make, self.work, self.source, self.output)
        with contextlib.closing(executor.each(function, plan.todo)) as outcomes:
            for task, outcome in outcomes:
                yield _failed(task, outcome.reason) if isinstance(outcome, Lost) else outcome

    def _known(self, record: Record) -> dict[str, Planned]:
        """What earlier runs of this job have planned; raises InvalidInputError if there are results of another job."""
        before = None if self.force else read_record(self.output)
        if before is None:
            return {}
        if self.output.entries(planned.result for planned in before.files.values()):
            before.check_same(record, self.output.place)
        return before.files

    def _check_apart(self, sources: Iterable[str], results: dict[str, str]) -> None:
        """Raise InvalidInputError if a result would replace a source: folders inside one another can do that."""
        if not isinstance(self.output, type(self.source)):
            return
        addresses = {self.source.address(name) for name in sources}
        for result in results.values():
            if self.output.address(result) in addresses:
                raise InvalidInputError(
                    f"{self.output.address(result)} is a source, and would be replaced; choose another output folder"
                )


def _make(work: Work, source: Folder, output: Folder, task: Outcome) -> Outcome:
    """Make one result, wherever this runs."""
    try:
        made = work.for_file(task.name)(source.source(task.name))
        output.write(task.result, made.data, task.modified_ns)
    except Exception as error:  # a codec from elsewhere may raise anything; the other files are none the worse for it
        return _failed(task, _reason(error))
    return replace(
        task, bytes_out=len(made.data), psnr=made.psnr, warnings=made.warnings, kept=made.kept, modified_ns=None
    )


def _failed(task: Outcome, reason: str) -> Outcome:
    return Outcome(task.name, task.result, task.bytes_in, error=reason)


def _reason(error: Exception) -> str:
    """What went wrong, on one line."""
    if isinstance(error, MemoryError):
        return "out of memory"
    text = " ".join(str(getattr(error, "strerror", None) or error).split())
    return text if isinstance(error, LatentPressError | OSError) and text else f"{type(error).__name__}: {text}"

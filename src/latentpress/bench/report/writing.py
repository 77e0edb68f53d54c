"""Write the report of a benchmark, and the comparison of a few versions of one picture."""

from __future__ import annotations

import functools
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from latentpress.atomic import atomic_output
from latentpress.bench.coders import get_coder
from latentpress.bench.coders.base import Pixels
from latentpress.bench.pictures import read_pixels
from latentpress.bench.report.embedding import LADDER, Embedded, embed
from latentpress.bench.report.matching import Coded, Sample, Target, encode_near
from latentpress.bench.report.page import render
from latentpress.bench.report.tables import finite, report_tables, samples_of
from latentpress.bench.results import Run
from latentpress.errors import InvalidInputError, LatentPressError, LimitError
from latentpress.metrics import similarity_db

__all__ = ["TARGETS", "Entry", "write_comparison", "write_report"]

TARGETS = (Target("bpp", 0.25), Target("bpp", 0.5), Target("psnr", 30.0))
"""What the pictures of a report have in common, unless told otherwise: as many as fit in good quality for Kodak."""

_MAX_BYTES = 30_000_000
_SHOWN_BYTES = 500  # numbers of a picture that is shown
_GROWTH = 4 / 3  # of base64
_MATCHED = 2.5  # `Target.miss` up to which a file counts as matched: 10 % of rate, 0.4 dB
_PROBES = 3  # pictures on which the quality of embedding is tried

_Each = Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]]


@dataclass(frozen=True, eq=False)
class Entry:
    """A version of a picture in a comparison.

    name: of the file or the coder. coded: the picture. quality_name: what its quality is. note: a remark of one line.
    """

    name: str
    coded: Coded
    quality_name: str = "quality"
    note: str = ""


@dataclass(frozen=True)
class _Shown:
    """One coder's file in the picture pages, without its pixels: they are decoded again when they are embedded."""

    coder: str
    target: str
    numbers: dict[str, Any]
    data: bytes


@dataclass(frozen=True)
class _Page:
    """One picture of the data set and all that is shown of it."""

    name: str
    path: Path
    size: tuple[int, int]
    shown: tuple[_Shown, ...]
    errors: tuple[dict[str, str], ...]


def write_report(
    run: Run,
    summary: Mapping[str, Any],
    pictures: Mapping[str, Path],
    out_path: str | os.PathLike[str],
    *,
    targets: Sequence[Target] = TARGETS,
    max_bytes: int = _MAX_BYTES,
    jobs: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write the report of a benchmark as one HTML file that needs nothing else.

    run: the measured points. summary: of them, as `latentpress.bench.summary.summarise` gives it. pictures: the
    originals by their names in the run; those that are left out get no picture page. targets: rates or PSNRs at which
    coders stand side by side; each picture is coded again for each coder and target, which takes most of the time.
    max_bytes: of the file; re-encoded pictures get the best quality that fits, and if the least does not, the last
    pictures are left out. jobs: processes, spawned ones if more than one. progress: called with the number of pictures
    coded, and of all.

    A coder that fails here, or cannot be used, is missing from the picture pages, and the page says why. Raises
    LatentPressError if a picture cannot be read or the file cannot be written.
    """
    title = f"Image coders on {run.header.dataset}"
    data: dict[str, Any] = {
        "kind": "benchmark",
        **report_tables(run, summary),
        "targets": [{"id": target.label, "kind": target.kind} for target in targets],
    }
    names = [name for name in run.header.pictures if name in pictures]
    work = [(name, pictures[name], samples_of(run, name)) for name in names]
    with _workers(jobs) as each:
        pages: list[_Page] = []
        for page in each(functools.partial(_code, targets=tuple(targets)), work):
            pages.append(page)
            if progress:
                progress(len(pages), len(work))
        data["errors"] += [error for page in pages for error in page.errors]
        room = max_bytes - len(render(title, data, {})) - _SHOWN_BYTES * sum(len(page.shown) + 1 for page in pages)
        files, data["left_out"] = _fit(pages, room, each)
    images: dict[str, Embedded] = {}
    data["pictures"] = [_describe(page, embedded, images) for page, embedded in files]
    _write(title, data, images, out_path)


def write_comparison(
    original: Entry,
    entries: Sequence[Entry],
    out_path: str | os.PathLike[str],
    *,
    max_bytes: int = _MAX_BYTES,
) -> None:
    """Write a page that sets versions of one picture beside it: one HTML file that needs nothing else.

    original: the reference, a `Coded` of its own file. entries: at least one, names unique, each measured against the
    reference. max_bytes: of the file, as for `write_report`.

    Raises InvalidInputError for no entries, a name that comes twice or pictures of different shapes, LimitError if the
    pictures do not fit, LatentPressError if the file cannot be written.
    """
    names = [entry.name for entry in entries]
    if not names:
        raise InvalidInputError("a comparison needs at least one picture beside the reference")
    if len({original.name, *names}) <= len(names):
        raise InvalidInputError("the pictures of a comparison need names of their own")
    if any(entry.coded.pixels.shape != original.coded.pixels.shape for entry in entries):
        raise InvalidInputError("the pictures of a comparison must have one size and one number of channels")
    found: dict[str, Embedded] = {}
    for quality in LADDER:
        # The reference is always re-encoded: its own file may carry a colour profile that the numbers know nothing of.
        found = {"original": embed(original.coded.pixels, None, quality)}
        for place, entry in enumerate(entries):
            found[f"entry-{place}"] = embed(entry.coded.pixels, entry.coded.data, quality)
        if _size(found.values()) <= max_bytes:
            break
    else:
        raise LimitError(f"the pictures do not fit into {max_bytes:,} bytes; compare fewer or smaller ones")
    target = "as given"
    height, width, _ = original.coded.pixels.shape
    data = {
        "kind": "comparison",
        "coders": {entry.name: {"quality": entry.quality_name, "note": entry.note} for entry in entries},
        "targets": [{"id": target, "kind": "given"}],
        "pictures": [
            {
                "name": original.name,
                "width": width,
                "height": height,
                "original": _reference("original", found["original"])
                | {"bytes": len(original.coded.data), "bpp": finite(original.coded.bpp)},
                "shown": {
                    target: {
                        entry.name: _numbers(entry.coded) | _reference(f"entry-{place}", found[f"entry-{place}"])
                        for place, entry in enumerate(entries)
                    }
                },
            }
        ],
    }
    _write(f"Comparison of {original.name}", data, found, out_path)


def _code(work: tuple[str, Path, dict[str, list[Sample]]], *, targets: tuple[Target, ...]) -> _Page:
    """Code one picture with every coder for every target."""
    name, path, samples = work
    original = read_pixels(path)
    shown, errors = [], []
    for id, points in samples.items():
        for target in targets:
            try:
                coded = encode_near(get_coder(id), original, points, target)
            except LatentPressError as error:
                errors.append({"coder": id, "picture": name, "quality": target.label, "error": str(error)})
                continue
            matched = target.miss(coded.bpp, coded.psnr) < _MATCHED
            shown.append(_Shown(id, target.label, _numbers(coded) | {"matched": matched}, coded.data))
    return _Page(name, path, (original.shape[1], original.shape[0]), tuple(shown), tuple(errors))


def _embed(page: _Page, *, quality: int) -> tuple[Embedded, list[Embedded]]:
    """The original of a page, and each of its pictures in their order."""
    done: dict[tuple[str, float], Embedded] = {}
    for shown in page.shown:
        key = (shown.coder, shown.numbers["quality"])
        if key not in done:
            pixels: Pixels = get_coder(shown.coder).decode(shown.data)
            done[key] = embed(pixels, shown.data, quality)
    return embed(read_pixels(page.path), None, quality), [
        done[shown.coder, shown.numbers["quality"]] for shown in page.shown
    ]


def _fit(
    pages: list[_Page], room: int, each: _Each
) -> tuple[list[tuple[_Page, tuple[Embedded, list[Embedded]]]], list[str]]:
    """Embed the pages at the best quality that fits; returns them, and the names of those that found no room."""
    probes = pages[:: max(1, len(pages) // _PROBES)][:_PROBES]
    files: list[tuple[Embedded, list[Embedded]]] = []
    for quality in LADDER:
        last = quality == LADDER[-1]
        # Few pictures tell whether all would fit; near the limit, all are tried.
        if len(pages) > _PROBES and not last:
            tried = sum(_size(_distinct(*file)) for file in each(functools.partial(_embed, quality=quality), probes))
            if tried * len(pages) / len(probes) > room * 1.1:
                continue
        files = list(each(functools.partial(_embed, quality=quality), pages))
        if sum(_size(_distinct(*file)) for file in files) <= room:
            break
    kept, used = [], 0
    for page, file in zip(pages, files, strict=True):
        used += _size(_distinct(*file))
        if used <= room:
            kept.append((page, file))
    names = {page.name for page, _ in kept}
    return kept, [page.name for page in pages if page.name not in names]


def _distinct(original: Embedded, shown: list[Embedded]) -> list[Embedded]:
    """The files of a page, each once."""
    return list({id(file): file for file in (original, *shown)}.values())


def _describe(page: _Page, file: tuple[Embedded, list[Embedded]], images: dict[str, Embedded]) -> dict[str, Any]:
    """The page's part of the data; its files go into ``images``."""
    original, embedded = file
    prefix = f"i{len(images)}"
    keys: dict[int, str] = {}
    for place, one in enumerate(_distinct(original, embedded)):
        keys[id(one)] = f"{prefix}-{place}"
        images[keys[id(one)]] = one
    shown: dict[str, dict[str, Any]] = {}
    for item, one in zip(page.shown, embedded, strict=True):
        shown.setdefault(item.target, {})[item.coder] = item.numbers | _reference(keys[id(one)], one)
    return {
        "name": page.name,
        "width": page.size[0],
        "height": page.size[1],
        "original": _reference(keys[id(original)], original),
        "shown": shown,
    }


def _numbers(coded: Coded) -> dict[str, Any]:
    """The true numbers of a coded picture."""
    similarity = None if coded.ms_ssim is None else similarity_db(coded.ms_ssim)
    return {
        "quality": coded.quality,
        "bytes": len(coded.data),
        "bpp": finite(coded.bpp),
        "psnr": finite(coded.psnr),
        "ms-ssim": finite(coded.ms_ssim),
        "ms-ssim-db": finite(similarity),
        "exact": coded.psnr == float("inf"),
    }


def _reference(key: str, image: Embedded) -> dict[str, Any]:
    """Which element holds a picture, and how true it is."""
    return {"image": key, "native": image.native, "embedded_psnr": finite(image.psnr)}


def _size(images: Iterable[Embedded]) -> int:
    """Bytes that pictures take in the page, their elements included."""
    return sum(round(_GROWTH * len(image.data)) + 100 for image in images)


def _write(title: str, data: Mapping[str, Any], images: Mapping[str, Embedded], path: str | os.PathLike[str]) -> None:
    """Write the page whole or not at all."""
    page = render(title, data, images)
    with atomic_output(path) as stream:
        stream.write(page)


class _workers:
    """``with _workers(jobs) as each: each(function, items)``: results in order, in this process or in several."""

    def __init__(self, jobs: int) -> None:
        # Spawned, not forked: the parent may hold threads of a network or of a thread pool.
        self._pool: ProcessPoolExecutor | None = None
        if jobs > 1:
            # Ctrl-C reaches every process of the terminal; the parent decides what to do.
            ignore = (signal.SIGINT, signal.SIG_IGN)
            self._pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), signal.signal, ignore)

    def __enter__(self) -> _Each:
        return self._pool.map if self._pool else map

    def __exit__(self, *error: object) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

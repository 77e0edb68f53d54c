"""What a benchmark run found: a header, and points or times; JSON Lines on the disk.

A file begins with a line ``{"kind": "run", ...}``, the header: machine, versions, pictures, coders and their settings.
After it stands a line for each measured point (``"kind": "point"``, in ``results.jsonl``) or time (``"kind": "time"``,
in ``timing.jsonl``), in the order coder, picture, quality. Numbers are finite: an infinite metric (the PSNR of equal
pictures) is null, and one that a picture cannot have (MS-SSIM of a small one) is left out.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from latentpress.atomic import atomic_output
from latentpress.bench.journal import read_journal
from latentpress.errors import CorruptFileError, UnsupportedError

__all__ = [
    "FORMAT",
    "CoderInfo",
    "Header",
    "Key",
    "PictureInfo",
    "Point",
    "Run",
    "Time",
    "Timing",
    "in_order",
    "read_results",
    "read_timing",
    "write_results",
]

FORMAT = 1
"""Of the files; a reader refuses any other."""

Key = tuple[str, str, float]
"""(coder, picture, quality): what tells points of one run apart."""

_POINT_FIELDS = ("coder", "picture", "quality", "bytes", "bpp", "error")


@dataclass(frozen=True)
class PictureInfo:
    """A picture of the data set: its size in pixels, 1 or 3 channels, and the SHA-256 of its pixels as hex."""

    width: int
    height: int
    channels: int
    sha256: str


@dataclass(frozen=True)
class CoderInfo:
    """A coder as it was measured; the fields are those of `latentpress.bench.coders.Coder`."""

    settings: dict[str, Any]
    versions: dict[str, str]
    lossless: bool
    quality_name: str
    qualities: tuple[float, ...]


@dataclass(frozen=True)
class Header:
    """What was measured, where and with what.

    date: when the run ended, ISO 8601 in UTC. machine: ``cpu``, ``cores``, ``system``. versions: of Python, of this
    package and of what the metrics stand on. dataset: name of the folder. pictures, coders: by name, in the order of
    the results. metrics: names in `latentpress.metrics.METRICS`. missing: coders that could not be used, with why.
    """

    date: str
    machine: dict[str, Any]
    versions: dict[str, str]
    dataset: str
    pictures: dict[str, PictureInfo]
    metrics: tuple[str, ...]
    coders: dict[str, CoderInfo]
    missing: dict[str, str] = field(default_factory=dict)

    def record(self) -> dict[str, Any]:
        """The header as the JSON object of its line."""
        return {"kind": "run", "format": FORMAT, **_plain(dataclasses.asdict(self))}

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Header:
        """The header in a line. Raises UnsupportedError for another format, CorruptFileError for another object."""
        if record.get("kind") != "run":
            raise CorruptFileError("the results do not begin with a line about the run")
        if record.get("format") != FORMAT:
            raise UnsupportedError(f"the results have format {record.get('format')!r}, and only {FORMAT} is read")
        try:
            return cls(
                record["date"],
                record["machine"],
                record["versions"],
                record["dataset"],
                {name: PictureInfo(**picture) for name, picture in record["pictures"].items()},
                tuple(record["metrics"]),
                {
                    id: CoderInfo(**coder | {"qualities": tuple(coder["qualities"])})
                    for id, coder in record["coders"].items()
                },
                record["missing"],
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise CorruptFileError(f"the line about the run is damaged: {error}") from error


@dataclass(frozen=True)
class Point:
    """One picture, coded once.

    quality: on the coder's own scale. bytes: of the whole file. bpp: 8 * bytes / (width * height). metrics: by name,
    None where the number is infinite; empty for a lossless coder, whose picture came back exactly. error: why there
    is no result, in one line; empty where there is one.
    """

    coder: str
    picture: str
    quality: float
    bytes: int = 0
    bpp: float = 0.0
    metrics: dict[str, float | None] = field(default_factory=dict)
    error: str = ""

    @property
    def key(self) -> Key:
        """(coder, picture, quality)."""
        return self.coder, self.picture, self.quality

    def record(self) -> dict[str, Any]:
        """The point as the JSON object of its line."""
        found = {"error": self.error} if self.error else {"bytes": self.bytes, "bpp": self.bpp, **self.metrics}
        return {"kind": "point", "coder": self.coder, "picture": self.picture, "quality": self.quality, **found}

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Point:
        """The point in a line. Raises CorruptFileError for another object."""
        fields = {name: record[name] for name in _POINT_FIELDS if name in record}
        metrics = {name: value for name, value in record.items() if name not in ("kind", *_POINT_FIELDS)}
        return _made(cls, record, "point", fields | {"metrics": metrics})


@dataclass(frozen=True)
class Time:
    """How long a coder took over one picture, alone on the machine.

    encode_seconds, decode_seconds: medians of ``repeats`` calls, wall clock, in memory. encode_peak_mb,
    decode_peak_mb: most memory that a fresh process had resident, in megabytes (10^6 bytes), with all that it holds -
    Python, the libraries, the picture - and the programs that the coder starts; None where the system does not tell.
    error: why there is no result; empty where there is one.
    """

    coder: str
    picture: str
    quality: float
    bpp: float = 0.0
    encode_seconds: float = 0.0
    decode_seconds: float = 0.0
    repeats: int = 0
    encode_peak_mb: float | None = None
    decode_peak_mb: float | None = None
    error: str = ""

    @property
    def key(self) -> Key:
        """(coder, picture, quality)."""
        return self.coder, self.picture, self.quality

    def record(self) -> dict[str, Any]:
        """The time as the JSON object of its line."""
        fields = dataclasses.asdict(self)
        kept = ("coder", "picture", "quality", "error") if self.error else [name for name in fields if name != "error"]
        return {"kind": "time", **{name: fields[name] for name in kept}}

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Time:
        """The time in a line. Raises CorruptFileError for another object."""
        return _made(cls, record, "time", {name: value for name, value in record.items() if name != "kind"})


@dataclass(frozen=True)
class Run:
    """Rates and distortions: a header and its points, in the order coder, picture, quality."""

    header: Header
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Timing:
    """Times and memory: a header and its times, in the order coder, picture, quality."""

    header: Header
    times: tuple[Time, ...]


_Row = TypeVar("_Row", Point, Time)


def in_order(header: Header, rows: Iterable[_Row]) -> tuple[_Row, ...]:
    """Rows in the header's order of coders, pictures and qualities."""
    coders = {id: place for place, id in enumerate(header.coders)}
    pictures = {name: place for place, name in enumerate(header.pictures)}

    def place(row: _Row) -> tuple[int, int, int]:
        return coders[row.coder], pictures[row.picture], header.coders[row.coder].qualities.index(row.quality)

    return tuple(sorted(rows, key=place))


def read_results(path: str | Path) -> Run:
    """Read ``results.jsonl``.

    Raises InvalidInputError if the file cannot be read, CorruptFileError if it is damaged, UnsupportedError if it has
    another format.
    """
    header, rows = _read(path)
    return Run(header, tuple(Point.of(row) for row in rows))


def read_timing(path: str | Path) -> Timing:
    """Read ``timing.jsonl``; raises as `read_results`."""
    header, rows = _read(path)
    return Timing(header, tuple(Time.of(row) for row in rows))


def write_results(run: Run | Timing, path: str | Path) -> None:
    """Write a run or a timing pass; the file appears whole or not at all."""
    rows: tuple[Point, ...] | tuple[Time, ...] = run.points if isinstance(run, Run) else run.times
    records = [run.header.record(), *(row.record() for row in rows)]
    text = "".join(json.dumps(record, allow_nan=False, ensure_ascii=False) + "\n" for record in records)
    with atomic_output(path) as stream:
        stream.write(text.encode())


def _read(path: str | Path) -> tuple[Header, list[dict[str, Any]]]:
    """The header and the other lines."""
    records = read_journal(Path(path))
    if not records:
        raise CorruptFileError(f"{path} is empty")
    return Header.of(records[0]), records[1:]


def _made(kind: type[_Row], record: Mapping[str, Any], name: str, fields: dict[str, Any]) -> _Row:
    """A row of the fields, or CorruptFileError."""
    try:
        if record.get("kind") != name:
            raise CorruptFileError(f"a line of the results is a {record.get('kind')!r}, not a {name!r}")
        return kind(**fields)
    except TypeError as error:
        raise CorruptFileError(f"a {name} in the results is damaged: {error}") from error


def _plain(value: Any) -> Any:
    """The value as it comes back from JSON: tuples as lists."""
    return json.loads(json.dumps(value, allow_nan=False))

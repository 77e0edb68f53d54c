"""``latentpress inspect`` and ``latentpress codecs``."""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import Annotated

import typer

import latentpress
from latentpress.apps import streams

__all__ = ["codecs", "inspect"]

_FLOAT = "pixels"  # the stage that is float work

_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def inspect(
    source: Annotated[str, typer.Argument(metavar="FILE", help="An .lpx or JPEG file, - for stdin.")],
    verify: Annotated[
        bool, typer.Option("--verify", help="Decode it too, and show a digest of what each stage gives.")
    ] = False,
    against: Annotated[
        str | None,
        typer.Option(
            metavar="JSON", help="Compare the stages with those that inspect --verify --json gave on another machine."
        ),
    ] = None,
    as_json: _Json = False,
) -> None:
    """Show what an .lpx file holds, and check its checksums; of a JPEG file, how and how often it was compressed.

    Works without the codec and model that made the file, but for --verify. Two machines that decode a file differently
    find the first stage at which they differ with --verify --json on one of them and --against on the other.

    Example: latentpress inspect photo.lpx --json
    """
    data = streams.read_bytes(source)
    if data[:3] == b"\xff\xd8\xff":
        if verify or against is not None:
            raise latentpress.InvalidInputError("--verify and --against are for .lpx files, not for JPEG files")
        with streams.naming(source):
            _inspect_jpeg(data, as_json)
        return
    with streams.naming(source):
        info = latentpress.inspect(data, verify=verify or against is not None)
    _show(info, as_json)
    if against is not None:
        _compare(info, against)
    if info.problem:
        raise latentpress.CorruptFileError(f"{streams.shown(source)}: {info.problem}")


def _show(info: latentpress.FileInfo, as_json: bool) -> None:
    if as_json:
        print(json.dumps({**dataclasses.asdict(info), "bpp": info.bpp, "overhead_bytes": info.overhead_bytes}))
        return
    print("\n".join(f"{name + ':':11} {value}" for name, value in _rows(info)))


def _compare(info: latentpress.FileInfo, against: str) -> None:
    """Say at which stage decoding differs from another machine's. Raises LatentPressError if one before the pixels
    does, InvalidInputError for what is no JSON of ours.
    """
    try:
        others = json.loads(streams.read_bytes(against))["checkpoints"]
        same = {name: others.get(name) == digest for name, digest in info.checkpoints.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise latentpress.InvalidInputError(
            f"{against} is not what latentpress inspect --verify --json writes"
        ) from None
    first = next((name for name, alike in same.items() if not alike), None)
    if first is None or first == _FLOAT:
        far = "all stages agree" if first is None else "all stages agree but the pixels, which may differ by one level"
        print(f"{against}: {far}", file=sys.stderr)
        return
    raise latentpress.LatentPressError(f"decoding differs from {against} from this stage on: {first}")


def codecs(as_json: _Json = False) -> None:
    """List the installed codecs and their models.

    Packages add codecs through the entry-point group latentpress.codecs.

    Example: latentpress codecs
    """
    rows = latentpress.list_codecs()
    if as_json:
        print(json.dumps([dataclasses.asdict(row) for row in rows]))
        return
    for row in rows:
        kind = "lossless" if row.lossless else "lossy"
        print(f"{row.id} (number {row.number}): {row.problem or f'{kind}. {row.description}'}")
        if row.models:
            print(f"    models: {', '.join(row.models)}")


def _inspect_jpeg(data: bytes, as_json: bool) -> None:
    """Print the past of a JPEG file."""
    from latentpress.systems.double_jpeg.detector import examine

    past = examine(data)
    if as_json:
        print(json.dumps({"format": "JPEG", **dataclasses.asdict(past), "file_bytes": len(data)}))
        return
    about = "" if past.standard else "about "
    rows = [
        ("format", f"JPEG, {past.kind}, subsampling {past.subsampling}"),
        ("picture", f"{past.width} x {past.height}, {'RGB' if past.components == 3 else 'gray'}, 8 bits a sample"),
        ("quality", f"{about}{past.quality}" + ("" if past.standard else " (the file has tables of its own)")),
        ("past", past.words),
        ("size", f"{len(data):,} bytes, {8 * len(data) / (past.width * past.height):.4f} bpp"),
    ]
    print("\n".join(f"{name + ':':12}{value}" for name, value in rows))


def _rows(info: latentpress.FileInfo) -> list[tuple[str, object]]:
    """Names and values for people."""
    colour = ("gray", "gray + alpha", "RGB", "RGB + alpha")[info.channels - 1]
    rows: list[tuple[str, object]] = [
        ("format", f".lpx {info.version[0]}.{info.version[1]}"),
        ("codec", f"{info.codec or 'unknown to this version'} (number {info.codec_number})"),
        ("model", f"{info.model} ({info.model_name or 'not installed'})" if info.model else "none"),
        ("picture", f"{info.width} x {info.height}, {colour}, {info.bit_depth} bits a sample"),
        *(info.facts or {"rate index": str(info.rate)}).items(),
        ("size", f"{info.file_bytes:,} bytes, {info.bpp:.4f} bpp, of these {info.overhead_bytes} bytes of overhead"),
    ]
    for chunk in info.chunks:
        skippable = ", may be skipped" if chunk.ancillary else ""
        rows.append(("chunk", f"{chunk.name} (type {chunk.kind}), {chunk.bytes:,} bytes{skippable}"))
    rows += [("check", f"{digest[:16]} {name}") for name, digest in info.checkpoints.items()]
    return rows

"""``latentpress inspect`` and ``latentpress codecs``."""

from __future__ import annotations

import dataclasses
import json
from typing import Annotated

import typer

import latentpress
from latentpress.apps import streams

__all__ = ["codecs", "inspect"]

_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def inspect(
    source: Annotated[str, typer.Argument(metavar="FILE", help="An .lpx file, - for stdin.")],
    as_json: _Json = False,
) -> None:
    """Show what an .lpx file holds, and check its checksums.

    Works without the codec and model that made the file.

    Example: latentpress inspect photo.lpx --json
    """
    data = streams.read_bytes(source)
    with streams.naming(source):
        info = latentpress.inspect(data)
    if as_json:
        print(json.dumps({**dataclasses.asdict(info), "bpp": info.bpp, "overhead_bytes": info.overhead_bytes}))
        return
    print("\n".join(f"{name + ':':12}{value}" for name, value in _rows(info)))


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


def _rows(info: latentpress.FileInfo) -> list[tuple[str, str]]:
    """Names and values for people."""
    colour = ("gray", "gray + alpha", "RGB", "RGB + alpha")[info.channels - 1]
    rows = [
        ("format", f".lpx {info.version[0]}.{info.version[1]}"),
        ("codec", f"{info.codec or 'unknown to this version'} (number {info.codec_number})"),
        ("model", f"{info.model} ({info.model_name or 'not installed'})" if info.model else "none"),
        ("picture", f"{info.width} x {info.height}, {colour}, {info.bit_depth} bits a sample"),
        *info.facts.items(),
        ("rate index", str(info.rate)),
        ("size", f"{info.file_bytes:,} bytes, {info.bpp:.4f} bpp, of these {info.overhead_bytes} bytes of overhead"),
    ]
    for chunk in info.chunks:
        skippable = ", may be skipped" if chunk.ancillary else ""
        rows.append(("chunk", f"{chunk.name} (type {chunk.kind}), {chunk.bytes:,} bytes{skippable}"))
    return rows

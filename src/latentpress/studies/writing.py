"""A study's result as JSON, as Markdown and as a page of HTML that needs nothing else."""

from __future__ import annotations

import html
import json
from pathlib import Path

from latentpress.atomic import atomic_output
from latentpress.bench.report import script_hash
from latentpress.studies.base import Result, Table

__all__ = ["to_html", "to_markdown", "write_result"]

_STYLE = """
:root { color-scheme: light dark; }
body { margin: 0 auto; padding: 24px 20px 48px; max-width: 1080px; font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; }
.scroll { overflow-x: auto; margin: 28px 0; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding-bottom: 6px; }
th, td { padding: 4px 12px 4px 0; border-bottom: 1px solid #8886; text-align: left; white-space: nowrap; }
li { margin: 6px 0; }
footer { margin-top: 32px; font-size: .875rem; opacity: .75; }
"""


def write_result(result: Result, folder: Path) -> list[Path]:
    """Write ``NAME.json``, ``NAME.md`` and ``NAME.html`` into a folder, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        ".json": json.dumps(result.data, indent=1, allow_nan=False) + "\n",
        ".md": to_markdown(result),
        ".html": to_html(result),
    }
    paths = []
    for suffix, text in texts.items():
        path = folder / f"{result.name}{suffix}"
        with atomic_output(path) as stream:
            stream.write(text.encode())
        paths.append(path)
    return paths


def to_markdown(result: Result) -> str:
    """Title, paragraphs, tables, numbered notes."""
    blocks = [f"# {_plain(result.title)}", *map(_plain, result.intro)]
    for table in result.tables:
        rows = [table.columns, ("---",) * len(table.columns), *table.rows]
        lines = ["| " + " | ".join(_plain(cell).replace("|", "\\|") for cell in row) + " |" for row in rows]
        blocks += [f"**{_plain(table.caption)}**", "\n".join(lines)]
    if result.notes:
        blocks += ["## Notes", "\n".join(f"{i}. {_plain(note)}" for i, note in enumerate(result.notes, start=1))]
    return "\n\n".join([*blocks, _origin(result)]) + "\n"


def to_html(result: Result) -> str:
    """The same as a page that loads nothing and runs no script."""
    title = html.escape(result.title)
    parts = [f"<h1>{title}</h1>", *(f"<p>{html.escape(text)}</p>" for text in result.intro)]
    parts += [_table(table) for table in result.tables]
    if result.notes:
        parts += ["<h2>Notes</h2>", "<ol>", *(f"<li>{html.escape(note)}</li>" for note in result.notes), "</ol>"]
    parts.append(f"<footer>{html.escape(_origin(result))}</footer>")
    policy = f"default-src 'none'; style-src '{script_hash(_STYLE)}'"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style></head>\n<body>\n" + "\n".join(parts) + "\n</body></html>\n"
    )


def _table(table: Table) -> str:
    head = "".join(f'<th scope="col">{html.escape(cell)}</th>' for cell in table.columns)
    rows = "\n".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in table.rows)
    return (
        f'<div class="scroll"><table><caption>{html.escape(table.caption)}</caption>\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{rows}\n</tbody></table></div>"
    )


def _origin(result: Result) -> str:
    made = result.data.get("date", "")
    return f"Written by latentpress reproduce {result.name}" + (f", {made}." if made else ".")


def _plain(text: str) -> str:
    return " ".join(text.split())

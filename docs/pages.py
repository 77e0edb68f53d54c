"""Make the parts of the documentation that say which systems there are, from the catalogue.

    python docs/pages.py            # write docs/papers.md and the codec table of docs/format.md
    python docs/pages.py --check    # exit 1 if they are out of date

docs/papers.toml has a table for each group of the papers' systems, with rows of three kinds: name, source and
description of what is not there yet; these, status, place and where it was measured; and ``system``, an id of the
catalogue whose declaration has the rest, with ``name`` in the papers, ``status`` and ``measured`` if there is more to
say. A system that no row names gets a row of its own in the group that it declares.
"""

from __future__ import annotations

import argparse
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from latentpress.catalogue import NAMED_CODEC, NUMBERS, System, folder_of, system, systems

DOCS = Path(__file__).resolve().parent
PAPERS, FORMAT = DOCS / "papers.md", DOCS / "format.md"

INTRODUCTION = """# The systems of five papers

LatentPress is to become the working form of five survey and study papers on image compression with deep learning:
each system that they describe, behind one interface. This page says how far that is; `python docs/pages.py` writes it
from the catalogue of systems and `docs/papers.toml`. **works**: usable and tested; **part**: a piece of it works;
**not yet**: nothing is there. A result is given only where a command of this repository measured it; results printed
in papers belong to the papers and are things to compare with, not claims of ours.

The papers:

- **S0** Y.-H. Lee, *Study on Image Compression Algorithm with Deep Learning* (2022, Korean): a survey.
- **S1** Y.-H. Lee, H.-J. Kim, *Comparison Analysis of Deep Learning-based Image Compression Approaches* (2023,
  Korean): an autoencoder against a convolutional network.
- **S2** A survey of learned lossless image compression, summer conference of the Korean Institute of Broadcast and
  Media Engineers (2022, Korean). Our copy ends before the part on camera raw images.
- **S3** L. Wang, S. Wang, *A survey of Image Compression Algorithms based on Deep Learning* (2023),
  doi:10.21203/rs.3.rs-2794445/v1.
- **S4** S. Kunwar, A. S. Alade, *Strategies in JPEG Compression using Convolutional Neural Network* (2023),
  doi:10.55248/gengpi.4.723.48514.
"""

HEADINGS = ("system", "source", "what it is", "status", "where", "measured")


def papers_page(groups: Mapping[str, Mapping[str, Any]]) -> str:
    """The page of all systems. Raises UnsupportedError for a row of a system that is not in the catalogue."""
    named = {row["system"] for group in groups.values() for row in group["rows"] if isinstance(row, Mapping)}
    parts = [INTRODUCTION]
    for id, group in groups.items():
        rows = [_row(row) for row in group["rows"]]
        rows += [_declared(one, {}) for one in systems() if one.group == id and one.id not in named]
        parts.append(f"## {id} {group['title']}\n\n{table(HEADINGS, rows)}")
    return "\n".join(parts)


def codec_table() -> str:
    """The numbers that files know codecs by."""
    rows = [[str(number), f"`{id}`", _page(system(id)) or "below"] for number, id in sorted(NUMBERS.items())]
    rows.append([f"{max(NUMBERS) + 1}-{NAMED_CODEC - 1}", "", "reserved; given out in `catalogue.py`"])
    rows.append([str(NAMED_CODEC), "named", "codecs of third parties, found by the name in the header"])
    return table(("number", "id", "stream"), rows)


def with_codec_table(page: str) -> str:
    """docs/format.md with the table under its heading "Codecs" written anew."""
    before, heading, rest = page.partition("## Codecs\n\n")
    _, following, after = rest.partition("\n## ")
    return before + heading + codec_table() + following + after


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "".join("| " + " | ".join(cells) + " |\n" for cells in lines).replace("|  |", "| |")


def _row(row: Any) -> list[str]:
    if isinstance(row, Mapping):
        return _declared(system(row["system"]), row)
    return [*row, "not yet", "-", "-"] if len(row) == 3 else list(row)


def _declared(one: System, said: Mapping[str, str]) -> list[str]:
    name = f"{said['name']}: `{one.id}`" if "name" in said else f"`{one.id}`"
    papers = ", ".join(source for source in one.sources if source[:1] == "S" and source[1:].isdigit())
    measured = _page(one) or said.get("measured", "-")
    return [name, papers, one.about, said.get("status", "works"), f"`systems/{folder_of(one.id).name}/`", measured]


def _page(one: System) -> str:
    """A link to the page of a system, if it has one."""
    page = folder_of(one.id) / "page.md"
    return f"[its page](../src/latentpress/systems/{page.parent.name}/page.md)" if page.is_file() else ""


def main() -> None:
    """Write or check."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="exit 1 if a page is out of date")
    check = parser.parse_args().check
    groups = tomllib.loads((DOCS / "papers.toml").read_text(encoding="utf-8"))
    for path, page in (
        (PAPERS, papers_page(groups)),
        (FORMAT, with_codec_table(FORMAT.read_text(encoding="utf-8"))),
    ):
        if not check:
            path.write_text(page, encoding="utf-8")
        elif path.read_text(encoding="utf-8") != page:
            raise SystemExit(f"{path} is out of date: python docs/pages.py writes it")


if __name__ == "__main__":
    main()

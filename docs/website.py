"""Make the documentation site: the Markdown files of the repository as pages, every link between them checked.

    python docs/website.py             # into build/site; `make docs` installs what it needs

Pages keep their places, so that their links hold in the repository and on the site. A link to a file that is no page,
such as a source file, becomes plain text; one to a file that does not exist stops the build, as does an anchor that no
page has.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES, SITE = ROOT / "build" / "site-pages", ROOT / "build" / "site"
SOURCES = ("*.md", "docs/**/*.md", "docs/images/*", "src/latentpress/systems/*/page.md")
_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)")
_CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)


def pages() -> list[Path]:
    """The files that the site has, relative to the repository."""
    return sorted(path.relative_to(ROOT) for pattern in SOURCES for path in ROOT.glob(pattern))


def page(text: str, place: Path, known: frozenset[Path]) -> str:
    """The text of a page of which links to what the site does not have are taken out.

    Raises SystemExit for a link to nothing.
    """
    code = [(found.start(), found.end()) for found in _CODE.finditer(text)]

    def link(found: re.Match[str]) -> str:
        mark, label, target = found.groups()
        path = target.partition("#")[0]
        inside = any(start <= found.start() and found.end() <= end for start, end in code)
        if inside or "://" in target or target.startswith(("#", "mailto:")):
            return found.group()
        there = (ROOT / place).parent.joinpath(path).resolve()
        if not there.exists():
            raise SystemExit(f"{place}: there is no {path}")
        return found.group() if there.relative_to(ROOT) in known else f"{mark}{label}"

    return _LINK.sub(link, text)


def main() -> None:
    """Write the pages and build the site."""
    shutil.rmtree(PAGES, ignore_errors=True)
    found = pages()
    for place in found:
        target = PAGES / place
        target.parent.mkdir(parents=True, exist_ok=True)
        if place.suffix == ".md":
            text = page((ROOT / place).read_text(encoding="utf-8"), place, frozenset(found))
            target.write_text(text, encoding="utf-8")
        else:
            shutil.copy(ROOT / place, target)
    command = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "--quiet",
        "--config-file",
        str(ROOT / "mkdocs.yml"),
    ]
    if subprocess.run(command, check=False).returncode:
        raise SystemExit("the site has broken links; they are named above")
    print(f"{SITE.relative_to(ROOT)}/index.html: {sum(place.suffix == '.md' for place in found)} pages")


if __name__ == "__main__":
    main()

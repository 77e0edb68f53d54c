"""Pages of the documentation site: links lead somewhere. `make docs` checks anchors too."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SPEC = importlib.util.spec_from_file_location("docs_website", ROOT / "docs" / "website.py")
assert SPEC is not None
assert SPEC.loader is not None
website = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(website)


def test_every_link_of_every_page_leads_somewhere() -> None:
    known = frozenset(website.pages())
    assert Path("README.md") in known
    for place in known:
        if place.suffix == ".md":
            website.page((ROOT / place).read_text(encoding="utf-8"), place, known)


def test_links_to_what_is_no_page_become_text_and_broken_ones_stop() -> None:
    known = frozenset({Path("README.md")})
    text = "[a](../README.md#top) [b](../pyproject.toml) `[c](nowhere.md)` [d](https://example.org)"
    assert website.page(text, Path("docs/x.md"), known) == text.replace("[b](../pyproject.toml)", "b")
    with pytest.raises(SystemExit, match=r"docs/x\.md: there is no nowhere\.md"):
        website.page("[c](nowhere.md)", Path("docs/x.md"), known)

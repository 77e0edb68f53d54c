"""Pages that are written from the catalogue: the committed ones are up to date, and their places exist."""

from __future__ import annotations

import importlib
import re
import sys
import tomllib
from pathlib import Path

import pytest

from latentpress import catalogue
from latentpress.errors import UnsupportedError

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs"))
claims, pages = importlib.import_module("claims"), importlib.import_module("pages")
GROUPS = tomllib.loads((ROOT / "docs" / "papers.toml").read_text(encoding="utf-8"))


def test_the_committed_pages_are_those_of_the_catalogue() -> None:
    assert pages.PAPERS.read_text(encoding="utf-8") == pages.papers_page(GROUPS), "python docs/pages.py writes it"
    page = pages.FORMAT.read_text(encoding="utf-8")
    assert page == pages.with_codec_table(page), "python docs/pages.py writes it"


def test_every_system_has_one_row_in_a_group_that_there_is() -> None:
    rows = pages.papers_page(GROUPS)
    for one in catalogue.systems():
        assert rows.count(f"`{one.id}` | {', '.join(s for s in one.sources if s.startswith('S'))}") == 1, one.id


def test_an_unnamed_system_gets_a_row_and_an_unknown_one_is_refused() -> None:
    alone = pages.papers_page({"G11": {"title": "Lossless", "rows": []}})
    assert "| `lc-fdnet` | S2 | lossless coding by sub-images" in alone
    with pytest.raises(UnsupportedError, match="no system 'nothing'"):
        pages.papers_page({"G1": {"title": "", "rows": [{"system": "nothing"}]}})


def test_places_exist() -> None:
    for row in (row for group in GROUPS.values() for row in group["rows"] if isinstance(row, list) and len(row) > 3):
        folder = ""
        for place in re.findall(r"`([^`]+)`", row[4]):
            folder = f"{Path(place).parent}/" if "/" in place else folder  # a file alone is beside the one before
            path = place if "/" in place or not folder else folder + place
            assert any((root / path).exists() for root in (ROOT, ROOT / "src" / "latentpress")), place


def test_the_list_of_claims_is_made_from_the_results(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    page = claims.claims_page(tomllib.loads(claims.SOURCE.read_text(encoding="utf-8")))
    assert claims.PAGE.read_text(encoding="utf-8") == page, "python docs/claims.py writes it"
    monkeypatch.setattr(claims, "RESULTS", tmp_path)
    (tmp_path / "r.json").write_text('{"a.b": [{"of": "x", "is": 1}, {"of": "x", "is": 3}, {"of": "y", "is": 9}]}')
    assert claims.figure('r.json: "a.b".of=x.is') == 2
    assert claims.figure('r.json: "a.b".*.is') == 13 / 3
    with pytest.raises(KeyError):
        claims.figure('r.json: "a.b".of=z.is')
    with pytest.raises(KeyError):
        claims.claims_page({"S0": [{"claim": "", "where": "", "verdict": "maybe", "evidence": ""}]})

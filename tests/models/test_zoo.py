"""Models of other distributions are found through entry points; a message says which of them has a missing one."""

from __future__ import annotations

import importlib.metadata
import json
import runpy
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from latentpress.errors import UnsupportedError
from latentpress.models import SEARCH_PATH, find_model, installed_models, shelf, where_to_get

ROOT = Path(__file__).parents[2]
PackageMaker = Callable[..., Path]


@pytest.fixture
def announced(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Makes the entry points of the group those given, as name=module."""

    def announce(**modules: str) -> None:
        entries = [importlib.metadata.EntryPoint(name, module, shelf.ENTRY_POINTS) for name, module in modules.items()]
        monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: entries)
        shelf._announced.cache_clear()

    monkeypatch.delenv(SEARCH_PATH, raising=False)
    yield announce
    shelf._announced.cache_clear()


def test_models_of_an_announced_package_are_found_without_importing_it(
    announced: Callable[..., None], make_package: PackageMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "some_models"
    make_package(root / "violet", codec="hyperprior")
    (root / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    announced(some="some_models", none="no_such_module")
    assert find_model("hyperprior", name="violet").folder == root / "violet"
    assert installed_models("hyperprior")[-1].name == "violet"
    assert "some_models" not in sys.modules


def test_message_says_which_distribution_ships_a_missing_model(announced: Callable[..., None]) -> None:
    announced()
    known = json.loads((ROOT / "src/latentpress/models" / shelf.ELSEWHERE).read_text())
    id, about = next(iter(known.items()))
    for wanted in ({"name": about["name"]}, {"id": bytes.fromhex(id)}):
        with pytest.raises(UnsupportedError, match=f"{about['name']}.* comes with the package latentpress-zoo"):
            find_model("hyperprior", **wanted)
    assert where_to_get(about["name"]) == "; it comes with the package latentpress-zoo"
    assert not where_to_get("of nobody")


def test_list_of_the_zoo_is_up_to_date() -> None:
    script = runpy.run_path(str(ROOT / "benchmarks/elsewhere.py"))
    assert (ROOT / "src/latentpress/models" / shelf.ELSEWHERE).read_text() == script["listed"]()

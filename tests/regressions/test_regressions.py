"""Every input that once went wrong, again."""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import latentpress
from latentpress.image.display import chunks_of

HERE = Path(__file__).parent
INDEX: dict[str, dict[str, Any]] = json.loads((HERE / "index.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def front() -> ModuleType:
    """The front of the fuzzer."""
    sys.path.insert(0, str(HERE.parents[1] / "fuzz"))
    try:
        import front
    finally:
        sys.path.pop(0)
    return front


def of_kind(kind: str) -> list[str]:
    return [name for name, entry in INDEX.items() if entry["kind"] == kind]


def _text(name: str | bytes) -> str:
    return name if isinstance(name, str) else name.decode()


@pytest.mark.parametrize("name", of_kind("picture"))
def test_pictures_are_read_as_they_are(name: str) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        image = latentpress.read_image(HERE / name)
    back = latentpress.decompress(latentpress.compress(image, lossless=True))
    assert back == image
    found = {
        "mode": image.mode,
        "bit_depth": image.bit_depth,
        "display": sorted(map(_text, chunks_of(back.metadata.display))),
        "warning": str(caught[0].message).removeprefix(f"{HERE / name}: ") if caught else "",
    }
    for key, value in INDEX[name]["expect"].items():
        assert found[key] == value, key


@pytest.mark.parametrize("name", of_kind("refused"))
def test_files_are_refused(name: str) -> None:
    with pytest.raises(getattr(latentpress, INDEX[name]["expect"]["error"])):
        latentpress.decompress((HERE / name).read_bytes())


@pytest.mark.parametrize("name", of_kind("fuzz"))
def test_findings_of_the_fuzzer_are_none_any_more(
    name: str, front: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(latentpress.limits, "MAX_PIXELS", front.MOST_PIXELS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        front.one_input((HERE / name).read_bytes())


def test_every_file_is_named() -> None:
    others = {"README.md", "index.json", Path(__file__).name}
    assert {path.name for path in HERE.iterdir() if path.is_file()} - others == set(INDEX)

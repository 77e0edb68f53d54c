"""Models are found by name, by id, by path, and in the folders of LATENTPRESS_MODELS.

Each test has a search path of its own: what was found under one is remembered for the rest of the process.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

import latentpress
from latentpress.errors import CorruptFileError, UnsupportedError
from latentpress.models import SEARCH_PATH, ModelPackage, ModelPathWarning, find_model, installed_models

PackageMaker = Callable[..., Path]


def test_default_model_is_the_shipped_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SEARCH_PATH, raising=False)
    package = find_model("hyperprior")
    assert package.codec == "hyperprior"
    assert package.folder.parent == Path(latentpress.__file__).parent / "models"
    assert find_model("hyperprior", id=package.id).name == package.name
    assert find_model("hyperprior", name=package.name).id == package.id


@pytest.fixture
def shelf(make_package: PackageMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the models `blue` and `red`, on the search path."""
    root = tmp_path / "shelf"
    make_package(root / "red", config={"latents": 1})
    make_package(root / "blue", config={"latents": 2})
    monkeypatch.setenv(SEARCH_PATH, str(root))
    return root


def test_found_by_name_and_id(shelf: Path) -> None:
    for name in ("red", "blue"):
        package = find_model("hyperprior", name=name)
        assert (package.name, package.folder) == (name, shelf / name)
        assert find_model("hyperprior", id=package.id).folder == shelf / name


def test_found_by_path_without_a_search_path(
    make_package: PackageMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_package(tmp_path / "elsewhere", name="green")
    monkeypatch.delenv(SEARCH_PATH, raising=False)
    assert find_model("hyperprior", name=str(folder)).name == "green"
    monkeypatch.chdir(tmp_path)
    assert find_model("hyperprior", name="elsewhere").folder == folder.resolve()
    with pytest.raises(UnsupportedError, match="hyperprior green is not installed"):
        find_model("hyperprior", name="green")


def test_damaged_package_at_a_path_says_so(make_package: PackageMaker, tmp_path: Path) -> None:
    folder = make_package(tmp_path / "elsewhere", sha256="")
    with pytest.raises(CorruptFileError, match="elsewhere"):
        find_model("hyperprior", name=str(folder))


def test_shipped_models_come_first_then_each_folder_by_name(
    shelf: Path, make_package: PackageMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_package(tmp_path / "second" / "amber", config={"latents": 3})
    make_package(tmp_path / "second" / "red", config={"latents": 4})
    monkeypatch.setenv(SEARCH_PATH, os.pathsep.join(["", str(shelf), str(tmp_path / "none"), str(tmp_path / "second")]))
    with pytest.warns(ModelPathWarning, match="none is no folder"):
        packages = installed_models("hyperprior")
    assert [p.name for p in packages if tmp_path in p.folder.parents] == ["blue", "red", "amber", "red"]
    assert tmp_path not in packages[0].folder.parents
    assert find_model("hyperprior", name="red").folder == shelf / "red"


def test_models_of_other_codecs_stay_out(shelf: Path, make_package: PackageMaker) -> None:
    make_package(shelf / "grey", codec="other")
    assert "grey" not in [p.name for p in installed_models("hyperprior")]
    assert [p.name for p in installed_models("other")] == ["grey"]
    with pytest.raises(UnsupportedError, match="hyperprior grey is not installed"):
        find_model("hyperprior", name="grey")


def test_unreadable_packages_are_passed_over_and_told_once(shelf: Path, make_package: PackageMaker) -> None:
    make_package(shelf / "broken")
    (shelf / "broken" / "card.json").write_text("{")
    make_package(shelf / "newer", format=2)
    make_package(shelf / "nameless", sha256="xyz")
    (shelf / "empty").mkdir()
    (shelf / "note.txt").write_text("not a package")
    with pytest.warns(ModelPathWarning) as told:
        packages = [*installed_models("hyperprior"), *installed_models("hyperprior")]
    assert [p.name for p in packages if shelf in p.folder.parents] == ["blue", "red"] * 2
    assert len(told) == 3


def test_message_names_what_is_installed(shelf: Path) -> None:
    red = ModelPackage(shelf / "red").id.hex()
    for wanted in ({"name": "pink"}, {"id": b"\1" * 8}):
        with pytest.raises(UnsupportedError) as caught:
            find_model("hyperprior", **wanted)
        text = str(caught.value)
        assert f"red ({red})" in text
        assert "blue (" in text
        assert ("hyperprior pink is not" in text) or ("hyperprior model 0101010101010101 is not" in text)
        assert SEARCH_PATH in text


def test_codec_without_models(shelf: Path) -> None:
    assert installed_models("nobody") == []
    with pytest.raises(UnsupportedError, match=r"nobody default model is not installed \(installed: none\)"):
        find_model("nobody")

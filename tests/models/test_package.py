"""A model package opens when it is whole; a change of anything that coding depends on is noticed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from latentpress.errors import CorruptFileError, InvalidInputError
from latentpress.models import ModelPackage, installed_models, package_digest

PackageMaker = Callable[..., Path]


def edit_card(folder: Path, **changes: Any) -> None:
    """Change keys of a package's card; None removes one."""
    path = folder / "card.json"
    card = json.loads(path.read_text(encoding="utf-8")) | changes
    path.write_text(json.dumps({k: v for k, v in card.items() if v is not None}), encoding="utf-8")


def test_sound_package_opens(make_package: PackageMaker, tmp_path: Path) -> None:
    package = ModelPackage(make_package(tmp_path / "mine"))
    assert (package.name, package.codec, package.config) == ("mine", "hyperprior", {"latents": 8})
    assert package.id == bytes.fromhex(package.card["sha256"])[:8]
    assert package.network("one") == b"first"
    assert sorted(package.files) == ["one.onnx", "tables.npz", "two.onnx"]
    assert {name: array.tolist() for name, array in package.tables.items()} == {"counts": [65536], "radius": [0]}
    assert repr(package) == f"ModelPackage({str(tmp_path / 'mine')!r})"


def test_shipped_packages_are_whole() -> None:
    packages = installed_models("hyperprior")
    assert packages
    for package in packages:
        assert package_digest(package.codec, package.config, package.files).hex() == package.card["sha256"]


def test_digest_stands_for_all_that_coding_depends_on() -> None:
    files = {"one.onnx": b"first", "tables.npz": b"counts"}
    digests = [
        package_digest("hyperprior", {"latents": 8}, files),
        package_digest("hyperprior", {"latents": 16}, files),
        package_digest("other", {"latents": 8}, files),
        package_digest("hyperprior", {"latents": 8}, files | {"one.onnx": b"firsT"}),
        package_digest("hyperprior", {"latents": 8}, files | {"tables.npz": b"Counts"}),
        package_digest("hyperprior", {"latents": 8}, files | {"two.onnx": b""}),
        package_digest("hyperprior", {"latents": 8}, {"onf.onnx": b"first", "tables.npz": b"counts"}),
        package_digest("hyperprior", {"latents": 8}, {"one.onnx": b"counts", "tables.npz": b"first"}),
    ]
    assert len(set(digests)) == len(digests)
    assert {len(digest) for digest in digests} == {32}


def test_digest_does_not_depend_on_order() -> None:
    one = package_digest("c", {"a": 1, "b": 2}, {"x.onnx": b"1", "y.onnx": b"2"})
    assert one == package_digest("c", {"b": 2, "a": 1}, {"y.onnx": b"2", "x.onnx": b"1"})


def test_results_may_be_added_to_a_card(make_package: PackageMaker, tmp_path: Path) -> None:
    folder = make_package(tmp_path / "mine")
    before = ModelPackage(folder).id
    edit_card(folder, results={"psnr": 38.5}, licence="Apache-2.0")
    (folder / "README.md").write_text("notes beside the model are nobody's business")
    package = ModelPackage(folder)
    assert package.id == before
    assert package.network("two") == b"second"


@pytest.mark.parametrize("file", ["one.onnx", "two.onnx", "tables.npz"])
@pytest.mark.parametrize("damage", ["flip", "cut", "delete"])
def test_damaged_file_is_noticed(make_package: PackageMaker, tmp_path: Path, file: str, damage: str) -> None:
    path = make_package(tmp_path / "mine") / file
    data = path.read_bytes()
    if damage == "delete":
        path.unlink()
    else:
        path.write_bytes(bytes([data[0] ^ 1]) + data[1:] if damage == "flip" else data[:-1])
    package = ModelPackage(tmp_path / "mine")
    with pytest.raises(CorruptFileError, match="its files do not match its card"):
        package.network("one")
    with pytest.raises(CorruptFileError, match="mine"):
        _ = package.tables


def test_foreign_network_is_noticed(make_package: PackageMaker, tmp_path: Path) -> None:
    folder = make_package(tmp_path / "mine")
    (folder / "three.onnx").write_bytes(b"third")
    with pytest.raises(CorruptFileError, match="do not match"):
        ModelPackage(folder).network("one")


def test_changed_config_is_noticed(make_package: PackageMaker, tmp_path: Path) -> None:
    folder = make_package(tmp_path / "mine")
    edit_card(folder, config={"latents": 9})
    with pytest.raises(CorruptFileError, match="do not match"):
        ModelPackage(folder).network("one")


def test_lacking_network_is_named(make_package: PackageMaker, tmp_path: Path) -> None:
    package = ModelPackage(make_package(tmp_path / "mine"))
    with pytest.raises(CorruptFileError, match="lacks the network three"):
        package.network("three")


# Right digest, wrong contents: a package that someone built by hand.
@pytest.mark.parametrize("tables", [b"", b"no archive", b"PK\3\4 half an archive", b"\x93NUMPY"])
def test_unreadable_tables(make_package: PackageMaker, tmp_path: Path, tables: bytes) -> None:
    package = ModelPackage(make_package(tmp_path / "mine", files={"tables.npz": tables}))
    with pytest.raises(CorruptFileError, match="no readable tables"):
        _ = package.tables


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "\x00", '"card"'])
def test_damaged_card(make_package: PackageMaker, tmp_path: Path, text: str) -> None:
    folder = make_package(tmp_path / "mine")
    (folder / "card.json").write_text(text, encoding="utf-8")
    with pytest.raises(CorruptFileError, match="card of model package"):
        ModelPackage(folder)


def test_card_that_is_no_text(make_package: PackageMaker, tmp_path: Path) -> None:
    folder = make_package(tmp_path / "mine")
    (folder / "card.json").write_bytes(b"\xff\xfe\x00{")
    with pytest.raises(CorruptFileError, match="damaged"):
        ModelPackage(folder)


@pytest.mark.parametrize("key", ["name", "codec", "config", "sha256", "format"])
@pytest.mark.parametrize("value", [None, [1]], ids=["missing", "wrong type"])
def test_incomplete_card(make_package: PackageMaker, tmp_path: Path, key: str, value: object) -> None:
    folder = make_package(tmp_path / "mine")
    edit_card(folder, **{key: value})
    with pytest.raises(CorruptFileError, match=f"lacks one of: .*{key}"):
        ModelPackage(folder)


@pytest.mark.parametrize("digest", ["", "not hexadecimal", "abcd", "A" * 64, "0" * 65])
def test_digest_that_is_none(make_package: PackageMaker, tmp_path: Path, digest: str) -> None:
    with pytest.raises(CorruptFileError, match="no SHA-256"):
        ModelPackage(make_package(tmp_path / "mine", sha256=digest))


def test_missing_package(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(InvalidInputError, match=r"no model package at .* \(it has no card.json\)"):
            ModelPackage(folder)


def test_newer_layout_is_refused(make_package: PackageMaker, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="has layout 2; this version reads 1"):
        ModelPackage(make_package(tmp_path / "mine", format=2))

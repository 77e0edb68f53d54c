"""Folders of this machine and behind URLs behave alike."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest

from latentpress import remote
from latentpress.errors import InvalidInputError
from latentpress.jobs.stores import Folder, LocalFolder, RemoteFolder, open_folder


@pytest.fixture(params=["local", "remote"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Folder]:
    if request.param == "local":
        yield open_folder(str(tmp_path))
        return
    store = pytest.importorskip("fsspec").filesystem("memory")
    store.store.clear()
    yield open_folder("memory://stores/")
    store.store.clear()
    store.pseudo_dirs[:] = [""]


def test_files_in_a_folder(folder: Folder) -> None:
    for name in ("b.png", "a/c.PNG", "a/notes.txt", ".hidden.png", ".folder/d.png", "out/e.png"):
        folder.write(name, name.encode())
    folder.write("b.png", b"again")
    listing = folder.find((".png",), open_folder(folder.address("out")))
    assert list(listing.files) == ["a/c.PNG", "b.png"]
    assert listing.ignored == 1
    assert list(folder.find((".png",), folder).files) == ["a/c.PNG", "b.png", "out/e.png"]
    assert folder.read("b.png") == b"again"
    entry = folder.entry("b.png")
    assert entry == listing.files["b.png"]
    assert entry is not None
    assert entry.bytes == 5
    assert entry.modified_ns is not None
    assert folder.entry("none") is None
    assert list(folder.entries(["b.png", "none"])) == ["b.png"]
    folder.remove("b.png")
    folder.remove("b.png")
    with pytest.raises(InvalidInputError):
        folder.read("b.png")


def test_leftovers_beside_results(folder: Folder) -> None:
    for name in (
        ".a.lpx.0123456789ab.tmp",
        "s/.b.lpx.0123456789ab.tmp",
        "t/.c.lpx.0123456789ab.tmp",
        ".d.tmp",
        "e.png",
    ):
        folder.write(name, b"")
    assert folder.leftovers(["a.lpx", "s/b.lpx"]) == {".a.lpx.0123456789ab.tmp", "s/.b.lpx.0123456789ab.tmp"}


def test_folders_travel(folder: Folder) -> None:
    assert pickle.loads(pickle.dumps(folder)) == folder


def test_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert open_folder("x/") == open_folder("./x") == open_folder((tmp_path / "x").as_uri()) == open_folder("y/../x")
    assert isinstance(open_folder("x"), LocalFolder)
    assert open_folder("memory://a/") == open_folder("memory://a")
    assert isinstance(open_folder("s3://bucket"), RemoteFolder)
    assert open_folder("memory://a").address("b/c.png") == "memory://a/b/c.png"
    assert remote.scheme_of("S3://x") == "s3"

"""Files behind URLs: read, written whole or not at all, listed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from latentpress import remote
from latentpress.errors import InvalidInputError, LatentPressError, MissingExtraError

fsspec = pytest.importorskip("fsspec")


@pytest.fixture(autouse=True)
def memory() -> Iterator[Any]:
    """The file system behind memory://, empty."""
    store = fsspec.filesystem("memory")
    store.store.clear()
    store.pseudo_dirs[:] = [""]
    yield store
    store.store.clear()
    store.pseudo_dirs[:] = [""]


@pytest.mark.parametrize(
    ("place", "is_url"),
    [
        ("s3://bucket/key", True), ("memory://a", True), ("simplecache::s3://b/k", False), ("a.png", False),
        ("/a/b", False), ("C:\\a", False), ("c://a", False), ("", False), ("-", False),
    ],
)  # fmt: skip
def test_what_a_url_is(place: str, is_url: bool) -> None:
    assert remote.is_url(place) == is_url


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX paths")
def test_file_urls_are_paths() -> None:
    assert remote.local_path("file:///a/b%20c.png") == "/a/b c.png"
    assert remote.local_path("FILE:///a") == "/a"
    for place in ("/a/b%20c", "memory://a", "-", ""):
        assert remote.local_path(place) == place


def test_write_read_list_remove() -> None:
    remote.write("memory://folder/sub/a.bin", b"one")
    remote.write("memory://folder/b.bin", b"two")
    remote.write("memory://folder/b.bin", b"second")
    assert remote.read("memory://folder/b.bin") == b"second"
    found = remote.find("memory://folder")
    assert {name: info["size"] for name, info in found.items()} == {"sub/a.bin": 3, "b.bin": 6}
    assert remote.find("memory://folder/") == found
    assert remote.find("memory://nothing") == {}
    assert remote.is_folder("memory://folder")
    assert not remote.is_folder("memory://folder/b.bin")
    assert not remote.is_folder("memory://nothing")
    assert remote.info("memory://nothing") is None
    remote.remove("memory://folder/b.bin")
    remote.remove("memory://folder/b.bin")
    assert list(remote.find("memory://folder")) == ["sub/a.bin"]


def test_stores_that_show_half_files_get_a_temporary_one(
    tmp_path: Path, memory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any store that is not known to show only whole files; local:// is another name of file://."""
    url = f"local://{tmp_path}/sub/a.bin"
    remote.write(url, b"one")
    remote.write(url, b"two")
    assert remote.read(url) == b"two"
    assert [path.name for path in (tmp_path / "sub").iterdir()] == ["a.bin"]

    written = []

    def fail(self: Any, path: str, value: bytes, **_: object) -> None:
        written.append(path)
        Path(path).write_bytes(value[:1])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(fsspec.get_filesystem_class("local"), "pipe_file", fail)
    with pytest.raises(LatentPressError, match=r"cannot write local://.*No space left"):
        remote.write(url, b"three")
    assert Path(written[0]).name.startswith(".a.bin.")
    assert (tmp_path / "sub" / "a.bin").read_bytes() == b"two"
    assert [path.name for path in (tmp_path / "sub").iterdir()] == ["a.bin"]


@pytest.mark.parametrize(
    ("info", "seconds"),
    [
        ({"mtime": 1.5}, 1.5),
        ({"mtime": 3}, 3),
        ({"LastModified": datetime(1970, 1, 1, 0, 0, 2, tzinfo=UTC)}, 2),
        ({"created": datetime(1970, 1, 1, 0, 0, 2)}, 2),  # taken for UTC
        ({"updated": "1970-01-01T00:00:04.500Z"}, 4.5),
        ({"created": 9, "mtime": 7}, 7),
        ({"updated": "yesterday"}, None),
        ({"size": 3}, None),
    ],
)
def test_times_of_change(info: dict[str, Any], seconds: float | None) -> None:
    assert remote.modified_ns(info) == (None if seconds is None else seconds * 10**9)


def test_errors_are_one_line(memory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidInputError, match=r"cannot read memory://none\.png: no such file"):
        remote.read("memory://none.png")
    with pytest.raises(InvalidInputError, match="nosuch://a"):
        remote.read("nosuch://a")

    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("access\ndenied")  # stores have errors of their own

    for name in ("cat_file", "pipe_file", "find", "info"):
        monkeypatch.setattr(type(memory), name, refuse)
    for call in (remote.read, remote.find, remote.info, lambda url: remote.write(url, b"")):
        with pytest.raises(LatentPressError, match="memory://a: access denied"):
            call("memory://a")


def test_without_fsspec_or_the_package_of_a_store(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> None:
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr(fsspec.core, "url_to_fs", missing)
    with pytest.raises(LatentPressError, match="s3:// needs one more package: Install s3fs"):
        remote.read("s3://bucket/key")
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(MissingExtraError, match=r"s3:// needs .*\[remote\]"):
        remote.read("s3://bucket/key")

"""Commands on files and folders behind URLs, and on a cluster."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

import latentpress
from latentpress.image import read

from .conftest import tree

Run = Callable[..., Result]


@pytest.fixture
def memory() -> Iterator[Any]:
    """The file system behind memory://, empty."""
    store = pytest.importorskip("fsspec").filesystem("memory")
    store.store.clear()
    yield store
    store.store.clear()
    store.pseudo_dirs[:] = [""]


def test_single_files_behind_urls(run: Run, memory: Any, source: Path, tmp_path: Path) -> None:
    memory.pipe_file("/photos/a.png", (source / "p20.png").read_bytes())
    done = run("compress", "memory://photos/a.png", "--codec", "plain")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("memory://photos/a.lpx: 20x8 RGB")
    assert memory.cat_file("/photos/a.lpx") == latentpress.compress(source / "p20.png", codec="plain")
    assert run("decompress", "memory://photos/a.lpx", "memory://photos/b.webp").exit_code == 0
    assert memory.cat_file("/photos/b.webp")[8:12] == b"WEBP"
    assert run("decompress", "memory://photos/a.lpx", tmp_path / "c.png").exit_code == 0
    assert read(tmp_path / "c.png") == read(source / "p20.png")
    for arguments, text in (
        (("memory://photos/a.png",), "memory://photos/a.lpx exists; use --force"),
        (("memory://photos/a.png", "memory://photos/a.png"), "is the input itself"),
        (("memory://photos/none.png",), "cannot read memory://photos/none.png: no such file"),
        (("memory://photos",), "name a folder for the results"),
    ):
        done = run("compress", *arguments)
        assert done.exit_code == 2
        assert text in done.stderr
    assert run("compress", "memory://photos/a.png", "--codec", "plain", "--force").exit_code == 0


def test_file_urls_are_paths(run: Run, source: Path) -> None:
    picture = source / "p20.png"
    done = run("compress", picture.as_uri(), "--codec", "plain")
    assert (done.exit_code, done.stderr) == (0, "")
    assert picture.with_suffix(".lpx").exists()
    done = run("compress", picture, picture.as_uri(), "--codec", "plain", "--force")
    assert "is the input itself" in done.stderr


def test_folders_behind_urls(run: Run, memory: Any, source: Path, tmp_path: Path) -> None:
    for name, data in tree(source).items():
        memory.pipe_file(f"/in/{name}", data)
    memory.pipe_file("/in/bad.png", b"no picture")
    command = ("compress", "memory://in/", "-o", "memory://in/packed", "--codec", "plain", "--json")
    done = run(*command)
    assert done.exit_code == 1
    found = json.loads(done.stdout)
    assert (found["made"], [one["name"] for one in found["failures"]]) == (3, ["bad.png"])
    assert memory.cat_file("/in/packed/sub/p21.lpx") == latentpress.compress(source / "sub" / "p21.png", codec="plain")
    memory.rm_file("/in/packed/p20.png.lpx")
    found = json.loads(run(*command).stdout)
    assert (found["made"], found["done_before"]) == (1, 2)
    assert run("decompress", "memory://in/packed", "-o", tmp_path / "back").exit_code == 0
    assert sorted(tree(tmp_path / "back")) == ["p20.jpg.png", "p20.png", "sub/p21.png"]
    done = run("standardise", source.as_uri(), "-o", "memory://std", "--max-side", "4")
    assert (done.exit_code, done.stderr) == (0, "")
    assert len(memory.find("/std")) == 4  # and the record


def test_memory_is_not_for_clusters(run: Run, memory: Any, source: Path) -> None:
    done = run("compress", source, "-o", "memory://out", "--scheduler", "tcp://127.0.0.1:9")
    assert done.exit_code == 2
    assert "a cluster does not see it" in done.stderr


def test_a_scheduler_that_is_not_there(run: Run, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr(importlib.import_module("latentpress.jobs.cluster"), "_CONNECT", "1s")
    arguments = ("-o", tmp_path / "out", "--codec", "plain", "--scheduler", "tcp://127.0.0.1:9")
    done = run("compress", source, *arguments)
    assert done.exit_code == 1
    assert done.stderr.count("\n") == 1
    assert "cannot reach a Dask scheduler at tcp://127.0.0.1:9" in done.stderr

"""All damaged and hostile files of tests/corrupt, over HTTP: each is refused in one line, and the service lives on."""

from __future__ import annotations

from typing import Any

import pytest

from ...corrupt.conftest import sound  # noqa: F401 - a fixture
from ...corrupt.hostile_files import Hostile, hostile_files

pytest.importorskip("httpx")


@pytest.fixture(scope="module")
def files(sound: bytes) -> list[Hostile]:  # noqa: F811
    return list(hostile_files(sound))


def test_decompress_refuses_each_in_one_line(client: Any, files: list[Hostile]) -> None:
    assert len(files) > 70
    wrong = []
    for file in files:
        answer = client.post("/decompress", content=file.data)
        reason = answer.json()["error"] if 400 <= answer.status_code < 500 else ""
        if not reason or "\n" in reason or "Traceback" in reason:
            wrong.append(f"{file.name}: {answer.status_code} {answer.text[:200]}")
    assert wrong == []


@pytest.mark.parametrize("route", ["/inspect", "/compress", "/preview?codec=jpeg-420"])
def test_no_route_fails(client: Any, files: list[Hostile], route: str) -> None:
    """What is wrong behind right checksums is not seen by inspect, and a PNG is a picture; all else is refused."""
    for file in files:
        answer = client.post(route, files={"file": file.data})
        assert answer.status_code == 200 or 400 <= answer.status_code < 500, (file.name, answer.text)


def test_the_sound_file_still_decodes(client: Any, sound: bytes) -> None:  # noqa: F811
    assert client.post("/decompress", content=sound).status_code == 200

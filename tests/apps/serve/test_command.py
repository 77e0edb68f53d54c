"""The command: a process that listens, says where, and ends when it is told to."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

httpx = pytest.importorskip("httpx")

RUN = "import typer; from latentpress.apps.serve import serve; app = typer.Typer(); app.command()(serve); app()"
COMMAND = [sys.executable, "-W", "error", "-c", RUN]


@contextmanager
def started(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*COMMAND, "--port", "0", "--workers", "1", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def address_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"http://\S+/", line)
    assert found, line + process.communicate()[1]
    return found[0]


@pytest.mark.skipif(sys.platform == "win32", reason="ends a process by a signal")
def test_listens_on_loopback_and_ends_with_ctrl_c(crop_png: bytes) -> None:
    with started() as process:
        url = address_of(process)
        assert url.startswith("http://127.0.0.1:")
        with httpx.Client(transport=httpx.HTTPTransport(retries=20), timeout=60) as http:
            assert http.post(f"{url}compress", content=crop_png).status_code == 200
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=30)
        assert process.returncode == 0
        assert errors == ""
        assert output == ""


def test_warns_when_others_can_reach_it() -> None:
    with started("--host", "0.0.0.0") as process:
        assert address_of(process).startswith("http://127.0.0.1:")
        assert process.stderr is not None
        assert "can be reached from other machines" in process.stderr.readline()


def test_limits_come_from_the_options() -> None:
    with started("--max-upload", "1KB", "--max-pixels", "2MP", "--queue", "3") as process:
        url = address_of(process)
        with httpx.Client(transport=httpx.HTTPTransport(retries=20), timeout=60) as http:
            found = http.get(f"{url}health").json()
            assert (found["max_upload"], found["max_pixels"], found["capacity"]) == (1000, 2_000_000, 4)
            assert http.post(f"{url}compress", content=bytes(1001)).status_code == 413


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--max-upload", "many"], "is no amount"),
        (["--timeout", "0"], "timeout"),
        (["--host", "no.such.host.invalid"], "is no address"),
    ],
)
def test_options_that_make_no_sense(arguments: list[str], words: str) -> None:
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert words in done.stderr


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run([*COMMAND, "--port", port], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert f"cannot listen on 127.0.0.1 port {port}" in done.stderr

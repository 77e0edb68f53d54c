"""Folders in an object store: a real S3 server that the test starts (moto), through s3fs as a user has it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import latentpress
from latentpress import remote
from latentpress.codecs.settings import Settings
from latentpress.errors import InvalidInputError, LatentPressError
from latentpress.jobs import Compress, Decompress, FolderJob, InProcess
from latentpress.jobs.record import RECORD

moto_server = pytest.importorskip("moto.server")
fsspec = pytest.importorskip("fsspec")
s3fs = pytest.importorskip("s3fs")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the server's own libraries

QUICK = Compress(Settings(codec="factorised", quality=20))


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """The address of an S3 server of its own."""
    server = moto_server.ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(endpoint: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """``s3://`` and a bucket of the test's own, for this process and those that it starts."""
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test"), ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_ENDPOINT_URL", endpoint), ("AWS_MAX_ATTEMPTS", "1"),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    name = request.node.name.replace("_", "-")
    s3fs.S3FileSystem().mkdir(name)
    return f"s3://{name}"


@pytest.fixture
def photos(bucket: str, tmp_path: Path, pictures: Callable[..., None]) -> str:
    """Six pictures in the bucket."""
    pictures(tmp_path / "photos", range(20, 26))
    for path in (tmp_path / "photos").iterdir():
        remote.write(f"{bucket}/photos/{path.name}", path.read_bytes())
    return f"{bucket}/photos"


def run(work: Any, source: str, output: str) -> tuple[int, int, list[str]]:
    """Made, done before, failed."""
    job = FolderJob(work, source, output)
    plan = job.plan()
    outcomes = list(job.run(plan, InProcess()))
    failed = [outcome.error for outcome in [*outcomes, *plan.failed] if outcome.error]
    return len(outcomes) - len(failed), len(plan.done), failed


def test_there_and_back_and_only_what_is_new(photos: str, bucket: str, tmp_path: Path) -> None:
    packed = f"{bucket}/packed"
    assert run(QUICK, photos, packed) == (6, 0, [])
    assert run(QUICK, photos, packed) == (0, 6, [])
    remote.remove(f"{packed}/p21.lpx")
    remote.write(f"{photos}/p22.png", remote.read(f"{photos}/p25.png"))
    assert run(QUICK, photos, packed) == (2, 4, [])
    assert run(Decompress(), packed, str(tmp_path / "back")) == (6, 0, [])
    names = sorted(path.name for path in (tmp_path / "back").glob("*.png"))
    assert names == [f"p{width}.png" for width in range(20, 26)]
    assert latentpress.read_image(tmp_path / "back" / "p22.png").width == 25
    assert set(remote.find(packed)) == {RECORD, *(f"p{width}.lpx" for width in range(20, 26))}


def test_killed_and_taken_up_again(photos: str, bucket: str) -> None:
    packed = f"{bucket}/packed"
    command = [
        sys.executable,
        "-m",
        "latentpress",
        "compress",
        photos,
        "-o",
        packed,
        "--codec",
        "factorised",
        "-j",
        "1",
    ]
    process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL)
    end = time.monotonic() + 60
    while time.monotonic() < end and sum(name.endswith(".lpx") for name in remote.find(packed)) < 2:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    before = {name: info for name, info in remote.find(packed).items() if name.endswith(".lpx")}
    assert before
    for name in before:  # an object is whole or not there
        latentpress.decompress(remote.read(f"{packed}/{name}"))
    made, done, failed = run(Compress(Settings(codec="factorised")), photos, packed)
    assert (made + done, failed) == (6, [])
    assert done >= len(before)


def test_ten_thousand_names_in_bounded_memory(bucket: str) -> None:
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.s3.models import s3_backends

    backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    for number in range(10_000):
        backend.put_object(bucket.removeprefix("s3://"), f"many/{number % 100:02}/picture-{number:05}.png", b"x")
    script = (
        "import resource, sys; from latentpress.jobs.stores import open_folder\n"
        "kilobytes = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        f"one = open_folder('{bucket}/none').find(('.png',), open_folder('{bucket}/out')); before = kilobytes()\n"
        f"found = open_folder('{bucket}/many').find(('.png',), open_folder('{bucket}/out'))\n"
        "print(len(found.files), kilobytes() - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=300)
    names, kilobytes = map(int, done.stdout.split())
    assert names == 10_000
    assert kilobytes < 60 * 1024


def test_what_is_not_there_or_ends_early(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidInputError, match=r"cannot read s3://.*/nothing[.]png: no such file"):
        remote.read(f"{bucket}/nothing.png")
    with pytest.raises(LatentPressError, match=r"cannot write s3://no-such-bucket/a[.]png"):
        remote.write("s3://no-such-bucket/a.png", b"x")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")  # nobody there
    monkeypatch.setattr(s3fs.S3FileSystem, "retries", 1)
    s3fs.S3FileSystem.clear_instance_cache()
    with pytest.raises(InvalidInputError, match=r"cannot read s3://.*/a[.]png"):
        remote.read(f"{bucket}/a.png")

"""Many clients at once, workers that die, time limits, and a queue that is full."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import latentpress
from latentpress.image import Image

httpx = pytest.importorskip("httpx")

Service = Callable[..., Any]


def png_of(image: Image) -> bytes:
    stream = io.BytesIO()
    latentpress.write_image(image, stream)
    return stream.getvalue()


def slow_png() -> bytes:
    """Noise of a megapixel, which takes any coder a while."""
    return png_of(Image(np.random.default_rng(3).integers(0, 256, (1000, 1000, 3), dtype=np.uint8)))


def test_200_requests_of_8_clients(address: str, crop_png: bytes, crop_lpx: bytes) -> None:
    def client(number: int) -> list[int]:
        statuses = []
        with httpx.Client(base_url=address, timeout=120) as http:
            for turn in range(25):
                kind = (number + turn) % 4
                if kind == 0:
                    answer = http.post("/decompress", content=crop_lpx)
                elif kind == 1:
                    answer = http.post("/compress", params={"quality": 4 * turn}, files={"file": crop_png})
                    assert latentpress.inspect(answer.content).width == 256
                elif kind == 2:
                    answer = http.post("/inspect", content=crop_lpx)
                else:
                    answer = http.post("/preview", params={"codec": "jpeg-420"}, content=crop_png)
                statuses.append(answer.status_code)
        return statuses

    with ThreadPoolExecutor(8) as threads:
        statuses = [status for made in threads.map(client, range(8)) for status in made]
    assert statuses == [200] * 200


def test_nothing_is_written_to_the_disk(
    service: Service, crop_png: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tempfile

    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    rolled: list[int] = []
    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", lambda self: rolled.append(1))
    large = png_of(Image(np.random.default_rng(1).integers(0, 256, (800, 800, 3), dtype=np.uint8)))
    assert len(large) > 1_500_000
    with service() as (url, _):
        assert httpx.post(f"{url}/compress", files={"file": large}, timeout=60).status_code == 200
        assert httpx.post(f"{url}/preview", files={"file": crop_png}, timeout=60).status_code == 200
        assert rolled == []
        assert list(tmp_path.iterdir()) == []  # nor does ONNX Runtime leave its telemetry's session there


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kills a process by a signal")
def test_a_killed_worker_is_not_noticed_by_clients(service: Service, crop_png: bytes) -> None:
    def ask(_: int) -> int:
        return httpx.post(f"{url}/compress", content=large, timeout=60).status_code

    large = slow_png()
    with service(workers=2) as (url, pool), ThreadPoolExecutor(4) as threads:
        assert httpx.post(f"{url}/compress", content=crop_png, timeout=60).status_code == 200
        for _ in range(3):
            waiting = [threads.submit(ask, number) for number in range(4)]
            time.sleep(0.3)
            for pid in pool.pids():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            assert [future.result() for future in waiting] == [200] * 4


def test_work_above_the_time_limit_is_refused_and_the_service_goes_on(service: Service, crop_lpx: bytes) -> None:
    with service(timeout=1.5) as (url, _):
        while httpx.post(f"{url}/inspect", content=crop_lpx, timeout=60).status_code != 200:
            pass
        answer = httpx.post(f"{url}/preview?codec=webp-lossless-m6", content=slow_png(), timeout=60)
        assert answer.status_code == 422
        assert "1.5 seconds" in answer.json()["error"]
        statuses = []
        while 200 not in statuses:  # until the fresh worker is ready the answer may be "busy"
            statuses.append(httpx.post(f"{url}/inspect", content=crop_lpx, timeout=60).status_code)
        assert set(statuses) <= {200, 503}


def test_a_full_queue_says_when_to_come_again(service: Service, crop_png: bytes) -> None:
    with service(queue=1) as (url, _):
        assert httpx.post(f"{url}/compress", content=crop_png, timeout=60).status_code == 200

        def ask(_: int) -> httpx.Response:
            return httpx.post(f"{url}/compress", content=slow_png(), timeout=60)

        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(ask, range(8)))
        assert {answer.status_code for answer in answers} == {200, 503}
        for answer in answers:
            if answer.status_code == 503:
                assert int(answer.headers["retry-after"]) >= 1
                assert "busy" in answer.json()["error"]
        assert httpx.get(f"{url}/health").json()["requests"] == 0


def test_a_body_that_does_not_come(service: Service) -> None:
    with service(timeout=0.6) as (url, _):
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=30) as line:
            line.sendall(b"POST /compress HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc")
            assert line.recv(4096).startswith(b"HTTP/1.1 408 ")


def test_a_client_that_leaves_gives_its_place_back(service: Service, crop_png: bytes) -> None:
    with service(queue=0) as (url, _):
        assert httpx.post(f"{url}/compress", content=crop_png, timeout=60).status_code == 200
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{url}/preview?codec=webp-lossless-m6", content=slow_png(), timeout=httpx.Timeout(60, read=0.5))
        end = time.monotonic() + 30
        while httpx.get(f"{url}/health").json()["requests"] and time.monotonic() < end:
            time.sleep(0.05)
        assert httpx.post(f"{url}/compress", content=crop_png, timeout=60).status_code == 200

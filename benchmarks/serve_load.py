"""Load test of `latentpress serve` on loopback.

    python benchmarks/serve_load.py --data examples/macaws.png --out benchmarks/results/serve_load.json

Starts the service as a process of its own and sends it requests from parallel clients, each client one after another
on one kept connection. For each kind of request: throughput, latencies, statuses. Clients and workers share a machine.
"""

from __future__ import annotations

import argparse
import contextlib
import re
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from common import circumstances, pictures, write_json

KINDS = {
    "compress": "/compress?quality=50",
    "decompress": "/decompress",
    "decompress to ppm": "/decompress?format=ppm",
    "inspect": "/inspect",
    "preview jpeg-420": "/preview?codec=jpeg-420",
    "preview hyperprior": "/preview?codec=hyperprior",
}


@contextlib.contextmanager
def service(workers: int) -> Iterator[str]:
    """The address of a service that answers."""
    command = [sys.executable, "-m", "latentpress", "serve", "--port", "0", "--workers", str(workers)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        found = re.search(r"http://\S+?(?=/)", process.stdout.readline())
        if found is None:
            raise SystemExit("the service does not start")
        yield found[0]
    finally:
        process.terminate()
        process.wait()


def load(address: str, path: str, body: bytes, requests: int, clients: int) -> dict[str, Any]:
    """Send the requests; latencies in milliseconds."""
    numbers = iter(range(requests))
    lock, latencies, statuses = threading.Lock(), [], Counter[str]()

    def client() -> None:
        with httpx.Client(base_url=address, timeout=120) as http:
            while True:
                with lock:
                    if next(numbers, None) is None:
                        return
                start = time.perf_counter()
                try:
                    status = str(http.post(path, content=body).status_code)
                except httpx.TransportError as error:
                    status = type(error).__name__
                with lock:
                    latencies.append(1000 * (time.perf_counter() - start))
                    statuses[status] += 1

    threads = [threading.Thread(target=client) for _ in range(clients)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - start
    cuts = statistics.quantiles(latencies, n=100, method="inclusive")
    return {
        "path": path,
        "requests": requests,
        "clients": clients,
        "seconds": seconds,
        "requests_per_second": requests / seconds,
        "statuses": dict(statuses),
        "latency_ms": {"median": cuts[49], "p95": cuts[94], "p99": cuts[98], "max": max(latencies)},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a picture, or a folder: its first picture is taken")
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--requests", type=int, default=200, help="of each kind")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    path = arguments.data if arguments.data.is_file() else pictures(arguments.data)[0]
    picture = path.read_bytes()
    runs = {}
    with service(arguments.workers) as address:
        lpx = httpx.Client(transport=httpx.HTTPTransport(retries=10), timeout=120).post(
            f"{address}/compress", content=picture
        )
        lpx.raise_for_status()
        for name, route in KINDS.items():
            body = lpx.content if name.startswith(("decompress", "inspect")) else picture
            load(address, route, body, arguments.workers * 2, arguments.workers)  # warm-up
            runs[name] = run = load(address, route, body, arguments.requests, arguments.clients)
            print(
                f"{name}: {run['requests_per_second']:.1f} requests/s, median {run['latency_ms']['median']:.0f} ms, "
                f"p99 {run['latency_ms']['p99']:.0f} ms, statuses {run['statuses']}"
            )
    about = {"picture": path.name, "picture_bytes": len(picture), "workers": arguments.workers}
    write_json(arguments.out, {**circumstances(), **about, "runs": runs})


if __name__ == "__main__":
    main()

"""`DaskCluster`: the same work on a Dask cluster, through its scheduler."""

from __future__ import annotations

import itertools
import queue
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import CancelledError
from typing import Any

import latentpress
from latentpress._extras import needs_extra
from latentpress.errors import LatentPressError
from latentpress.jobs.executor import Executor, Item, Result
from latentpress.processes import Lost

__all__ = ["DaskCluster"]

_CONNECT = "10s"
_QUIET = 30.0  # seconds without a result after which to look whether anybody is left to work
_AHEAD = 2  # items in flight a worker thread: one being worked on, one waiting


class DaskCluster(Executor):
    """The workers of the Dask scheduler at ``address``, for example ``tcp://10.0.0.1:8786``.

    jobs: items in flight; None: two for each thread of the workers there are at the start. An item whose worker dies
    goes to another one, as often as the scheduler's ``allowed-failures`` says (three times by default); workers may
    come and go. LatentPress must be installed on the workers, in this version.

    Needs the extra ``cluster``.
    """

    def __init__(self, address: str, jobs: int | None = None) -> None:
        self.address, self.jobs = address, jobs

    def each(
        self, function: Callable[[Item], Result], items: Iterable[Item]
    ) -> Generator[tuple[Item, Result | Lost], None, None]:
        """See `Executor.each`. Raises MissingExtraError without Dask."""
        client = self._connect()
        flying: dict[Any, Item] = {}
        finished: queue.SimpleQueue[Any] = queue.SimpleQueue()
        waiting = iter(items)

        def submit(count: int) -> None:
            for item in itertools.islice(waiting, count):
                # pure=False: an item is work to be done, not a value that may be known from an earlier run
                future = client.submit(function, item, pure=False)
                flying[future] = item
                future.add_done_callback(finished.put)

        try:
            submit(self.jobs or _AHEAD * max(1, sum(client.nthreads().values())))
            while flying:
                try:
                    future = finished.get(timeout=_QUIET)
                    result = self._result(future)
                except queue.Empty:
                    self._look(client)
                    continue
                except TimeoutError:  # the worker died with the result: it is computed once more
                    finished.put(future)
                    self._look(client)
                    continue
                item = flying.pop(future)
                submit(1)
                yield item, result
        finally:
            try:
                client.cancel(list(flying))
            finally:
                client.close()

    def _connect(self) -> Any:
        """A client of the scheduler, after a look at who is there."""
        with needs_extra("--scheduler", "cluster"):
            import distributed
        connect: Any = distributed.Client
        try:
            client = connect(self.address, timeout=_CONNECT, set_as_default=False)
        except (OSError, ValueError) as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise LatentPressError(f"cannot reach a Dask scheduler at {self.address}: {reason}") from error
        try:
            self._check_workers(client)
        except BaseException:
            client.close()
            raise
        return client

    def _check_workers(self, client: Any) -> None:
        """Raises LatentPressError unless there are workers, all with this version of LatentPress."""
        self._look(client)
        try:
            versions: dict[str, str] = client.run(_version)
        except Exception as error:  # what a worker cannot unpickle comes back as almost anything
            reason = " ".join(str(error).split()) or type(error).__name__
            raise LatentPressError(f"a worker at {self.address} cannot run LatentPress: {reason}") from error
        for worker, version in versions.items():
            if version != latentpress.__version__:
                raise LatentPressError(
                    f"the worker {worker} has LatentPress {version}, not {latentpress.__version__}; install the same"
                )

    def _look(self, client: Any) -> None:
        """Raises LatentPressError if there is no worker, or no scheduler any more."""
        try:
            workers = client.nthreads()
        except Exception as error:
            raise LatentPressError(f"the Dask scheduler at {self.address} is gone") from error
        if not workers:
            raise LatentPressError(f"the Dask scheduler at {self.address} has no workers")

    def _result(self, future: Any) -> Any:
        """What came of an item. Raises TimeoutError if it is not there after all."""
        try:
            return future.result(timeout=_QUIET)
        except TimeoutError:
            raise
        except CancelledError as error:
            raise LatentPressError(f"the Dask scheduler at {self.address} is gone") from error
        except Exception as error:  # KilledWorker, and what a worker cannot unpickle
            return Lost(" ".join(f"{type(error).__name__}: {error}".split()))


def _version() -> str:
    """On a worker: its version."""
    return latentpress.__version__

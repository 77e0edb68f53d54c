"""ONNX Runtime on the CPU: the engine of compress and decompress."""

from __future__ import annotations

import contextlib
import functools
import os
from typing import Any

from numpy.typing import NDArray

from latentpress.engine.base import Network
from latentpress.engine.graph import Graph
from latentpress.engine.processor import multiplies_octets
from latentpress.engine.whole import lean
from latentpress.errors import CorruptFileError, InvalidInputError, OutOfMemoryError
from latentpress.limits import check_threads
from latentpress.memory import is_short, make_sure, prepare

__all__ = ["OnnxNetwork"]


class OnnxNetwork(Network):
    """A graph run by ONNX Runtime in float32 with `threads` threads (None: as many as there are cores).

    keep_memory: see `latentpress.engine.load`.

    Integer-valued graphs (integer weights and activations in float32, partial sums below 2^24) give the same bits for
    every thread count, because the order of a summation without rounding does not matter. The graph optimiser keeps
    that: it folds factors and offsets that follow a convolution into its weights and bias, and a weight times a power
    of two is exact, so all sums are the same multiples of a smaller unit. A rounding offset (+ 1/2 after a shift by k
    bits) then enters the sums as 2^(k-1) units; the bound on partial sums has to count it. Factors that are not powers
    of two are for the float part only.

    Raises `CorruptFileError` for bytes that hold no valid graph, `OutOfMemoryError` where the system gives no memory.
    """

    def __init__(self, model: bytes | Graph, threads: int | None = None, keep_memory: bool = True) -> None:
        # Reports of use are on by default in some builds of ONNX Runtime; nothing here may reach for the network.
        os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
        prepare()
        # Imported here: the command line starts, and refuses bad input, without waiting for it.
        import onnxruntime as ort

        check_threads(threads)
        _share_memory()
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads or 0
        options.inter_op_num_threads = 1
        options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.use_deterministic_compute = True
        options.enable_cpu_mem_arena = keep_memory
        options.add_session_config_entry("session.use_env_allocators", "1" if keep_memory else "0")
        options.log_severity_level = 4  # errors come as exceptions
        # Threads wait for the next layer awake, which saves a tenth of small networks' time, but no longer than a layer
        # takes and never between runs: someone else's program has other work for its cores.
        options.add_session_config_entry("session.intra_op.allow_spinning", "1")
        options.add_session_config_entry("session.intra_op.spin_duration_us", "50")
        options.add_session_config_entry("session.force_spinning_stop", "1")
        # ARM builds may otherwise multiply in bfloat16, which would not be exact.
        options.add_session_config_entry("mlas.enable_gemm_fastmath_arm64_bfloat16", "0")
        try:
            make_sure()
            self._session = ort.InferenceSession(
                lean(model, multiplies_octets), options, providers=["CPUExecutionProvider"], enable_fallback=0
            )  # a second try is announced on standard output
        except Exception as error:  # ONNX Runtime's exceptions share no base class of their own
            if is_short(error):
                raise OutOfMemoryError("there is not enough memory to load a network") from None
            raise CorruptFileError(f"the network cannot be loaded: {_first_line(error)}") from error
        self.input_names = tuple(value.name for value in self._session.get_inputs())
        self.output_names = tuple(value.name for value in self._session.get_outputs())

    def _run(self, arrays: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        try:
            make_sure()
            results = self._session.run(self.output_names, arrays)
        except Exception as error:
            if is_short(error):
                raise OutOfMemoryError("there is not enough memory to run a network") from None
            raise InvalidInputError(f"the network refuses its input: {_first_line(error)}") from error
        return dict(zip(self.output_names, results, strict=True))


@functools.cache
def _share_memory() -> None:
    """Let all networks that keep their working memory have the same: what one is done with serves the next."""
    import onnxruntime as ort

    kind = ort.OrtMemoryInfo("Cpu", ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, ort.OrtMemType.DEFAULT)
    with contextlib.suppress(Exception):  # the program around may have done it
        ort.create_and_register_allocator(kind, ort.OrtArenaCfg(0, -1, -1, -1))  # all as usual


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]

"""Runs a network: a stored ONNX graph, arrays in, arrays out.

ONNX Runtime is the default; torch reads the same graph.
"""

from __future__ import annotations

from latentpress.engine.base import Network
from latentpress.engine.graph import Graph
from latentpress.engine.onnx import OnnxNetwork
from latentpress.engine.torch_ import TorchNetwork
from latentpress.errors import InvalidInputError

__all__ = ["ENGINES", "Network", "OnnxNetwork", "TorchNetwork", "load"]

ENGINES = ("onnx", "torch")


def load(
    model: bytes | Graph,
    engine: str = "onnx",
    threads: int | None = None,
    device: str = "cpu",
    dtype: str = "float32",
    keep_memory: bool = True,
) -> Network:
    """The network in `model` (an ONNX file's bytes, or a graph), ready to run.

    `engine` is "onnx" (ONNX Runtime on the CPU, float32) or "torch" (needs the extra `train`; any `device`, `dtype`
    "float32" or "float64"). `threads` belongs to ONNX Runtime: None leaves the choice to it. torch has one setting for
    the whole process, which stays as it is. `keep_memory` belongs to ONNX Runtime too: whether working memory is kept
    between runs, of which all networks that keep it have the same. Without it a run takes longer.

    Raises `InvalidInputError` for a combination that does not exist, `CorruptFileError` for bytes that hold no graph,
    `UnsupportedError` for an operator that the engine lacks, `MissingExtraError` without torch.
    """
    if engine == "onnx":
        if (device, dtype) != ("cpu", "float32"):
            raise InvalidInputError(f"the onnx engine runs on the CPU in float32, not on {device} in {dtype}")
        return OnnxNetwork(model, threads, keep_memory)
    if engine == "torch":
        if threads is not None:
            raise InvalidInputError("the torch engine takes no thread count; use torch.set_num_threads")
        return TorchNetwork(model.write() if isinstance(model, Graph) else model, device, dtype)
    raise InvalidInputError(f"there is no engine {engine!r}; choose one of {', '.join(ENGINES)}")

"""torch as an engine: reads the same ONNX graph, for GPUs, float64, and as the check on ONNX Runtime."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from latentpress._extras import needs_extra
from latentpress.engine.base import Network
from latentpress.errors import CorruptFileError, InvalidInputError, OutOfMemoryError, UnsupportedError
from latentpress.memory import is_short

if TYPE_CHECKING:
    import torch

__all__ = ["TorchNetwork"]


class TorchNetwork(Network):
    """A graph run by torch on `device`, its floating-point arithmetic in `dtype` ("float32" or "float64").

    Weights may be stored in any type that a Cast turns into floats; they are unpacked once, here. Outputs come in the
    types that the graph declares, whatever `dtype` is. On a GPU everything that trades exactness for speed (TF32, and
    cuDNN with its Winograd and FFT convolutions) is off while the network runs.

    Raises `CorruptFileError` for bytes that hold no graph, `UnsupportedError` naming an operator that is not known
    here, `InvalidInputError` for an unknown device or type, `MissingExtraError` without torch and onnx.
    """

    def __init__(self, model: bytes, device: str = "cpu", dtype: str = "float32") -> None:
        with needs_extra("the torch engine", "train"):
            import onnx
            import torch
            from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # no stubs
        from latentpress.engine._torch_ops import OPERATORS, Node

        if dtype not in ("float32", "float64"):
            raise InvalidInputError(f"the torch engine computes in float32 or float64, not in {dtype}")
        self._dtype: torch.dtype = getattr(torch, dtype)
        try:
            self._device = torch.device(device)
            torch.empty(0, device=self._device)
        except (RuntimeError, AssertionError) as error:
            raise InvalidInputError(f"torch has no device {device!r} here: {str(error).splitlines()[0]}") from None
        try:
            graph = onnx.load_model_from_string(model).graph
        except DecodeError as error:
            raise CorruptFileError(f"the network cannot be loaded: {error}") from None
        if not graph.node or not graph.output:
            raise CorruptFileError("the network cannot be loaded: it has no graph")

        for node in graph.node:
            if node.op_type not in OPERATORS or node.domain not in ("", "ai.onnx"):
                raise UnsupportedError(f"the torch engine does not know the operator {node.domain}{node.op_type}")
        constants = {value.name: self._tensor(onnx.numpy_helper.to_array(value)) for value in graph.initializer}
        self.input_names = tuple(value.name for value in graph.input if value.name not in constants)
        self.output_names = tuple(value.name for value in graph.output)
        self._output_types = {
            value.name: onnx.helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type) for value in graph.output
        }
        # What depends on constants alone is computed once: the unpacking of weights, above all.
        self._nodes: list[Node] = []
        with self._exact():
            for proto in graph.node:
                node = Node(proto, self._dtype, self._device)
                if all(name in constants for name in node.inputs if name):
                    constants.update(node.run(constants))
                else:
                    self._nodes.append(node)
        self._constants = constants
        last = {name: i for i, node in enumerate(self._nodes) for name in node.inputs}
        kept = set(self.output_names) | set(constants)
        self._drop: list[list[str]] = [[] for _ in self._nodes]
        for name, i in last.items():
            if name and name not in kept:
                self._drop[i].append(name)

    def _run(self, arrays: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        with self._exact():
            outputs = self.on_tensors(**{name: self._tensor(np.asarray(array)) for name, array in arrays.items()})
        return {name: value.cpu().numpy().astype(self._output_types[name]) for name, value in outputs.items()}

    def on_tensors(self, **inputs: torch.Tensor) -> dict[str, torch.Tensor]:
        """The network as a function that torch can differentiate: tensors of its own device and type, in and out.

        Rounding passes gradients as if it were not there. Raises as calling the network on arrays does.
        """
        values = self._constants | inputs
        for node, drop in zip(self._nodes, self._drop, strict=True):
            try:
                values.update(node.run(values))
            except (RuntimeError, IndexError, ValueError, MemoryError) as error:
                if is_short(error):
                    raise OutOfMemoryError("there is not enough memory to run a network") from None
                raise InvalidInputError(f"the network refuses its input: {str(error).splitlines()[0]}") from error
            for name in drop:  # peak memory: nothing is kept past its last use
                del values[name]
        return {name: values[name] for name in self.output_names}

    @property
    def constants(self) -> Mapping[str, torch.Tensor]:
        """Weights by their names in the graph, unpacked, and what is computed of weights alone."""
        return self._constants

    def _tensor(self, array: NDArray[Any]) -> torch.Tensor:
        import torch

        tensor = torch.from_numpy(np.array(array, order="C"))  # a copy: torch wants to be able to write
        return tensor.to(self._device, self._dtype if tensor.is_floating_point() else None)

    @contextlib.contextmanager
    def _exact(self) -> Iterator[None]:
        import torch

        with torch.no_grad():  # inference mode would make constants that no gradient may pass by
            if self._device.type != "cuda":
                yield
                return
            precision = torch.get_float32_matmul_precision()
            torch.set_float32_matmul_precision("highest")
            try:
                with torch.backends.cudnn.flags(enabled=False):
                    yield
            finally:
                torch.set_float32_matmul_precision(precision)

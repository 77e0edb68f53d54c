"""What every engine offers: a network is a function from named arrays to named arrays."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from numpy.typing import NDArray

from latentpress.errors import InvalidInputError

__all__ = ["Network"]


class Network(ABC):
    """A network that is ready to run."""

    input_names: tuple[str, ...]
    output_names: tuple[str, ...]

    def __call__(self, **arrays: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """Run the network on one array for each of `input_names`; gives one for each of `output_names`.

        Raises `InvalidInputError` for missing or unknown names and for arrays that the graph refuses.
        """
        if arrays.keys() != set(self.input_names):
            raise InvalidInputError(
                f"the network takes {', '.join(self.input_names)}; got {', '.join(arrays) or 'nothing'}"
            )
        return self._run(arrays)

    @abstractmethod
    def _run(self, arrays: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Run on arrays whose names were checked."""

"""Targets of progressive codecs: one encoding, and as many of its layers as the target needs."""

from __future__ import annotations

from latentpress import container
from latentpress.codecs.base import Codec
from latentpress.codecs.targets import FileSize, Reached, Target
from latentpress.errors import InvalidInputError
from latentpress.image import Image

__all__ = ["cut_to_target", "sizes_by_layer"]

_WHOLE = 100.0


def cut_to_target(codec: Codec, image: Image, target: Target) -> Reached:
    """The file of the first so many layers that comes nearest to the target; for a size the most layers that fit, for
    a quality the fewest that are good enough.

    Layers are coarse: the value may lie beyond the tolerance of a search (`Reached.within`). ``quality`` is the share
    of the layers kept, in per cent. Raises InvalidInputError, with the range, when one layer is too large or gives more
    than is asked for, or all of them give less.
    """
    data = codec.encode(image, _WHOLE)
    count = container.read_header(data).rate
    files = {count: data}
    values: dict[int, float] = {}

    def value(layers: int) -> float:
        if layers not in values:
            files.setdefault(layers, container.keep_layers(data, layers))
            values[layers] = target.measure(image, files[layers], codec.decode)
        return values[layers]

    low, high = 1, count  # layers: the value rises with them
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if value(middle) <= target.value else (low, middle)
    chosen = _choice(target, low, value(low), high, value(high))
    if chosen is None:
        end = min(values.items(), key=lambda one: abs(one[1] - target.value))
        limit = "least" if end[0] == 1 else "most"
        raise InvalidInputError(
            f"{target.name} {target.value:g} is out of range: for this picture {codec.id} gives at {limit} "
            f"{end[1]:.4g} {target.unit}".rstrip()
        )
    within = target.low <= values[chosen] <= target.high
    return Reached(files[chosen], 100 * chosen / count, values[chosen], within, 1)


def sizes_by_layer(data: bytes) -> list[int]:
    """Bytes of the files of the first layer, of the first two and so on, of a file of layers."""
    return [len(container.keep_layers(data, count)) for count in range(1, container.read_header(data).rate + 1)]


def _choice(target: Target, low: int, under: float, high: int, over: float) -> int | None:
    """The number of layers, of two between whose values the target lies if it can be reached."""
    if isinstance(target, FileSize):
        return high if over <= target.value else low if under <= target.value else None
    if under > target.high or over < target.low:
        return None
    if target.rate:
        return min(
            (low, high),
            key=lambda layers: abs(target.scaled(over if layers == high else under) - target.scaled(target.value)),
        )
    return low if under >= target.low else high

"""ONNX graphs as lists of nodes that can be changed: as much of the format (a protobuf) as that takes, and no more.

The rest of a file is kept as it is. https://github.com/onnx/onnx/blob/main/onnx/onnx.proto has the numbers of fields.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from latentpress.errors import CorruptFileError

__all__ = ["Graph", "Node", "Value"]

_GRAPH = 7  # of a model
_NODE, _CONSTANT, _SHAPES, _INPUT, _OUTPUT = 1, 5, 13, 11, 12  # of a graph
_FLOAT, _INT, _TENSOR, _INTS = 1, 2, 4, 7  # kinds of attributes
_DOMAINS = 8  # of a model
_KINDS = {1: "<f4", 2: "|u1", 3: "|i1", 6: "<i4", 7: "<i8", 10: "<f2"}  # of tensors
_NUMBERS = {np.dtype(name): number for number, name in _KINDS.items()}

Fields = list[tuple[int, int, int | bytes]]
Array = NDArray[Any]


@dataclass
class Node:
    """An operator: its kind, names of tensors that go in and come out, and its attributes, as the file has them."""

    kind: str
    inputs: list[str]
    outputs: list[str]
    attributes: dict[str, bytes] = field(default_factory=dict)
    domain: str = ""

    def ints(self, name: str) -> list[int]:
        """Whole numbers of an attribute; none if it is not there."""
        return [
            _signed(value)
            for number, _, value in _parsed(self.attributes.get(name, b""))
            if number == 8
            for value in _unpacked(value)
        ]

    def number(self, name: str, usual: int) -> int:
        """The whole number of an attribute."""
        found = [value for number, _, value in _parsed(self.attributes.get(name, b"")) if number == 3]
        return _signed(found[0]) if found and isinstance(found[0], int) else usual

    def with_ints(self, **attributes: Sequence[int] | int) -> Self:
        """Itself, with attributes set."""
        for name, value in attributes.items():
            content = _field(3, value) if isinstance(value, int) else b"".join(_field(8, one) for one in value)
            kind = _INT if isinstance(value, int) else _INTS
            self.attributes[name] = _field(1, name) + content + _field(20, kind)
        return self


@dataclass
class Value:
    """An input or output of a graph: its name, its shape, of numbers and of names (none if it is not said), and the
    NumPy name of its type. stored: as the file has it; nothing for a new one.
    """

    name: str
    shape: tuple[int | str, ...]
    type: str = "<f4"
    stored: bytes = b""


class Graph:
    """A graph: its nodes in the order in which they run, constants by name, inputs and outputs.

    Raises CorruptFileError for bytes that are none.
    """

    def __init__(self, model: bytes) -> None:
        self.nodes: list[Node] = []
        self.constants: dict[str, Array] = {}
        self.inputs: list[Value] = []
        self.outputs: list[Value] = []
        try:
            self._model = _parsed(model)
            graph = next(value for number, _, value in self._model if number == _GRAPH)
            self._rest: Fields = []
            for number, wire, value in _parsed(_bytes(graph)):
                if number == _NODE:
                    self.nodes.append(_node(_bytes(value)))
                elif number == _CONSTANT:
                    name, array = _tensor(_bytes(value))
                    if array is None:
                        self._rest.append((number, wire, value))
                    else:
                        self.constants[name] = array
                elif number in (_INPUT, _OUTPUT):
                    (self.inputs if number == _INPUT else self.outputs).append(_value(_bytes(value)))
                elif number != _SHAPES:  # they may change
                    self._rest.append((number, wire, value))
        except (IndexError, StopIteration, ValueError, KeyError, TypeError) as error:
            raise CorruptFileError(f"the network cannot be loaded: {error}") from None
        for node in self.nodes:
            if node.kind == "Constant" and "value" in node.attributes:
                tensor = next(value for number, _, value in _parsed(node.attributes["value"]) if number == 5)
                if (array := _tensor(_bytes(tensor))[1]) is not None:
                    self.constants[node.outputs[0]] = array
        self.nodes = [node for node in self.nodes if node.outputs[0] not in self.constants]

    @classmethod
    def empty(cls) -> Self:
        """A graph without nodes, of the operators that models here are made of."""
        return cls(_field(1, 8) + _field(_GRAPH, _field(2, "graph")) + _field(_DOMAINS, _field(1, "") + _field(2, 17)))

    def copy(self) -> Self:
        """Another one of the same, to be changed; arrays are shared."""
        made = copy.copy(self)
        made.nodes = [
            Node(node.kind, [*node.inputs], [*node.outputs], {**node.attributes}, node.domain) for node in self.nodes
        ]
        made.constants, made.inputs, made.outputs = {**self.constants}, [*self.inputs], [*self.outputs]
        made._model, made._rest = [*self._model], [*self._rest]
        return made

    def prune(self) -> None:
        """Drop nodes and constants that no output comes of."""
        wanted, kept = {value.name for value in self.outputs}, list[Node]()
        for node in reversed(self.nodes):
            if not wanted.isdisjoint(node.outputs):
                kept.append(node)
                wanted.update(node.inputs)
        self.nodes = kept[::-1]
        self.constants = {name: array for name, array in self.constants.items() if name in wanted}
        self.inputs = [value for value in self.inputs if value.name in wanted]

    def write(self) -> bytes:
        """The file."""
        domains = {node.domain for node in self.nodes} - {"", *map(_domain, self._model)}
        self._model += [(_DOMAINS, 2, _field(1, name) + _field(2, 1)) for name in sorted(domains)]
        content = b"".join(
            [
                *(_field(_NODE, _node_bytes(node)) for node in self.nodes),
                *(_encoded(one) for one in self._rest),
                *(_field(_CONSTANT, _tensor_bytes(name, array)) for name, array in self.constants.items()),
                *(_field(_INPUT, _value_bytes(value)) for value in self.inputs),
                *(_field(_OUTPUT, _value_bytes(value)) for value in self.outputs),
            ]
        )
        return b"".join(_field(_GRAPH, content) if one[0] == _GRAPH else _encoded(one) for one in self._model)


def _node(data: bytes) -> Node:
    node = Node("", [], [])
    for number, _, value in _parsed(data):
        if number == 5:
            name = next(_text(one) for label, _, one in _parsed(_bytes(value)) if label == 1)
            node.attributes[name] = _bytes(value)
        elif number in (1, 2):
            (node.inputs if number == 1 else node.outputs).append(_text(value))
        elif number == 4:
            node.kind = _text(value)
        elif number == 7:
            node.domain = _text(value)
    return node


def _node_bytes(node: Node) -> bytes:
    return b"".join(
        [
            *(_field(1, name) for name in node.inputs),
            *(_field(2, name) for name in node.outputs),
            _field(4, node.kind),
            *(_field(5, attribute) for attribute in node.attributes.values()),
            _field(7, node.domain) if node.domain else b"",
        ]
    )


def _tensor(data: bytes) -> tuple[str, Array | None]:
    """Name and numbers of a tensor; None for what nobody here works with."""
    name, kind, shape, content = "", 0, list[int](), None
    for number, _, value in _parsed(data):
        if number == 1:
            shape += _unpacked(value)
        elif number == 2 and isinstance(value, int):
            kind = value
        elif number == 8:
            name = _text(value)
        elif number == 9 or (number == 4 and not isinstance(value, int)):  # as bytes; packed float32
            content = _bytes(value)
    if content is None or kind not in _KINDS:
        return name, None
    return name, np.frombuffer(content, _KINDS[kind]).reshape(shape)


def _tensor_bytes(name: str, array: Array) -> bytes:
    shape = b"".join(_field(1, side) for side in array.shape)
    return shape + _field(2, _NUMBERS[array.dtype]) + _field(8, name) + _field(9, array.tobytes())


def _value(data: bytes) -> Value:
    """Message by message: a value, its type, that of a tensor, its shape, a side."""
    name = next(_text(value) for number, _, value in _parsed(data) if number == 1)
    sides, kind = [data], 1
    for level in (2, 1, 2, 1):
        fields = [field for one in sides for field in _parsed(one)]
        kind = next((one for number, _, one in fields if (level, number) == (2, 1) and isinstance(one, int)), kind)
        sides = [_bytes(value) for number, _, value in fields if number == level and not isinstance(value, int)]
    lengths = [value for side in sides for _, _, value in _parsed(side)[:1]]
    shape = tuple(one if isinstance(one, int) else _text(one) for one in lengths)
    return Value(name, shape, _KINDS.get(kind, ""), data)


def _value_bytes(value: Value) -> bytes:
    sides = b"".join(_field(1, _field(1 if isinstance(side, int) else 2, side)) for side in value.shape)
    kind = _NUMBERS[np.dtype(value.type)]
    return value.stored or _field(1, value.name) + _field(2, _field(1, _field(1, kind) + _field(2, sides)))


def _domain(field: tuple[int, int, int | bytes]) -> str:
    """The domain of operators that a model's field speaks of."""
    number, _, value = field
    return (
        next((_text(one) for label, _, one in _parsed(_bytes(value)) if label == 1), "") if number == _DOMAINS else ""
    )


def _parsed(data: bytes) -> Fields:
    """The fields of a message: number, wire type, and a whole number or bytes."""
    found: Fields = []
    place, end = 0, len(data)
    while place < end:
        key, place = _varint(data, place) if data[place] > 127 else (data[place], place + 1)
        wire = key & 7
        if wire in (0, 2):
            size, place = _varint(data, place) if data[place] > 127 else (data[place], place + 1)
            if wire == 0:
                found.append((key >> 3, wire, size))
                continue
        else:
            size = {1: 8, 5: 4}[wire]
        if place + size > end:
            raise ValueError("it ends too early")
        found.append((key >> 3, wire, data[place : place + size]))
        place += size
    return found


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        octet = data[place]
        value |= (octet & 127) << shift
        place, shift = place + 1, shift + 7
        if octet < 128:
            return value, place


def _encoded(one: tuple[int, int, int | bytes]) -> bytes:
    number, wire, value = one
    if isinstance(value, int) or wire == 2:
        return _field(number, value)
    return _length(number << 3 | wire) + value


def _field(number: int, value: int | str | bytes) -> bytes:
    if isinstance(value, int):
        return _length(number << 3) + _length(value & (2**64 - 1))
    content = value.encode() if isinstance(value, str) else value
    key, size = number << 3 | 2, len(content)
    return (bytes((key, size)) if key < 128 and size < 128 else _length(key) + _length(size)) + content


def _length(value: int) -> bytes:
    octets = bytearray()
    while value > 127:
        octets.append(value & 127 | 128)
        value >>= 7
    return bytes([*octets, value])


def _unpacked(value: int | bytes) -> Iterator[int]:
    """Whole numbers of a field that may be packed."""
    if isinstance(value, int):
        yield value
        return
    place = 0
    while place < len(value):
        one, place = _varint(value, place)
        yield one


def _signed(value: int) -> int:
    return value - 2**64 if value >= 2**63 else value


def _bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise ValueError("a number in the place of bytes")
    return value


def _text(value: int | bytes) -> str:
    return _bytes(value).decode()

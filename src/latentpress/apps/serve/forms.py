"""The file in a multipart form, taken out in memory: the framework's own parser moves large ones to the disk."""

from __future__ import annotations

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from latentpress.apps.serve.tasks import ParameterError
from latentpress.errors import InvalidInputError

__all__ = ["form_file"]


def form_file(body: bytes, content_type: str) -> bytes:
    """The one file of the form, whatever its field is called.

    content_type: the header with the boundary. Raises InvalidInputError for a form that is damaged, and for one that
    has no file or several; ParameterError for a field that is no file.
    """
    boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
    if not boundary:
        raise InvalidInputError("the form cannot be read: its Content-Type names no boundary")
    parts = _Parts()
    try:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": parts.begin,
                "on_header_field": parts.header_field,
                "on_header_value": parts.header_value,
                "on_header_end": parts.header_end,
                "on_headers_finished": parts.headers_finished,
                "on_part_data": parts.data,
                "on_part_end": parts.end,
            },
        )
        parser.write(body)
        parser.finalize()
    except FormParserError:
        raise InvalidInputError("the form is damaged") from None
    if len(parts.files) != 1:
        found = "has no file, or was cut short" if not parts.files else f"has {len(parts.files)} files"
        raise InvalidInputError(f"the form {found}; send one file, as the field 'file'")
    if parts.others:
        field = parts.others[0]
        raise ParameterError(f"the form field {field!r} is no file; parameters go into the address: ?{field}=...")
    return parts.files[0]


class _Parts:
    """What the parser finds: its callbacks, and the files so far."""

    def __init__(self) -> None:
        self.files: list[bytes] = []
        self.others: list[str] = []
        self._name, self._value = bytearray(), bytearray()
        self._disposition = b""
        self._content: bytearray | None = None

    def begin(self) -> None:
        self._disposition, self._content = b"", None

    def header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def header_end(self) -> None:
        if self._name.lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._name, self._value = bytearray(), bytearray()

    def headers_finished(self) -> None:
        options = parse_options_header(self._disposition)[1]
        if b"filename" in options:
            self._content = bytearray()
        else:
            self.others.append(options.get(b"name", b"").decode("utf-8", "replace")[:40])

    def data(self, data: bytes, start: int, end: int) -> None:
        if self._content is not None:
            self._content += data[start:end]

    def end(self) -> None:
        if self._content is not None:
            self.files.append(bytes(self._content))

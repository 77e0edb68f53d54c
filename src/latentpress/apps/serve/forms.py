"""The files in a multipart form, taken out in memory: the framework's own parser moves large ones to the disk."""

from __future__ import annotations

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from latentpress.apps.serve.inputs import ParameterError, Upload
from latentpress.errors import InvalidInputError

__all__ = ["MASK", "form_upload"]

MASK = "roi_mask"
"""Field of the file that says where the picture matters most; the other file is the picture, whatever its field."""


def form_upload(body: bytes, content_type: str) -> Upload:
    """The one file of the form, and its mask of interest if it has one.

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
    masks, pictures = ([data for name, data in parts.files if (name == MASK) == wanted] for wanted in (True, False))
    if len(pictures) != 1 or len(masks) > 1:
        found = "has no file, or was cut short" if not pictures else f"has {len(parts.files)} files"
        raise InvalidInputError(f"the form {found}; send one file, as the field 'file'")
    if parts.others:
        field = parts.others[0]
        raise ParameterError(f"the form field {field!r} is no file; parameters go into the address: ?{field}=...")
    return Upload(pictures[0], masks[0] if masks else None)


class _Parts:
    """What the parser finds: its callbacks, and the files so far."""

    def __init__(self) -> None:
        self.files: list[tuple[str, bytes]] = []
        self.others: list[str] = []
        self._name, self._value = bytearray(), bytearray()
        self._disposition = b""
        self._content: bytearray | None = None
        self._field = ""

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
        self._field = options.get(b"name", b"").decode("utf-8", "replace")[:40]
        if b"filename" in options:
            self._content = bytearray()
        else:
            self.others.append(self._field)

    def data(self, data: bytes, start: int, end: int) -> None:
        if self._content is not None:
            self._content += data[start:end]

    def end(self) -> None:
        if self._content is not None:
            self.files.append((self._field, bytes(self._content)))

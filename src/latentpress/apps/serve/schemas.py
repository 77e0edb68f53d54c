"""The JSON of requests and answers, and the parts of the OpenAPI description that functions cannot express."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "CodecList",
    "CodecRow",
    "ErrorAnswer",
    "FileReport",
    "Health",
    "LPX_MEDIA_TYPE",
    "PreviewResult",
    "REFUSALS",
    "binary_answer",
    "upload",
]

LPX_MEDIA_TYPE = "application/octet-stream"
"""Media type of .lpx files: the format has none registered."""


class ErrorAnswer(BaseModel):
    """What every answer with a status of 400 or more holds."""

    error: str = Field(description="What is wrong, in one line.", examples=["the file is cut short"])


class Health(BaseModel):
    """State of the service."""

    status: str = Field(description="`ok` while it takes requests.", examples=["ok"])
    version: str = Field(description="Version of LatentPress.", examples=["0.1.0"])
    workers: int = Field(description="Worker processes that run.", examples=[2])
    requests: int = Field(description="Requests with a body that are not answered yet.", examples=[0])
    capacity: int = Field(description="How many of these may be at a time; one more gets a 503.", examples=[34])
    max_upload: int = Field(description="Largest upload in bytes.", examples=[32_000_000])
    max_pixels: int = Field(description="Largest picture in pixels.", examples=[16_777_216])


class CodecRow(BaseModel):
    """A codec of /compress."""

    id: str = Field(examples=["hyperprior"])
    number: int = Field(description="Number of the codec in the file's header.", examples=[1])
    lossless: bool
    description: str
    models: list[str] = Field(description="Installed model packages.", examples=[["hyperprior-3"]])
    problem: str = Field(description="Why it cannot be used here; empty if it can.")


class CoderRow(BaseModel):
    """A coder of /preview: a codec of this package, or of another format whose library is installed here."""

    id: str = Field(examples=["avif-444"])
    name: str = Field(description="What people call it.", examples=["AVIF"])
    group: str = Field(description="Of which kind it is, in words.", examples=["Other formats"])
    plain: bool = Field(description="Whether it stands for its name; the others are variants.")
    suffix: str = Field(description="How its files end; empty for what no program opens.", examples=[".avif"])
    own: bool = Field(description="Whether /compress has it too.")
    lossless: bool
    quality_name: str = Field(description="What its quality is: `quality`, `distance`, `qp` or `bpp`.")
    smallest: float = Field(description="Quality of the smallest file.")
    largest: float = Field(description="Quality of the largest file; below `smallest` for a distance and a qp.")
    usual: float = Field(description="Quality that is used when none is given.")
    whole: bool = Field(description="Whether only whole numbers are taken.")
    takes: list[str] = Field(description="Which of effort, tune, max_error, preview and look it takes.")
    regions: bool = Field(description="Whether it takes a roi_mask.")


class CodecList(BaseModel):
    """What can be asked for."""

    codecs: list[CodecRow]
    preview: list[CoderRow]


class ChunkRow(BaseModel):
    """A chunk of an .lpx file."""

    kind: int
    name: str
    bytes: int
    ancillary: bool = Field(description="Whether a reader that does not know it may skip it.")


class FileReport(BaseModel):
    """What an .lpx file holds. All checksums were right."""

    model_config = ConfigDict(protected_namespaces=())  # "model_name" is a name of ours

    version: tuple[int, int] = Field(description="Of the format, major and minor.", examples=[[1, 0]])
    codec: str = Field(description="Empty if this service does not know the number.", examples=["hyperprior"])
    codec_number: int
    model: str = Field(description="Id of the model package, 16 hexadecimal digits; empty for none.")
    model_name: str = Field(description="Its name; empty if it is not installed here.", examples=["hyperprior-3"])
    width: int
    height: int
    channels: int = Field(description="1 gray, 2 gray and alpha, 3 RGB, 4 RGB and alpha.")
    bit_depth: int
    rate: int = Field(description="The codec's own rate index.")
    file_bytes: int
    chunks: list[ChunkRow]
    facts: dict[str, str] = Field(description="What the codec says beside, by name.", examples=[{"method": "networks"}])
    bpp: float = Field(description="Bits a pixel of the whole file.", examples=[0.3763])
    overhead_bytes: int = Field(description="Bytes outside the chunks' payloads.")


class Metrics(BaseModel):
    """How near the decoded picture is to the original."""

    psnr: float | None = Field(description="dB, channels together; null when nothing was lost.", examples=[36.62])
    ms_ssim: float | None = Field(
        description="0..1; null without SciPy and for pictures under 161 pixels a side or above 8 megapixels."
    )
    ms_ssim_db: float | None = Field(description="-10 log10(1 - MS-SSIM); null where it is infinite too.")


class PreviewResult(BaseModel):
    """A picture after it was coded and decoded."""

    codec: str
    lossless: bool
    quality: float = Field(description="The quality used, on the coder's own scale.")
    quality_name: str
    width: int
    height: int
    channels: int = Field(description="1 gray, 3 RGB.")
    note: str = Field(description="What was changed so that the coder could take it; empty if nothing.")
    quicker: str = Field(description="What was chosen to stay within the time asked for; empty if nothing was.")
    bytes: int = Field(description="The whole file.", examples=[18506])
    bpp: float = Field(examples=[0.3765])
    ratio: float = Field(description="Raw samples over file.", examples=[63.7])
    metrics: Metrics
    identical: bool = Field(description="Whether every sample came back.")
    encode_seconds: float = Field(description="One encoding, on one thread, beside whatever else runs.")
    decode_seconds: float
    suffix: str = Field(description="How such a file ends; empty for what no program opens.")
    file: str = Field(description="The file itself, in base64.")
    picture: str = Field(description="The decoded picture: PNG in a data URL.", examples=["data:image/png;base64,..."])
    original: str | None = Field(description="The picture that was sent, likewise, if asked for.")


REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorAnswer, "description": reason}
    for status, reason in {
        400: "The body is empty, damaged or of another kind.",
        408: "The body did not arrive in time.",
        413: "More bytes or more pixels than the service takes.",
        415: "A pixel layout, codec or model that is not supported.",
        422: "A parameter is wrong, or the work took longer than the limit.",
        503: "Busy: try again after the seconds in Retry-After.",
    }.items()
}
"""Answers of every route that takes a file, beside its success."""

_BINARY = {"type": "string", "format": "binary"}


def upload(what: str, *kinds: str, mask: str = "") -> dict[str, Any]:
    """OpenAPI of a body that is a file of one of the media types, or a form with the file. mask: field of the form that
    may hold a mask of interest beside it.
    """
    parts = {"file": {**_BINARY, "description": what}}
    if mask:
        parts[mask] = {**_BINARY, "description": "A gray picture: where it matters most, white."}
    form = {"type": "object", "required": ["file"], "properties": parts}
    content: dict[str, Any] = {kind: {"schema": {**_BINARY, "description": what}} for kind in kinds}
    content["multipart/form-data"] = {"schema": form}
    return {"requestBody": {"required": True, "description": what, "content": content}}


def binary_answer(what: str, *kinds: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """OpenAPI of an answer that is a file; headers: name to description."""
    described = {name: {"description": text, "schema": {"type": "string"}} for name, text in (headers or {}).items()}
    return {"description": what, "content": {kind: {"schema": _BINARY} for kind in kinds}, "headers": described}

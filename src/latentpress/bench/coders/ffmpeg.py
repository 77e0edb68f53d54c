"""HEVC and VVC intra pictures by x265 and vvenc, through the ffmpeg program that imageio-ffmpeg brings.

A file is an 8-byte head - three letters, the channels, width and height - and the raw HEVC or VVC bitstream of one
picture. The head is there because sides are padded to multiples of 8, at least 16, which both encoders can take; its
bytes count. Everything goes through pipes, so nothing is left on the disk.
"""

from __future__ import annotations

import contextlib
import functools
import re
import struct
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.bench.coders.base import Coder, Pixels
from latentpress.bench.coders.yuv import from_planes, plane_shapes, to_planes
from latentpress.errors import CorruptFileError, LimitError, UnsupportedError

__all__ = ["Video", "VideoCoder", "coders"]

_HEAD = struct.Struct("<3sBHH")
_PIXEL_FORMATS = {"400": "gray10le", "420": "yuv420p10le", "444": "yuv444p10le"}

# Limits of one run of ffmpeg: seconds (vvenc takes up to 1e-4 a pixel), and bytes of address space.
_SECONDS, _SECONDS_PER_PIXEL, _MOST_SECONDS = 60.0, 1e-3, 86400.0
_MEMORY, _MEMORY_PER_PIXEL = 2**32, 2**12
_MOST_PIXELS = 2**28
_ONE_LINE = 300  # characters of ffmpeg's message that are passed on


@dataclass(frozen=True)
class Video:
    """What a video encoder is asked for.

    magic: three letters that begin a file. encoder: ffmpeg's name of it. stream: ffmpeg's name of the raw bitstream.
    chroma, gray_chroma: keys of `CHROMA` for RGB and for gray. full_range: of the samples. options: for the encoder,
    with ``{qp}`` in place of the quality.
    """

    magic: bytes
    encoder: str
    stream: str
    chroma: str
    gray_chroma: str
    full_range: bool
    options: tuple[str, ...]


# x265: it describes the colours in the stream by itself; ffmpeg, told of the range, would convert the samples. info=0
# leaves out the encoder's advertisement. One pool thread and one frame thread keep the stream that the default settings
# write, but run alone.
_X265 = Video(
    b"LX5", "libx265", "hevc", "444", "400", True,
    ("-preset", "slower", "-tune", "psnr", "-qp", "{qp}", "-x265-params",
     "log-level=error:info=0:pools=1:frame-threads=1:keyint=1:range=full:colorprim=bt709:transfer=iec61966-2-1:"
     "colormatrix=bt470bg"),
)  # fmt: skip
# vvenc: takes 4:2:0 in ten bits and nothing else, and describes only the limited range. qpa is its perceptual
# adaptation of the quantiser, which lowers PSNR.
_VVC = Video(
    b"LVC", "libvvenc", "vvc", "420", "420", False,
    ("-preset", "medium", "-qpa", "0", "-qp", "{qp}", "-color_range", "tv", "-colorspace", "bt470bg"),
)  # fmt: skip


class VideoCoder(Coder):
    """One intra picture of a video encoder, at a constant quantisation parameter."""

    extra = "bench"
    package = "imageio-ffmpeg"
    module = "imageio_ffmpeg"
    quality_name = "qp"

    def __init__(self, id: str, video: Video, qualities: tuple[float, ...], quality_range: tuple[float, float]) -> None:
        self.id, self.video, self.qualities, self.quality_range = id, video, qualities, quality_range

    def check(self) -> None:
        """Raise MissingExtraError without imageio-ffmpeg, UnsupportedError if its ffmpeg lacks encoder or decoder."""
        listing = _listing(self._program())
        for name in (self.video.encoder, self.video.stream):
            if not re.search(rf"^ \S+ +{name} ", listing, re.MULTILINE):
                raise UnsupportedError(f"{self.id} needs an ffmpeg with {name}: pip install --upgrade imageio-ffmpeg")

    def versions(self) -> dict[str, str]:
        """imageio-ffmpeg, its ffmpeg, and the encoder as it calls itself."""
        library, program = self._load(), self._program()
        encoder = _encoder_version(program, self.video.encoder)
        return {
            "imageio_ffmpeg": library.__version__,
            "ffmpeg": str(library.get_ffmpeg_version()),
            self.video.encoder: encoder,
        }

    def _encode(self, pixels: Pixels, quality: float) -> bytes:
        height, width, channels = pixels.shape
        if max(height, width) > 0xFFFF:
            raise UnsupportedError(f"{self.id} takes sides up to 65535, not {width} x {height}")
        rows, columns = self._coded(height, width)
        padded = np.pad(pixels, ((0, rows - height), (0, columns - width), (0, 0)), mode="edge")
        chroma = self._chroma(channels)
        raw = b"".join(plane.astype("<u2").tobytes() for plane in to_planes(padded, chroma, self.video.full_range))
        source = ["-f", "rawvideo", "-pix_fmt", _PIXEL_FORMATS[chroma], "-s", f"{columns}x{rows}", "-i", "pipe:0"]
        options = [option.format(qp=int(quality)) for option in self.video.options]
        target = ["-frames:v", "1", "-c:v", self.video.encoder, *options, "-threads", "1", "-f", self.video.stream]
        stream = self._run([*source, *target, "pipe:1"], raw, rows * columns)
        if not stream:
            raise UnsupportedError(f"{self.video.encoder} wrote nothing")
        return _HEAD.pack(self.video.magic, channels, width, height) + stream

    def _decode(self, data: bytes) -> NDArray[Any]:
        if len(data) <= _HEAD.size:
            raise CorruptFileError(f"{len(data)} bytes are too few for a file of {self.id}")
        magic, channels, width, height = _HEAD.unpack_from(data)
        if magic != self.video.magic or channels not in (1, 3) or not width or not height:
            raise CorruptFileError(f"this is not a file of {self.id}, or its head is damaged")
        chroma = self._chroma(channels)
        rows, columns = self._coded(height, width)
        shapes = plane_shapes(rows, columns, chroma)
        sizes = [shape[0] * shape[1] for shape in shapes]
        # A damaged stream may announce a larger picture; max_pixels refuses it before ffmpeg takes memory. It counts
        # whole coding blocks and a border, hence the room.
        room = (rows + 256) * (columns + 256)
        source = ["-max_pixels", str(room), "-err_detect", "explode", "-f", self.video.stream, "-i", "pipe:0"]
        target = ["-frames:v", "1", "-pix_fmt", _PIXEL_FORMATS[chroma], "-f", "rawvideo"]
        raw = self._run(["-xerror", *source, *target, "pipe:1"], data[_HEAD.size :], rows * columns)
        if len(raw) != 2 * sum(sizes):
            raise CorruptFileError(f"the {self.video.stream} stream holds another picture than the head says")
        parts = np.split(np.frombuffer(raw, "<u2").astype(np.uint16), np.cumsum(sizes)[:-1])
        planes = [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]
        return from_planes(planes, channels, self.video.full_range)[:height, :width]

    def _coded(self, height: int, width: int) -> tuple[int, int]:
        """Sides of the picture that is coded: multiples of 8, at least 16. Raises LimitError if it is too large."""
        rows, columns = (max(16, -(-side // 8) * 8) for side in (height, width))
        if rows * columns > _MOST_PIXELS:
            raise LimitError(f"{self.id} takes up to {_MOST_PIXELS} pixels, not {width} x {height}")
        return rows, columns

    def _chroma(self, channels: int) -> str:
        """The chroma format of gray or RGB pictures."""
        return self.video.chroma if channels == 3 else self.video.gray_chroma

    def _program(self) -> str:
        """Path of the ffmpeg program."""
        library = self._load()
        try:
            return str(library.get_ffmpeg_exe())
        except RuntimeError as error:
            raise UnsupportedError(f"{self.id}: imageio-ffmpeg has no ffmpeg for this machine") from error

    def _run(self, arguments: list[str], data: bytes, pixels: int) -> bytes:
        """What ffmpeg writes to its standard output. Raises LimitError if it takes too long, ValueError if it fails."""
        seconds = min(_SECONDS + pixels * _SECONDS_PER_PIXEL, _MOST_SECONDS)
        quiet = ["-hide_banner", "-nostdin", "-loglevel", "error"]
        narrow = ["-protocol_whitelist", "pipe", "-filter_threads", "1", "-threads", "1"]
        command = [self._program(), *quiet, *narrow, *arguments]
        done = _communicate(command, data, seconds, int(_MEMORY + pixels * _MEMORY_PER_PIXEL))
        if done.returncode:
            message = " ".join(done.stderr.decode("utf-8", "replace").split())[:_ONE_LINE]
            raise ValueError(message or f"ffmpeg ended with code {done.returncode}")
        return done.stdout

    def _settings(self) -> dict[str, Any]:
        video = self.video
        return {
            "format": f"8-byte head and raw {video.stream} stream",
            "encoder": video.encoder,
            "options": " ".join(video.options),
            "chroma": video.chroma,
            "gray_chroma": video.gray_chroma,
            "bit_depth": 10,
            "color": f"BT.601 {'full' if video.full_range else 'limited'} range, converted here",
            "threads": 1,
            "process": "one for each call, started anew: its start counts in the times",
        }


def coders() -> list[Coder]:
    """x265 4:4:4, which stands for BPG too, and VVC 4:2:0."""
    steps = tuple(float(qp) for qp in range(46, 17, -4))
    return [VideoCoder("x265-444", _X265, steps, (0.0, 51.0)), VideoCoder("vvc", _VVC, steps, (0.0, 63.0))]


def _communicate(command: list[str], data: bytes, seconds: float, memory: int) -> subprocess.CompletedProcess[bytes]:
    """Run a program with limits on time and, on Linux, on memory. Raises LimitError past the time."""
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        try:
            if sys.platform == "linux":
                import resource

                # It may have ended already; some sandboxes allow no limits, and then the time limit has to do.
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    resource.prlimit(process.pid, resource.RLIMIT_AS, (memory, memory))
                    resource.prlimit(process.pid, resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 2))
                    resource.prlimit(process.pid, resource.RLIMIT_CORE, (0, 0))
            output, errors = process.communicate(data, timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            raise LimitError(f"ffmpeg did not finish within {seconds:.0f} seconds") from None
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(command, process.returncode, output, errors)


@functools.lru_cache(maxsize=4)
def _listing(program: str) -> str:
    """ffmpeg's lists of encoders and decoders, one a line."""
    lists = []
    for kind in ("-encoders", "-decoders"):
        done = _communicate([program, "-hide_banner", kind], b"", _SECONDS, _MEMORY)
        lists.append(done.stdout.decode("utf-8", "replace"))
    return "\n".join(lists)


@functools.lru_cache(maxsize=4)
def _encoder_version(program: str, encoder: str) -> str:
    """What the encoder says of itself while it codes a black square."""
    source = ["-f", "lavfi", "-i", "color=black:size=16x16", "-frames:v", "1", "-pix_fmt", "yuv420p10le"]
    command = [program, "-hide_banner", "-nostdin", *source, "-c:v", encoder, "-threads", "1", "-f", "null", "-"]
    log = _communicate(command, b"", _SECONDS, _MEMORY).stderr.decode("utf-8", "replace")
    found = re.search(r"(?:encoder|libvvenc) version:? +(\S+)", log)
    return found[1] if found else "unknown"

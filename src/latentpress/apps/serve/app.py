"""The HTTP service: `create_app` gives the ASGI application, which any ASGI server runs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, Query, Request
from fastapi.responses import JSONResponse, Response

import latentpress
from latentpress.apps.serve import tasks
from latentpress.apps.serve.answers import Manners, SecurityHeaders, add_error_answers
from latentpress.apps.serve.forms import MASK
from latentpress.apps.serve.handing import add_files
from latentpress.apps.serve.inputs import ParameterError
from latentpress.apps.serve.limits import ServiceLimits
from latentpress.apps.serve.pool import BusyError, WorkerPool
from latentpress.apps.serve.previews import Wish
from latentpress.apps.serve.schemas import (
    LPX_MEDIA_TYPE,
    REFUSALS,
    CodecList,
    FileReport,
    Health,
    PreviewResult,
    binary_answer,
    upload,
)
from latentpress.apps.serve.uploads import read_upload

__all__ = ["create_app"]

_FORMATS = {
    "png": "image/png",
    "avif": "image/avif",
    "bmp": "image/bmp",
    "jpeg": "image/jpeg",
    "jpeg2000": "image/jp2",
    "ppm": "image/x-portable-pixmap",
    "tiff": "image/tiff",
    "webp": "image/webp",
}
_PAGE = {
    "index.html": "text/html; charset=utf-8",
    "page.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "layers.js": "text/javascript; charset=utf-8",
    "settings.js": "text/javascript; charset=utf-8",
    "texts.js": "text/javascript; charset=utf-8",
    "zip.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
    # The report of `latentpress bench` shows pictures with the same slider.
    "slider.css": "text/css; charset=utf-8",
    "slider.js": "text/javascript; charset=utf-8",
}
_PICTURE = upload("A picture file (PNG, JPEG, WebP, AVIF, TIFF ...).", "application/octet-stream")
_MASKED = upload("A picture file (PNG, JPEG, WebP, AVIF, TIFF ...).", "application/octet-stream", mask=MASK)
_LPX = upload("An .lpx file.", LPX_MEDIA_TYPE)
_LPX_HEADERS = {
    "X-LatentPress-Codec": "Codec that made the file.",
    "X-LatentPress-Width": "Pixels in a row.",
    "X-LatentPress-Height": "Rows.",
    "X-LatentPress-Bpp": "Bits a pixel of the whole file.",
    "X-LatentPress-PSNR": "dB, or inf; only when asked for.",
    "X-LatentPress-Warning": "What of the input is not in the file, such as further frames; only where there is some.",
}
_BUSY: dict[int | str, dict[str, Any]] = {503: REFUSALS[503]}

_RESTORED_HEADERS = {
    "X-LatentPress-Quality": "JPEG quality that the artefacts were taken for.",
    "X-LatentPress-Origin": "Who said so: file, hint or estimate.",
}
_Effort = Annotated[
    int | None, Query(ge=1, le=9, description="Search this long for a smaller file; mind the time limit.")
]
_Tune = Annotated[str | None, Query(max_length=16, description="What bits are spent for: mse, ms-ssim.")]
_Preview = Annotated[bool, Query(description="Of a hyperprior file: quicker, and slightly worse.")]
_Look = Annotated[
    float, Query(ge=0, le=1, description="Of a hyperprior file: 0 true to the original ... 1 plausible texture.")
]
_Format = Annotated[
    Literal["png", "avif", "bmp", "jpeg", "jpeg2000", "ppm", "tiff", "webp"],
    Query(description="File format of the answer. JPEG and AVIF lose a little; the others nothing."),
]
_Codec = Annotated[str, Query(max_length=64, description="An id of GET /codecs.", examples=["hyperprior"])]


def _target(what: str) -> Any:
    return Query(gt=0, allow_inf_nan=False, description=what)


def create_app(limits: ServiceLimits | None = None, folder: Path | None = None) -> FastAPI:
    """The service as an ASGI application; its worker processes run from the start to the end of its lifespan. folder:
    of .lpx files that it hands out.
    """
    chosen = limits or ServiceLimits()
    service = _Service(chosen)
    app = FastAPI(
        title="LatentPress",
        version=latentpress.__version__,
        summary="Compress pictures with a learned codec, restore and inspect them.",
        description="Files go in as the raw body or as the field `file` of a form. Every refusal is "
        '`{"error": "one line"}`. Nothing is stored.',
        lifespan=service.lifespan,
        dependencies=[Depends(_only_known)],
        # The pages that FastAPI offers for reading the description take their scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
    )
    app.state.service = service
    app.add_middleware(Manners, routes=app)
    app.add_middleware(SecurityHeaders)
    add_error_answers(app)
    _add_coding(app, service)
    _add_reading(app, service)
    if folder is not None:
        add_files(app, folder)
    _add_page(app)
    return app


class _Service:
    """What the routes share: the limits and the pool."""

    def __init__(self, limits: ServiceLimits) -> None:
        self.limits = limits
        self._pool: WorkerPool | None = None
        self._codecs: dict[str, Any] | None = None

    @property
    def pool(self) -> WorkerPool:
        """The worker pool; there is none outside the application's lifespan."""
        if self._pool is None:
            raise BusyError("the service has not started")
        return self._pool

    @contextlib.asynccontextmanager
    async def lifespan(self, app: FastAPI) -> AsyncIterator[None]:
        """Start the workers, and end them."""
        limits = self.limits
        self._pool = WorkerPool(limits.workers, limits.queue, limits.timeout, tasks.prepare, (limits.max_pixels,))
        try:
            yield
        finally:
            pool, self._pool = self._pool, None
            await asyncio.to_thread(pool.close)

    async def with_body(self, request: Request, task: Callable[..., Any], *arguments: Any, mask: bool = False) -> Any:
        """Read the body and run ``task(upload, *arguments)`` in a worker. mask: whether it may come with one."""
        with self.pool.place():
            upload = await read_upload(request, self.limits.max_upload, self.limits.timeout)
            if upload.mask is not None and not mask:
                raise ParameterError(f"{request.url.path} takes no {MASK}")
            return await self._run(request, task, upload, *arguments)

    async def codecs(self, request: Request) -> dict[str, Any]:
        """What `tasks.codecs` finds, asked once: what is installed does not change while the service runs."""
        if self._codecs is None:
            with self.pool.place():
                await request.body()  # empty; from here on the only message that can come is the client's leaving
                self._codecs = await self._run(request, tasks.codecs)
        return self._codecs

    async def _run(self, request: Request, task: Callable[..., Any], *arguments: Any) -> Any:
        """Run a task in a worker; when the client leaves first, the task is given up."""
        job = self.pool.submit(task, *arguments)
        result = asyncio.ensure_future(asyncio.wrap_future(job.future))
        leaving = asyncio.create_task(_client_left(request))
        try:
            await asyncio.wait({result, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not result.done():
                raise BusyError("the client has left")
            return result.result()
        finally:
            leaving.cancel()
            if not result.done():
                job.abandon()
                result.cancel()


async def _client_left(request: Request) -> None:
    """Return when the connection is closed; to be called after the body is read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _only_known(request: Request) -> None:
    """Refuse a query parameter that the route does not have, and one that is there twice: neither would be heeded."""
    route, names = request.scope["route"], [name for name, _ in request.query_params.multi_items()]
    known = [field.alias for field in route.dependant.query_params]
    for name in names if route.include_in_schema else ():
        if name not in known:
            has = f"it has: {', '.join(known)}" if known else "it has none"
            raise ParameterError(f"{request.url.path} has no parameter {name!r} ({has})")
        if names.count(name) > 1:
            raise ParameterError(f"the parameter {name!r} is there twice")


def _add_coding(app: FastAPI, service: _Service) -> None:
    """The routes that take a picture."""

    @app.post(
        "/compress",
        summary="Compress a picture into an .lpx file",
        response_class=Response,
        responses={**REFUSALS, 200: binary_answer("The .lpx file.", LPX_MEDIA_TYPE, headers=_LPX_HEADERS)},
        openapi_extra=_MASKED,
    )
    async def compress(
        request: Request,
        quality: Annotated[
            float | None,
            Query(ge=0, le=100, allow_inf_nan=False, description="0 smallest file ... 100 best picture; 50 is usual."),
        ] = None,
        bpp: Annotated[float | None, _target("Rate to reach: bits a pixel of the whole file.")] = None,
        size: Annotated[float | None, _target("Largest file in bytes, and the best for it.")] = None,
        psnr: Annotated[float | None, _target("PSNR to reach, in dB.")] = None,
        ms_ssim: Annotated[float | None, _target("MS-SSIM to reach, below 1.")] = None,
        codec: Annotated[
            str, Query(max_length=64, description="An id of GET /codecs; auto: hyperprior, or mlp-lossless.")
        ] = "auto",
        lossless: Annotated[bool, Query(description="Keep every sample.")] = False,
        progressive: Annotated[bool, Query(description="A file of layers, which may be cut off anywhere.")] = False,
        max_error: Annotated[
            int | None, Query(ge=0, le=8, description="Near-lossless: no sample wrong by more.")
        ] = None,
        mosaic: Annotated[
            str | None, Query(max_length=8, description="Lossless: the colour filters of a raw mosaic: RGGB, auto ...")
        ] = None,
        effort: _Effort = None,
        tune: _Tune = None,
        verify: Annotated[bool, Query(description="Decode again and report the PSNR in a header.")] = False,
    ) -> Response:
        given = {
            "quality": quality, "bpp": bpp, "size": size, "psnr": psnr, "ms_ssim": ms_ssim, "codec": codec,
            "lossless": lossless, "progressive": progressive, "max_error": max_error, "mosaic": mosaic,
            "effort": effort, "tune": tune,
        }  # fmt: skip
        made = await service.with_body(request, tasks.compress, given, verify, mask=True)
        headers = {
            "Content-Disposition": 'attachment; filename="picture.lpx"',
            "X-LatentPress-Codec": made.codec,
            "X-LatentPress-Width": str(made.width),
            "X-LatentPress-Height": str(made.height),
            "X-LatentPress-Bpp": f"{8 * len(made.data) / (made.width * made.height):.4f}",
        }
        if made.psnr is not None:
            headers["X-LatentPress-PSNR"] = f"{made.psnr:.3f}"
        if made.warning:
            headers["X-LatentPress-Warning"] = made.warning
        return Response(made.data, media_type=LPX_MEDIA_TYPE, headers=headers)

    @app.post(
        "/preview",
        summary="Code a picture with any coder and decode it again",
        response_model=PreviewResult,
        responses=REFUSALS,
        openapi_extra=_MASKED,
    )
    async def preview(
        request: Request,
        codec: _Codec = "hyperprior",
        quality: Annotated[
            float | None, Query(allow_inf_nan=False, description="On the coder's own scale; see GET /codecs.")
        ] = None,
        bpp: Annotated[
            float | None,
            Query(gt=0, le=48, allow_inf_nan=False, description="Rate to look for instead of a quality: bits a pixel."),
        ] = None,
        size: Annotated[float | None, _target("Largest file in bytes, likewise.")] = None,
        effort: _Effort = None,
        tune: _Tune = None,
        max_error: Annotated[int | None, Query(ge=0, le=8, description="Of a lossless codec; see /compress.")] = None,
        preview: _Preview = False,
        look: _Look = 0.0,
        within: Annotated[
            float | None,
            Query(gt=0, allow_inf_nan=False, description="Take a quicker setting if it would last longer, in seconds."),
        ] = None,
        original: Annotated[bool, Query(description="Send the original back too, as the service read it.")] = False,
    ) -> Response:
        asked = {
            "effort": effort,
            "tune": tune,
            "max_error": max_error,
            "preview": preview or None,
            "look": look or None,
        }
        options = {name: value for name, value in asked.items() if value is not None}
        wish = Wish(codec, quality, bpp, size, options, within, original)
        # The result goes out as it is: to check megabytes of data URL against the model would only take time.
        return JSONResponse(await service.with_body(request, tasks.preview, wish, mask=True))

    @app.post(
        "/restore",
        summary="Take the JPEG artefacts out of a picture",
        response_class=Response,
        responses={**REFUSALS, 200: binary_answer("The picture.", *_FORMATS.values(), headers=_RESTORED_HEADERS)},
        openapi_extra=_PICTURE,
    )
    async def restore(
        request: Request,
        strength: Annotated[float, Query(ge=0, le=1, allow_inf_nan=False, description="Share of the correction.")] = 1,
        quality: Annotated[
            int | None, Query(ge=1, le=100, description="JPEG quality of the artefacts, if the file does not tell.")
        ] = None,
        format: _Format = "png",
    ) -> Response:
        made = await service.with_body(request, tasks.restore, strength, quality, format)
        headers = {"X-LatentPress-Quality": str(made.quality), "X-LatentPress-Origin": made.origin}
        return Response(made.data, media_type=_FORMATS[format], headers=headers)


def _add_reading(app: FastAPI, service: _Service) -> None:
    """The routes that take an .lpx file or nothing."""

    @app.post(
        "/decompress",
        summary="Restore the picture from an .lpx file",
        response_class=Response,
        responses={**REFUSALS, 200: binary_answer("The picture.", *_FORMATS.values())},
        openapi_extra=_LPX,
    )
    async def decompress(
        request: Request,
        format: _Format = "png",
        layers: Annotated[int | None, Query(ge=1, description="Of a progressive file: only its first layers.")] = None,
        preview: _Preview = False,
        look: _Look = 0.0,
    ) -> Response:
        data = await service.with_body(request, tasks.decompress, format, layers, preview, look)
        return Response(data, media_type=_FORMATS[format])

    @app.post(
        "/inspect",
        summary="Show what an .lpx file holds",
        response_model=FileReport,
        responses=REFUSALS,
        openapi_extra=_LPX,
    )
    async def inspect(request: Request) -> Any:
        return await service.with_body(request, tasks.inspect)

    @app.get("/codecs", summary="List codecs and coders", response_model=CodecList, responses=_BUSY)
    async def codecs(request: Request) -> Any:
        return await service.codecs(request)

    @app.get("/health", summary="State of the service", response_model=Health, responses=_BUSY)
    async def health() -> Any:
        state = service.pool.status()
        limits = {"max_upload": service.limits.max_upload, "max_pixels": service.limits.max_pixels}
        return {"status": "ok", "version": latentpress.__version__, **state, **limits}


def _add_page(app: FastAPI) -> None:
    """The page and its files, read once."""
    package = files("latentpress")
    for name, kind in _PAGE.items():
        folder = "bench/report" if name.startswith("slider") else "apps/serve/page"
        answer = _constant(package.joinpath(*folder.split("/"), name).read_bytes(), kind)
        app.get("/" if name == "index.html" else f"/page/{name}", include_in_schema=False)(answer)


def _constant(data: bytes, kind: str) -> Callable[[], Any]:
    async def answer() -> Response:
        return Response(data, media_type=kind)

    return answer

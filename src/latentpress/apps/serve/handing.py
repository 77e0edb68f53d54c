"""Files of a folder handed out: whole, or the first layers of a progressive one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

from fastapi import FastAPI, Query
from fastapi.responses import FileResponse, Response
from starlette.exceptions import HTTPException

from latentpress import container
from latentpress.apps.serve.schemas import LPX_MEDIA_TYPE, binary_answer

__all__ = ["add_files"]


def add_files(app: FastAPI, folder: Path) -> None:
    """The route ``GET /files/NAME`` for the .lpx files that lie in a folder itself, not in those inside it."""

    @app.get(
        "/files/{name}",
        summary="Hand out an .lpx file of the folder that the service was started with",
        response_class=Response,
        responses={200: binary_answer("The .lpx file.", LPX_MEDIA_TYPE)},
    )
    async def file(
        name: str,
        layers: Annotated[int | None, Query(ge=1, description="Of a progressive file: only its first layers.")] = None,
    ) -> Response:
        path = folder / name
        if path.parent != folder or path.suffix != ".lpx" or not path.is_file():
            raise HTTPException(404, f"there is no file {name!r}")
        if layers is None:
            return FileResponse(path, media_type=LPX_MEDIA_TYPE)  # sent as it is read, and parts of it for who asks so
        data = await asyncio.to_thread(lambda: container.keep_layers(path.read_bytes(), layers))
        return Response(data, media_type=LPX_MEDIA_TYPE)

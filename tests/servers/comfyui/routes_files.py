"""Uploads, results and models over HTTP (comfyui.md, 7)."""

from __future__ import annotations

import io
import json
import mimetypes
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from tests.servers.comfyui.folders import KINDS

if TYPE_CHECKING:
    from tests.servers.comfyui.server import Core

PLACES = {"input", "output", "temp"}


def table(core: Core) -> list[tuple[str, str, Callable[[Request], Awaitable[Response]]]]:
    return [
        ("POST", "/upload/image", lambda request: _upload(core, request)),
        ("POST", "/upload/mask", lambda request: _upload_mask(core, request)),
        ("GET", "/view", lambda request: _view(core, request)),
        ("GET", "/models", lambda request: _kinds()),
        ("GET", "/models/{kind}", lambda request: _models(core, request)),
        ("GET", "/view_metadata/{kind}", lambda request: _metadata(core, request)),
    ]


async def _upload(core: Core, request: Request) -> Response:
    """Same name and bytes: same name. Other bytes: `ref (1).png`. Too large 413; `../` 400; bad `type` 500; no file 400."""
    if int(request.headers.get("content-length", 0)) > core.max_upload:
        return Response(status_code=413)
    async with request.form() as form:
        file = form.get("image")
        if not isinstance(file, UploadFile) or not file.filename:
            return Response(status_code=400)
        kind, subfolder = str(form.get("type", "input")), str(form.get("subfolder", ""))
        if kind not in PLACES:
            raise KeyError(kind)
        home = core.folders.root / kind
        path = home / subfolder / file.filename
        if not path.resolve().is_relative_to(home.resolve()):
            return Response(status_code=400)
        data = await file.read()
        path.parent.mkdir(parents=True, exist_ok=True)
        if form.get("overwrite") not in {"true", "1"}:
            path = _free_name(path, data)
            if path.exists():  # as the real one: what is there already is not written again under a prompt that reads it
                return JSONResponse({"name": path.name, "subfolder": subfolder, "type": kind})
        path.write_bytes(data)
        return JSONResponse({"name": path.name, "subfolder": subfolder, "type": kind})


async def _upload_mask(core: Core, request: Request) -> Response:
    """The alpha of `image` is given to the picture that `original_ref` names."""
    async with request.form() as form:
        file, named = form.get("image"), json.loads(str(form.get("original_ref")))
        assert isinstance(file, UploadFile)
        assert file.filename
        home = core.folders.root / named.get("type", "output") / named.get("subfolder", "")
        with Image.open(home / named["filename"]) as original, Image.open(io.BytesIO(await file.read())) as mask:
            whole = original.convert("RGBA")
            whole.putalpha(mask.getchannel("A").resize(whole.size))
            whole.save(core.folders.root / "input" / file.filename)
        return JSONResponse({"name": file.filename, "subfolder": "", "type": "input"})


def _free_name(path: Path, data: bytes) -> Path:
    n, candidate = 1, path
    while candidate.exists() and candidate.read_bytes() != data:
        candidate = path.with_name(f"{path.stem} ({n}){path.suffix}")
        n += 1
    return candidate


async def _view(core: Core, request: Request) -> Response:
    query = request.query_params
    name, kind = query.get("filename", ""), query.get("type", "output")
    if not name or name.startswith("/") or ".." in name or kind not in PLACES:
        return Response(status_code=400)
    home = core.folders.root / kind
    folder = (home / query.get("subfolder", "")).resolve()
    if not folder.is_relative_to(home.resolve()):
        return Response(status_code=403)
    path = folder / Path(name).name
    if not path.is_file():
        return Response(status_code=404)
    if "preview" in query:
        form, _, quality = query["preview"].partition(";")
        file = io.BytesIO()
        with Image.open(path) as picture:
            picture.convert("RGB").save(file, form, quality=int(quality or 90))
        return Response(file.getvalue(), media_type=f"image/{form}")
    return FileResponse(path, media_type=mimetypes.guess_type(path.name)[0] or "application/octet-stream")


async def _kinds() -> Response:
    return JSONResponse(list(KINDS))


async def _models(core: Core, request: Request) -> Response:
    kind = request.path_params["kind"]
    return JSONResponse(core.folders.names(kind)) if kind in KINDS else Response(status_code=404)


async def _metadata(core: Core, request: Request) -> Response:
    values = core.folders.metadata(request.path_params["kind"], request.query_params.get("filename", ""))
    return JSONResponse(values) if values else Response(status_code=404)

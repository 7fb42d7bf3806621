"""A studio, one verb at a time, and files in its storage."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import ffmpeg
import pytest

from backend.app import App
from backend.media.ffmpeg import binary_path
from backend.renditions import KIND, MediaPayload, pipeline
from backend.settings import Settings
from tests.factories.account import Tenant
from tests.factories.making import make_asset
from tests.support.context import make_context


@pytest.fixture
def do(app: App, workspace: Tenant) -> Callable[..., Any]:
    """`do(verb, …)`: one verb in an editor's transaction."""

    def do(verb: Callable[..., Any], *args: Any, **more: Any) -> Any:
        with app.db.transaction(workspace.editor.caller, needs="editor") as tx:
            return verb(tx, *args, **more)

    return do


@pytest.fixture
def keep(app: App, do: Any) -> Callable[..., str]:
    """`keep(data, …)`: an asset with these bytes; its id."""

    def keep(data: bytes, **more: Any) -> str:
        return str(do(make_asset, data=data, storage=app.storage, **more))

    return keep


@pytest.fixture
def prepare(app: App, workspace: Tenant) -> Callable[[MediaPayload], dict[str, Any]]:
    """Does the job."""

    def prepare(payload: MediaPayload) -> dict[str, Any]:
        return pipeline.run(make_context(app, workspace, KIND, payload), payload)

    return prepare


@pytest.fixture
def film(settings: Settings, tmp_path: Path) -> Callable[..., bytes]:
    """`film(…)`: a short one that says who made it, with sound unless `sound` is False."""

    def film(*, size: str = "320x180", rate: int = 8, seconds: float = 2, sound: bool = True, name: str = "x.mp4") -> bytes:
        path = tmp_path / name
        picture = ffmpeg.input(f"testsrc2=size={size}:rate={rate}:duration={seconds}", f="lavfi")
        tone = ffmpeg.input(f"sine=frequency=440:duration={seconds}", f="lavfi")
        tracks = [picture, tone] if sound else [picture]
        options = {"metadata": "comment=prompt: a secret"}
        ffmpeg.output(*tracks, str(path), pix_fmt="yuv420p", **options).run(
            cmd=binary_path(settings), quiet=True, overwrite_output=True
        )
        return path.read_bytes()

    return film

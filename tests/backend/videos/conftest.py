"""A studio whose motion engine is a fake one, and a picture of it with its bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import update

from backend import videos
from backend.app import App
from backend.bootstrap import bootstrap
from backend.db.tables import Picture
from backend.settings import Settings
from backend.videos import VideoCard, VideoPayload, pipeline
from tests.factories.account import Tenant
from tests.factories.making import jpeg, make_asset, make_pictures
from tests.fakes.engines import FakeImageEngine, FakeTrainer
from tests.fakes.identity import FakeIdentity
from tests.fakes.motion import FakeMotion
from tests.support.context import make_context


@pytest.fixture
def motion() -> FakeMotion:
    return FakeMotion()


@pytest.fixture
def studio(settings: Settings, motion: FakeMotion) -> Iterator[App]:
    engines = SimpleNamespace(image=FakeImageEngine(), trainer=FakeTrainer(), identity=FakeIdentity(), motion=motion)
    built = bootstrap(settings, engines=engines)
    yield built
    built.close()


@pytest.fixture
def do(studio: App, workspace: Tenant) -> Callable[..., Any]:
    """`do(verb, …)`: one verb in an editor's transaction."""

    def do(verb: Callable[..., Any], *args: Any, **keywords: Any) -> Any:
        with studio.db.transaction(workspace.editor.caller, needs="editor") as tx:
            return verb(tx, *args, **keywords)

    return do


@pytest.fixture
def picture_id(studio: App, do: Any) -> str:
    """96 × 96 px, in the storage."""
    [picture_id] = do(make_pictures, 1)
    asset_id = do(make_asset, storage=studio.storage, data=jpeg())
    do(lambda tx: tx.execute(update(Picture).where(Picture.id == picture_id).values(asset_id=asset_id)))
    return str(picture_id)


@pytest.fixture
def offer(studio: App) -> dict[str, Any]:
    return {"models": studio.engines.motion.models(), "checkpoints": studio.engines.image.models()}


@pytest.fixture
def film(studio: App, workspace: Tenant, do: Any) -> Callable[[VideoCard], VideoCard]:
    """Does the job of a clip."""

    def film(card: VideoCard) -> VideoCard:
        payload = VideoPayload(clip_id=card.id)
        kind = "video-generation-gpu" if card.recipe.device else "video-generation"
        pipeline.run(make_context(studio, workspace, kind, payload, job_id=card.job_id), payload)
        done: VideoCard = do(videos.get, card.id)
        return done

    return film

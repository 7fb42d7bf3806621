"""The drawing job with a fake engine on real Postgres and S3: one by one, never twice, without the prompt, with the mark."""

from __future__ import annotations

import io
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from backend import assets, generation, jobs, loras
from backend.app import App
from backend.bootstrap import bootstrap
from backend.errors import Cancelled, Invalid, LeaseLost, ProcessKilled
from backend.generation import GenerationCard, GenerationDraft, GenerationPayload, pipeline
from backend.media.images import faces
from backend.media.images.ai_mark import SOURCE_TYPE
from backend.media.images.pictures import open_rgb
from backend.settings import Settings
from tests.factories.account import Tenant
from tests.factories.making import jpeg, make_asset, make_influencer, make_lora
from tests.fakes.engines import FakeImageEngine, FakeTrainer
from tests.fakes.identity import FakeIdentity
from tests.support.context import make_context, next_attempt


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.replace(FACE_FOCUS="true")


@pytest.fixture(autouse=True)
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[list[tuple[int, int]]]:
    """The sizes of the pictures that were looked at for faces, by call. All have one at the upper left."""
    calls: list[list[tuple[int, int]]] = []

    def find(paths: Sequence[Path]) -> Generator[None, None, list[Any]]:
        calls.append([open_rgb(path).size for path in paths])
        yield
        return [(0.25, 0.1) for _ in paths]

    monkeypatch.setattr(faces, "find", find)
    monkeypatch.setattr(faces, "can_find", lambda: True)
    return calls


@pytest.fixture
def engine() -> FakeImageEngine:
    return FakeImageEngine()


@pytest.fixture
def studio(settings: Settings, engine: FakeImageEngine) -> Iterator[App]:
    built = bootstrap(settings, engines=SimpleNamespace(trainer=FakeTrainer(), image=engine, identity=FakeIdentity()))
    yield built
    built.close()


@pytest.fixture
def ask(studio: Any, workspace: Tenant) -> Callable[..., GenerationCard]:
    def ask(**values: Any) -> GenerationCard:
        draft = GenerationDraft(**{"prompt": "portrait", "n": 4, "seed": 10, **values})
        with studio.db.transaction(workspace.editor.caller, needs="editor") as tx:
            return generation.start(tx, draft=draft, models=studio.engines.image.models(), request_key="k")

    return ask


def begin(studio: Any, tenant: Tenant, card: GenerationCard) -> Any:
    return make_context(studio, tenant, "image-generation", GenerationPayload(generation_id=card.id), job_id=card.job_id)


def draw(context: Any, card: GenerationCard) -> Any:
    return pipeline.run(context, GenerationPayload(generation_id=card.id))


def test_four_pictures(studio: Any, workspace: Tenant, ask: Any, engine: FakeImageEngine) -> None:
    card = ask()
    result = draw(begin(studio, workspace, card), card)
    assert engine.requests[0].seeds == (10, 11, 12, 13)
    with studio.db.transaction(workspace.caller) as tx:
        pictures = generation.pictures_of(tx, card.id)
        stored = [assets.get(tx, picture.asset_id) for picture in pictures]
        assert generation.get(tx, card.id).done == 4
    names = [{"pictureId": one.id, **file.names} for one, file in zip(pictures, stored, strict=True)]
    assert result == {**names[0], "pictures": 4, "assets": names}
    assert [(picture.n, picture.seed, picture.prompt) for picture in pictures] == [(n, 10 + n, "portrait") for n in range(4)]
    assert {(card.width, card.height, card.content_type) for card in stored} == {(64, 64, "image/png")}
    assert all(card.thumbs and card.sha256 for card in stored)
    with Image.open(io.BytesIO(b"".join(studio.storage.open(stored[1].key)))) as image:
        assert image.getpixel((0, 0)) == (11, 0, 0)
        assert SOURCE_TYPE in image.info["xmp"].decode()


def test_pictures_appear_one_by_one(studio: Any, workspace: Tenant, ask: Any, engine: FakeImageEngine) -> None:
    card, reports = ask(), []

    def look(point: str) -> None:
        with studio.db.transaction(workspace.caller) as tx:
            reports.append((point, generation.get(tx, card.id).done))

    engine._at = look
    draw(begin(studio, workspace, card), card)
    assert reports == [("output-0", 0), ("output-1", 1), ("output-2", 2), ("output-3", 3), ("end", 4)]


@pytest.mark.parametrize("point", ["output-0", "output-1", "output-3", "end"])
def test_a_retry_draws_only_what_is_missing(
    studio: Any, workspace: Tenant, ask: Any, engine: FakeImageEngine, point: str
) -> None:
    card = ask()
    context = begin(studio, workspace, card)

    def crash(at: str) -> None:
        if at == point:
            context.lost = True
            raise LeaseLost("gone")

    engine._at = crash
    with pytest.raises(LeaseLost):
        draw(context, card)
    engine._at = lambda at: None
    draw(next_attempt(context), card)
    drawn = 4 if point == "end" else int(point[-1])
    assert [len(request.seeds) for request in engine.requests] == [4] + ([4 - drawn] if drawn < 4 else [])
    with studio.db.transaction(workspace.caller) as tx:
        assert [picture.seed for picture in generation.pictures_of(tx, card.id)] == [10, 11, 12, 13]


def test_faces_are_looked_for_once_when_all_is_shown(
    studio: Any, workspace: Tenant, ask: Any, looked_at: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    card, fake_find = ask(), faces.find

    def find(paths: Sequence[Path]) -> Any:
        with studio.db.transaction(workspace.caller) as tx:
            assert (generation.get(tx, card.id).done, jobs.get(tx, card.job_id).state) == (4, "completed")
        return fake_find(paths)

    monkeypatch.setattr(faces, "find", find)
    draw(begin(studio, workspace, card), card)
    assert looked_at == [[(64, 64)] * 4]
    with studio.db.transaction(workspace.caller) as tx:
        files = [assets.get(tx, picture.asset_id) for picture in generation.pictures_of(tx, card.id)]
    assert [assets.face_of(file) for file in files] == [(0.25, 0.1)] * 4


def test_pictures_stay_when_looking_fails(studio: Any, workspace: Tenant, ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def find(paths: Sequence[Path]) -> Generator[None]:
        yield
        raise ProcessKilled("ended from outside")

    monkeypatch.setattr(faces, "find", find)
    card = ask(n=1)
    assert draw(begin(studio, workspace, card), card)["pictures"] == 1
    with studio.db.transaction(workspace.caller) as tx:
        [picture] = generation.pictures_of(tx, card.id)
        assert "face" not in assets.get(tx, picture.asset_id).meta, "it can be looked for again"


def test_a_cancel_keeps_what_is_there(studio: Any, workspace: Tenant, ask: Any, engine: FakeImageEngine) -> None:
    card = ask()
    context = begin(studio, workspace, card)
    engine._at = lambda point: setattr(context, "cancel_requested", True) if point == "output-2" else None
    with pytest.raises(Cancelled):
        draw(context, card)
    assert engine.closed == 1
    with studio.db.transaction(workspace.caller) as tx:
        assert generation.get(tx, card.id).done == 2


def test_loras_and_a_start_picture_reach_the_engine(studio: Any, workspace: Tenant, ask: Any, engine: FakeImageEngine) -> None:
    with studio.db.transaction(workspace.caller, needs="editor") as tx:
        lora = make_lora(tx, storage=studio.storage)
        start = make_asset(tx, storage=studio.storage, data=jpeg(), key=f"images/{workspace.id}/start.jpg")
    reports = []
    engine._at = lambda point: (
        reports.append((engine.requests[0].loras[0].path.stat().st_size, engine.requests[0].init_image.read_bytes()))
        if point == "output-0"
        else None
    )
    card = ask(prompt="portrait <lora:bella-v1:0.7>", init_asset_id=start, strength=0.4, n=1)
    draw(begin(studio, workspace, card), card)
    request = engine.requests[0]
    assert [(use.name, use.weight) for use in request.loras] == [("bella-v1", 0.7)]
    assert request.strength == 0.4
    assert reports == [(lora.size_bytes, jpeg())]
    with studio.db.transaction(workspace.caller) as tx:
        assert loras.usages(tx, lora.id) == ["1 picture"]


def test_a_lora_deleted_meanwhile_is_a_sentence(studio: Any, workspace: Tenant, ask: Any) -> None:
    with studio.db.transaction(workspace.caller, needs="editor") as tx:
        lora = make_lora(tx, storage=studio.storage)
    card = ask(prompt="x <lora:bella-v1>")
    with studio.db.transaction(workspace.caller, needs="editor") as tx:
        loras.delete(tx, lora.id)
    with pytest.raises(Invalid, match="bella-v1 was deleted from the library"):
        draw(begin(studio, workspace, card), card)


def test_the_influencers_choice_about_the_mark(studio: Any, workspace: Tenant, ask: Any) -> None:
    with studio.db.transaction(workspace.caller, needs="editor") as tx:
        influencer = make_influencer(tx, ai_mark=False)
    card = ask(influencer_id=influencer.id, n=1)
    draw(begin(studio, workspace, card), card)
    with studio.db.transaction(workspace.caller) as tx:
        key = assets.get(tx, generation.pictures_of(tx, card.id)[0].asset_id).key
    assert SOURCE_TYPE.encode() not in b"".join(studio.storage.open(key))

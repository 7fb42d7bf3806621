"""The gate on real Postgres and S3: what is held, rejected, drawn anew, scored later; and never a score twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from backend import gallery, generation, identity, jobs
from backend.db.tables import Picture, PictureCheck
from backend.db.transactions import SystemCaller
from backend.errors import LeaseLost
from backend.gallery import GalleryFilters
from backend.generation import GenerationCard, GenerationDraft, GenerationPayload, identity_gate, pipeline
from backend.identity import CalibrationPayload, GatePolicy, PictureProvenance, ScoringPayload
from backend.identity import pipeline as identities
from tests.backend.identity.conftest import do, embedder, engine, red, studio
from tests.backend.identity.test_calibration import calibrate
from tests.factories.account import Tenant
from tests.factories.making import make_lora
from tests.fakes.engines import FakeImageEngine
from tests.fakes.identity import FakeIdentity
from tests.support.context import make_context, next_attempt

__all__ = ["do", "embedder", "engine", "red", "studio"]
RED, GREEN = 220, 200 << 8
"""Seeds: the fake engine draws a picture whose colour is the seed."""


@pytest.fixture
def ask(studio: Any, workspace: Tenant, red: str, do: Any) -> Callable[..., GenerationCard]:
    """Asks for pictures of the calibrated influencer."""
    calibrate(studio, workspace, red, do, key="calibration")

    def ask(gate: str = "mark", key: str = "k", extra_max: int = 4, **values: Any) -> GenerationCard:
        policy = GatePolicy(gate=gate, extra_max=extra_max)  # type: ignore[arg-type]
        do(identity.set_policy, red, policy, engine=studio.engines.identity)
        draft = GenerationDraft(**{"prompt": "portrait", "influencer_id": red, "n": 2, "seed": RED, **values})
        card: GenerationCard = do(generation.start, draft=draft, models=studio.engines.image.models(), request_key=key)
        return card

    return ask


def draw(studio: Any, tenant: Tenant, card: GenerationCard) -> Any:
    payload = GenerationPayload(generation_id=card.id)
    context = make_context(studio, tenant, "image-generation", payload, job_id=card.job_id)
    pipeline.run(context, payload)
    return context


def rows(studio: Any, tenant: Tenant, card: GenerationCard) -> list[Picture]:
    with studio.db.transaction(SystemCaller(tenant.id, tenant.user_id)) as tx:
        return list(tx.scalars(select(Picture).where(Picture.generation_id == card.id).order_by(Picture.n)))


def test_every_picture_is_scored_and_what_made_it_is_frozen(studio: Any, workspace: Tenant, ask: Any, do: Any) -> None:
    lora = do(make_lora, storage=studio.storage, step=120)
    card = ask(prompt="portrait <lora:bella-v1:0.7>", n=1)
    draw(studio, workspace, card)
    [row] = rows(studio, workspace, card)
    assert (row.identity_score or 0) >= (row.identity_line or 1)
    assert row.gate == "open"
    check = do(identity.provenance, row.id)
    [frozen] = check.loras
    assert (frozen.lora_id, frozen.weight, frozen.step, len(frozen.sha256)) == (lora.id, 0.7, 120, 64)
    assert (check.embedder, check.why) == ("colour:1", "")
    assert row.seed == RED
    scored_at, written_at = do(lambda tx: tx.execute(select(PictureCheck.scored_at, PictureCheck.created_at)).one())
    assert abs((scored_at - written_at).total_seconds()) < 60
    do(identity.save_provenance, PictureProvenance(row.id, embedder="", why="It was taken back."))
    again = do(identity.provenance, row.id)
    assert (again.embedder, again.why, again.loras) == ("", "It was taken back.", check.loras)
    assert do(lambda tx: tx.scalars(select(PictureCheck.scored_at)).one()) is None


@pytest.mark.parametrize(("gate", "state", "shown"), [("mark", "open", 1), ("hold", "held", 0), ("reject", "rejected", 0)])
def test_a_picture_of_somebody_else(
    studio: Any, workspace: Tenant, ask: Any, do: Any, gate: str, state: str, shown: int
) -> None:
    card = ask(gate, n=1, seed=GREEN)
    draw(studio, workspace, card)
    [row] = rows(studio, workspace, card)
    assert (row.identity_score or 0) < 0.2
    assert row.gate == state
    assert len(do(gallery.tiles, filters=GalleryFilters()).tiles) == shown
    if not shown:
        assert [tile.id for tile in do(gallery.tiles, filters=GalleryFilters(gate=state)).tiles] == [row.id]


def test_drawing_anew_is_bounded_and_leaves_the_best_for_a_look(
    studio: Any, workspace: Tenant, ask: Any, engine: FakeImageEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = ask("regenerate", extra_max=3, n=2, seed=GREEN)
    news = iter([RED, GREEN + 40, GREEN + 80])
    monkeypatch.setattr(identity_gate.rules, "seeds", lambda first, n: [next(news) for _ in range(n)])
    draw(studio, workspace, card)
    assert [request.seeds for request in engine.requests] == [(GREEN, GREEN + 1), (RED, GREEN + 40), (GREEN + 80,)]
    pictures = rows(studio, workspace, card)
    assert [row.gate for row in pictures] == ["rejected", "rejected", "open", "rejected", "held"]
    best = max((row for row in pictures if row.gate != "open"), key=lambda row: row.identity_score or 0)
    assert best.gate == "held"
    with studio.db.transaction(workspace.caller) as tx:
        now = generation.get(tx, card.id)
    assert (now.n, now.done, now.recipe.redrawn) == (5, 5, 3)


def test_a_crash_while_drawing_anew_goes_on_with_the_same_seeds(
    studio: Any, workspace: Tenant, ask: Any, engine: FakeImageEngine
) -> None:
    card = ask("regenerate", extra_max=2, n=1, seed=GREEN)
    payload = GenerationPayload(generation_id=card.id)
    context = make_context(studio, workspace, "image-generation", payload, job_id=card.job_id)

    def crash(at: str) -> None:
        if len(engine.requests) == 2:
            context.lost = True
            raise LeaseLost("gone")

    engine._at = crash
    with pytest.raises(LeaseLost):
        pipeline.run(context, payload)
    engine._at = lambda at: None
    pipeline.run(next_attempt(context), payload)
    assert engine.requests[2].seeds == engine.requests[1].seeds
    assert len(rows(studio, workspace, card)) <= 3


@pytest.mark.parametrize("point", ["output-1", "end"])
def test_a_crash_scores_nothing_twice(
    studio: Any, workspace: Tenant, ask: Any, engine: FakeImageEngine, embedder: FakeIdentity, point: str
) -> None:
    card = ask("hold", n=3, seed=RED)
    before = len(embedder.requests)
    payload = GenerationPayload(generation_id=card.id)
    context = make_context(studio, workspace, "image-generation", payload, job_id=card.job_id)

    def crash(at: str) -> None:
        if at == point:
            context.lost = True
            raise LeaseLost("gone")

    engine._at = crash
    with pytest.raises(LeaseLost):
        pipeline.run(context, payload)
    engine._at = lambda at: None
    pipeline.run(next_attempt(context), payload)
    assert len(embedder.requests) - before == 3
    assert all(row.identity_score for row in rows(studio, workspace, card))


def test_an_engine_that_is_down_keeps_the_picture_and_scores_it_later(
    studio: Any, workspace: Tenant, ask: Any, do: Any, red: str, embedder: FakeIdentity
) -> None:
    embedder.down = "The identity engine is down."
    card = ask("hold", n=3, seed=GREEN)
    request_count = len(embedder.requests)
    draw(studio, workspace, card)
    pictures = rows(studio, workspace, card)
    assert [(row.identity_score, row.gate) for row in pictures] == [(None, "open")] * 3
    assert len(embedder.requests) == request_count + 1  # asked once a request, not once a picture
    assert do(identity.provenance, pictures[0].id).why == "The identity engine is down."
    embedder.down = ""
    job = do(identity.score_missing, red, engine=embedder, request_key="s")
    payload = ScoringPayload(influencer_id=red)
    result = identities.score_missing(make_context(studio, workspace, job.kind, payload, job_id=job.id), payload)
    assert result == {"scored": 3, "left": 0}
    assert {row.gate for row in rows(studio, workspace, card)} == {"held"}
    assert do(identity.count_unscored, red) == 0


def test_the_first_pictures_of_somebody_introduce_them(
    studio: Any, workspace: Tenant, do: Any, red: str, embedder: FakeIdentity
) -> None:
    draft = GenerationDraft(prompt="portrait", influencer_id=red, n=2, seed=RED)
    card = do(generation.start, draft=draft, models=studio.engines.image.models(), request_key="first")
    draw(studio, workspace, card)
    waiting = {job.kind: job for job in do(jobs.page, states=("pending",)).cards}
    assert "identity-scoring" not in waiting
    calibration = CalibrationPayload(influencer_id=red)
    context = make_context(studio, workspace, "x", calibration, job_id=waiting["identity-calibration"].id)
    identities.calibrate(context, calibration)
    [scoring] = [job for job in do(jobs.page, states=("pending",)).cards if job.kind == "identity-scoring"]
    payload = ScoringPayload(influencer_id=red)
    identities.score_missing(make_context(studio, workspace, "x", payload, job_id=scoring.id), payload)
    assert all(row.identity_score and row.gate == "open" for row in rows(studio, workspace, card))
    draw(studio, workspace, do(generation.start, draft=draft, models=studio.engines.image.models(), request_key="second"))
    assert [job.kind for job in do(jobs.page, states=("pending",)).cards] == []


def test_nobody_and_no_gate_are_not_scored(studio: Any, workspace: Tenant, ask: Any, embedder: FakeIdentity) -> None:
    before = len(embedder.requests)
    for gate, overrides in (("off", {}), ("hold", {"influencer_id": None})):
        card = ask(gate, key=gate, n=1, **overrides)
        draw(studio, workspace, card)
        assert [(row.identity_score, row.gate) for row in rows(studio, workspace, card)] == [(None, "open")]
    assert len(embedder.requests) == before


def test_nearly_the_same_picture_in_another_request_is_noticed(studio: Any, workspace: Tenant, ask: Any, do: Any) -> None:
    first, second = ask(n=2), ask(key="second", n=1)
    draw(studio, workspace, first)
    draw(studio, workspace, second)
    with studio.db.transaction(SystemCaller(workspace.id, workspace.user_id)) as tx:
        near = dict(tx.execute(select(PictureCheck.picture_id, PictureCheck.near_picture_id)).all())
    earlier = [row.id for row in rows(studio, workspace, first)]
    assert [near[entry] for entry in earlier] == [None, None]
    [late] = rows(studio, workspace, second)
    assert near[late.id] in earlier
    assert do(identity.provenance, late.id).near_bits == 0
    assert do(generation.near_duplicates, [*earlier, late.id]) == {late.id: near[late.id]}


def test_a_picture_drawn_from_another_may_look_like_it(studio: Any, workspace: Tenant, ask: Any, do: Any) -> None:
    first = ask(n=1)
    draw(studio, workspace, first)
    [source] = rows(studio, workspace, first)
    second_request = ask(key="again", n=1, init_asset_id=source.asset_id)
    draw(studio, workspace, second_request)
    [pictures] = rows(studio, workspace, second_request)
    assert pictures.dhash == source.dhash
    assert do(generation.near_duplicates, [pictures.id]) == {}

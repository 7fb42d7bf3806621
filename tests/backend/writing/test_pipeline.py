"""content-generation and content-ideas: text, draft, picture as a child; an answer is paid once whatever happens."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from backend import generation, jobs, writing
from backend.app import App
from backend.db.tables import Job
from backend.engines.local.offline_writer.writer import OfflineWriter
from backend.generation import GenerationPayload
from backend.jobs import WaitForChildren
from backend.writing import IdeasOrder, WriteOrder, pipeline
from backend.writing.schemas import IdeasPayload
from tests.backend.writing.conftest import Make, answer_json, text
from tests.factories.account import Tenant
from tests.fakes.engines import FakeImageEngine
from tests.fakes.identity import FakeIdentity
from tests.servers.openrouter import ModelServer
from tests.support.context import make_context, next_attempt
from tests.support.crashing import SimulatedCrash


@pytest.fixture
def paid(make_app: Make) -> App:
    """A model that writes, an engine that draws in milliseconds."""
    built = make_app()
    engines = SimpleNamespace(image=FakeImageEngine(), identity=FakeIdentity(), text=built.engines.text)
    built.__dict__["engines"] = engines
    return built


def begin(app: App, workspace: Tenant, order: WriteOrder) -> Any:
    with app.db.transaction(workspace.editor.caller, needs="editor") as tx:
        job = writing.start_content(tx, order=order, request_key="k")
    return make_context(app, workspace, "content-generation", order, job_id=job.id)


def draw_children(app: App, workspace: Tenant, job_id: str) -> None:
    """What the gpu worker does meanwhile."""
    with app.db.transaction(workspace.caller) as tx:
        (child,) = jobs.children(tx, job_id)
    payload = GenerationPayload(generation_id=child.subject_id)
    context = make_context(app, workspace, "image-generation", payload, job_id=child.id)
    from backend.generation import pipeline as drawing

    drawing.run(context, payload)
    with app.db.transaction(workspace.caller) as tx:
        tx.get_one(Job, child.id).state = "completed"


def test_text_and_picture_as_the_seeds_have_it(paid: App, server: ModelServer, workspace: Tenant, bella: str) -> None:
    order = WriteOrder(influencer_id=bella, topic="morning yoga", style="motivational", content_type="reel")
    server.faults.says = [answer_json(text(1, caption="Hey guys, yoga!")), answer_json(text(2))]
    context = begin(paid, workspace, order)
    with pytest.raises(WaitForChildren):
        pipeline.run_content(context, order)
    draw_children(paid, workspace, context.job_id)
    result = pipeline.run_content(next_attempt(context), order)
    assert len(server.asked) == 2, "text and repair, each once"
    assert result["contentPlan"]["caption"].endswith("Day 2.")
    assert result["contentPlan"]["hashtags"][0] == "#MorningYoga"
    assert result["contentPlan"]["sdPrompt"].startswith("bella_01, half-body")
    assert result["cost"] == pytest.approx(float(server.total))
    json.dumps(result)
    with paid.db.transaction(workspace.caller) as tx:
        (card,) = writing.page(tx).cards
        picture = generation.picture(tx, result["pictureId"])
    assert (card.id, card.picture_id, card.job_id) == (result["draftId"], picture.id, context.job_id)
    assert result["s3Key"].startswith(f"images/{workspace.id}/")
    assert picture.asset_id == result["assetId"]
    assert picture.height > picture.width, "a reel stands upright"
    assert "bella_01" in picture.prompt


def test_it_dies_after_each_step_and_pays_once(
    paid: App, server: ModelServer, workspace: Tenant, bella: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = WriteOrder(influencer_id=bella, topic="morning yoga")
    server.faults.says = [answer_json(text(1))]
    context = begin(paid, workspace, order)
    for last in ("text", "draft", "picture"):
        for method in ("step", "write_step"):
            real: Callable[..., Any] = getattr(context, method)

            def step(name: str, *functions: Any, last: str = last, real: Callable[..., Any] = real) -> Any:
                result = real(name, *functions)
                if name == last:
                    raise SimulatedCrash
                return result

            monkeypatch.setattr(context, method, step)
        with pytest.raises(SimulatedCrash):
            pipeline.run_content(context, order)
        context = next_attempt(context)
    with pytest.raises(WaitForChildren):
        pipeline.run_content(context, order)
    assert len(server.asked) == 1
    with paid.db.transaction(workspace.caller) as tx:
        assert writing.page(tx).total == 1
        assert len(jobs.children(tx, context.job_id)) == 1


def test_ideas_for_ten_days_a_week_at_a_time(paid: App, server: ModelServer, workspace: Tenant, bella: str) -> None:
    def days(first: int, n: int, **more: Any) -> str:
        idea = {"content_type": "post", "topic": "trams", "hook": "Up the hill", "picture": "tram"}
        return json.dumps({"ideas": [{"day": day, **idea, **more} for day in range(first, first + n)]})

    server.faults.says = [days(1, 7), days(8, 2, content_type="poem")]
    payload = IdeasPayload(order=IdeasOrder(influencer_id=bella, days=10, kinds=("reel", "post")), batch_id="bat_1")
    context = make_context(paid, workspace, "content-ideas", payload)
    result = pipeline.run_ideas(context, payload)
    assert (result["ideas"], result["missing"]) == (9, [10])
    assert [body["model"] for body in server.asked] == ["openai/gpt-4-turbo"] * 2
    assert "<before>Up the hill</before>" in server.asked[1]["messages"][1]["content"]
    second_result = pipeline.run_ideas(next_attempt(context), payload)
    assert second_result == result
    with paid.db.transaction(workspace.caller) as tx:
        cards = writing.batch(tx, "bat_1")
        assert [card.day for card in cards] == list(range(1, 10))
        assert cards[0].content_type == "instagram-post"
        assert cards[8].content_type == "instagram-reel", "a type that was not asked for"
        assert all(card.is_idea and card.parts.picture == "bella_01, tram" for card in cards)
        assert writing.page(tx, ideas=False).total == 0
    server.faults.says = [answer_json(text(5))]
    with paid.db.transaction(workspace.caller) as tx:
        transact = lambda: paid.db.transaction(workspace.editor.caller, needs="editor")  # noqa: E731
    card = writing.write_idea(paid, transact, draft_id=cards[0].id)
    assert card.parts.hook == "Up the hill"
    assert card.parts.caption.endswith("Day 5.")
    assert not card.is_idea


def test_ideas_without_a_model(app: App, workspace: Tenant, bella: str) -> None:
    app.__dict__["engines"] = SimpleNamespace(text=OfflineWriter(), image=FakeImageEngine())
    payload = IdeasPayload(order=IdeasOrder(influencer_id=bella, days=30), batch_id="bat_2")
    result = pipeline.run_ideas(make_context(app, workspace, "content-ideas", payload), payload)
    assert (result["ideas"], result["missing"], result["cost"]) == (30, [], 0.0)
    with app.db.transaction(workspace.caller) as tx:
        hooks = [card.parts.hook for card in writing.batch(tx, "bat_2")]
    assert len(set(hooks)) == 30


def test_an_idea_that_breaks_a_rule_is_asked_for_once_more(
    paid: App, server: ModelServer, workspace: Tenant, bella: str
) -> None:
    def idea(day: int, hook: str) -> dict[str, Any]:
        return {"day": day, "content_type": "post", "topic": f"tram {day}", "hook": hook, "picture": "tram"}

    first = [idea(1, "Up the hill"), idea(2, "Hey guys, trams"), idea(3, "No pain no gain")]
    server.faults.says = [json.dumps({"ideas": first}), json.dumps({"ideas": [idea(2, "Down the hill"), idea(3, "Hey guys")]})]
    payload = IdeasPayload(order=IdeasOrder(influencer_id=bella, days=3), batch_id="bat_3")
    pipeline.run_ideas(make_context(paid, workspace, "content-ideas", payload), payload)
    assert len(server.asked) == 2
    assert "new ideas for day 2, 3 alone" in server.asked[1]["messages"][1]["content"]
    with paid.db.transaction(workspace.caller) as tx:
        cards = writing.batch(tx, "bat_3")
    assert [card.parts.hook for card in cards] == ["Up the hill", "Down the hill", "No pain no gain"]
    assert [[note.rule for note in card.notes] for card in cards] == [[], [], ["never_say"]], "what is broken twice is noted"

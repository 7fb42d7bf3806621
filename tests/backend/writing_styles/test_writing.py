"""N words in a style: counted, gone on with or trimmed, guarded against copying, paid once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from backend import writing_styles
from backend.app import App
from backend.bootstrap import bootstrap
from backend.engines.openrouter.text_engine import OpenAIEngine
from backend.errors import Cancelled, Conflict, Invalid, Rejected
from backend.settings import Settings
from backend.writing_styles import StyleTextDraft, WritingStyleDraft, pipeline
from backend.writing_styles.rules import CONVERSATION_TOKENS
from backend.writing_styles.schemas import StyleTextCard, StyleWritingPayload
from backend.writing_styles.words import count_words
from tests.factories.account import Tenant
from tests.factories.pdfs import author
from tests.factories.styles import make_style
from tests.servers.openrouter import ModelServer
from tests.support.context import make_context, next_attempt
from workers.context import Context

OWN = "The kettle sang before the guests had found their chairs. Nobody hurried, for the rain had settled in. "


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


@pytest.fixture
def model_app(settings: Settings, server: ModelServer) -> Iterator[App]:
    """The studio with a language model."""
    app_settings = settings.replace(OPENROUTER_API_KEY="sk-test", OPENROUTER_BASE_URL=server.url)
    app, engine = bootstrap(app_settings, role="studio"), OpenAIEngine(app_settings, pause=lambda _: None)
    app.__dict__["engines"] = type("Engines", (), {"text": engine})()
    yield app
    engine.close()
    app.close()


def start_text(
    app: App, tenant: Tenant, words: int, *, topic: str = "tea on a wet day", **more: object
) -> tuple[StyleTextCard, Context]:
    with app.db.transaction(tenant.caller, needs="editor") as tx:
        style = make_style(tx)
        draft = StyleTextDraft(topic=topic, words=words, **more)
        text = writing_styles.write(tx, style.id, draft, request_key="once")
        assert writing_styles.write(tx, style.id, draft, request_key="once").id == text.id
    return text, make_context(
        app, tenant, writing_styles.WRITING_KIND, StyleWritingPayload(text_id=text.id), job_id=text.job_id
    )


def text_now(app: App, tenant: Tenant, text_id: str) -> StyleTextCard:
    with app.db.transaction(tenant.caller) as tx:
        return writing_styles.text(tx, text_id)


def test_a_long_answer_is_trimmed_at_a_sentence(model_app: App, server: ModelServer, workspace: Tenant) -> None:
    server.faults.says = [OWN * 10]
    text, ctx = start_text(model_app, workspace, 60)
    result = pipeline.write(ctx, StyleWritingPayload(text_id=text.id))
    card = text_now(model_app, workspace, text.id)
    assert result["words"] == card.words == count_words(card.text)
    assert 54 <= card.words <= 66
    assert card.text.endswith(".")
    assert card.draft == ""
    assert card.model == "anthropic/claude-opus-4.5"
    assert card.cost_usd == server.total > Decimal(0)
    assert card.shared_run < 13
    assert "<topic>tea on a wet day</topic>" in server.asked[0]["messages"][-1]["content"]


def test_a_short_answer_is_gone_on_with(model_app: App, server: ModelServer, workspace: Tenant) -> None:
    server.faults.says = [OWN * 2, "Somebody laughed in the hall. " * 3 + OWN * 8]
    text, ctx = start_text(model_app, workspace, 120)
    pipeline.write(ctx, StyleWritingPayload(text_id=text.id))
    card = text_now(model_app, workspace, text.id)
    assert 108 <= card.words <= 132
    assert len(server.asked) == 2
    roles = [message["role"] for message in server.asked[1]["messages"]]
    assert roles == ["system", "user", "assistant", "user"]
    assert card.score is not None
    assert 0 <= card.score <= 1


def test_cut_parts_are_gone_on_with_from_their_last_whole_sentence(
    model_app: App, server: ModelServer, workspace: Tenant
) -> None:
    """Half of each answer comes: it ends in the middle of a word."""
    part = OWN * 3 + "Gulls und"
    server.faults.says = [part * 2] * 4
    server.faults.odd = ["length"] * 4
    text, ctx = start_text(model_app, workspace, 300)
    pipeline.write(ctx, StyleWritingPayload(text_id=text.id))
    card = text_now(model_app, workspace, text.id)
    assert len(server.asked) == 4
    assert "und" not in card.text.split()
    assert "Gulls" not in card.text
    assert card.text.endswith("settled in.")
    assert "It is shorter than the 300 words asked for: the model's last answer was cut off." in card.notes
    assert "Gulls" not in server.asked[1]["messages"][2]["content"]


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("says_no", "The model refused: “I'm sorry"),
        ("content_filter", "The model refused"),
        ("refusal", "The model refused"),
        ("empty", "answered with nothing"),
        ("reasoning_only", "answered with nothing"),
        ("think_unclosed", "was cut off"),
        ("length", "cut off in its first sentence"),
    ],
)
def test_what_is_no_text_ends_the_job_with_why_and_is_paid_once(
    model_app: App, server: ModelServer, workspace: Tenant, mode: str, reason: str
) -> None:
    server.faults.odd, server.faults.says = [mode], ["One sentence without an end and then some"]
    text, ctx = start_text(model_app, workspace, 100)
    with pytest.raises(Rejected, match=reason):
        pipeline.write(ctx, StyleWritingPayload(text_id=text.id))
    assert len(server.asked) == 1
    assert text_now(model_app, workspace, text.id).text == ""
    server.faults.says = [OWN * 6]  # somebody presses “Try again”
    pipeline.write(next_attempt(ctx), StyleWritingPayload(text_id=text.id))
    assert text_now(model_app, workspace, text.id).text


def test_what_was_copied_is_written_anew_once_then_refused(model_app: App, server: ModelServer, workspace: Tenant) -> None:
    copied = " ".join(author("thoreau").split()[40:140]) + "."
    server.faults.says = [f"{OWN}{copied}", OWN * 8]
    text, ctx = start_text(model_app, workspace, 100)
    pipeline.write(ctx, StyleWritingPayload(text_id=text.id))
    card = text_now(model_app, workspace, text.id)
    assert "rewritten" in " ".join(card.notes)
    assert card.shared_run < 13
    assert "<copied>" in server.asked[1]["messages"][-1]["content"]
    server.faults.says = [copied, copied]
    with model_app.db.transaction(workspace.caller, needs="editor") as tx:
        other = writing_styles.write(tx, card.style_id, StyleTextDraft(topic="ponds", words=80), request_key="other")
    ctx = make_context(
        model_app, workspace, writing_styles.WRITING_KIND, StyleWritingPayload(text_id=other.id), job_id=other.job_id
    )
    with pytest.raises(Rejected, match="words in a row of the source"):
        pipeline.write(ctx, StyleWritingPayload(text_id=other.id))
    assert text_now(model_app, workspace, other.id).text == ""


def test_a_retry_never_pays_twice(
    model_app: App, server: ModelServer, workspace: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.faults.says = [OWN * 6]
    text, ctx = start_text(model_app, workspace, 100)

    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("backend.writing_styles.similarity.longest_shared_run", crash)
        with pytest.raises(KeyboardInterrupt):
            pipeline.write(ctx, StyleWritingPayload(text_id=text.id))
    pipeline.write(next_attempt(ctx), StyleWritingPayload(text_id=text.id))
    assert len(server.asked) == 1
    assert text_now(model_app, workspace, text.id).cost_usd == server.total


def test_words_are_seen_as_they_come_and_a_cancel_stops_them(model_app: App, server: ModelServer, workspace: Tenant) -> None:
    server.faults.says = [OWN * 6]
    text, ctx = start_text(model_app, workspace, 100)
    drafts: list[str] = []
    real_check = ctx.check

    def check() -> None:
        drafts.append(text_now(model_app, workspace, text.id).draft)
        if drafts[-1]:
            ctx.cancel_requested = True
        real_check()

    ctx.check = check  # type: ignore[method-assign]
    with pytest.raises(Cancelled):
        pipeline.write(ctx, StyleWritingPayload(text_id=text.id))
    assert any("kettle" in draft for draft in drafts)
    assert text_now(model_app, workspace, text.id).text == ""


def test_the_offline_writer_keeps_the_rhythm_and_says_who_it_is(app: App, workspace: Tenant) -> None:
    text, ctx = start_text(app, workspace, 150, topic="walking to work")
    pipeline.write(ctx, StyleWritingPayload(text_id=text.id))
    card = text_now(app, workspace, text.id)
    assert card.model == "offline"
    assert 130 <= card.words <= 170
    assert card.text.lower().count("walking to work") >= 2
    assert card.shared_run < 13
    assert card.cost_usd == 0


def test_an_untrained_style_writes_nothing(app: App, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        style = writing_styles.create(tx, WritingStyleDraft(name="Raw"))
        with pytest.raises(Conflict, match="has not learned anything yet"):
            writing_styles.write(tx, style.id, StyleTextDraft(topic="tea"), request_key="x")
    for values in ({"topic": ""}, {"topic": "x", "words": 5}, {"topic": "x", "words": 9999}, {"topic": "x", "language": "tlh"}):
        with pytest.raises(Invalid):
            StyleTextDraft(**values)


def test_a_text_never_costs_more_than_was_said(model_app: App, workspace: Tenant, server: ModelServer) -> None:
    """The dearest way: three times too short, then copied."""
    text, ctx = start_text(model_app, workspace, 600)
    with model_app.db.transaction(workspace.caller) as tx:
        max_usd = writing_styles.estimate(model_app, writing_styles.get(tx, text.style_id), words=600)
    copied = " ".join(author("thoreau").split()[200:230])
    server.faults.says = [OWN, OWN, OWN, f"{OWN} {copied}.", OWN]
    pipeline.write(ctx, StyleWritingPayload(text_id=text.id))
    assert len(server.asked) == 5
    assert max_usd is not None
    assert server.total < max_usd


def test_the_offline_writer_is_free(app: App, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        assert writing_styles.estimate(app, make_style(tx), words=300) is None


def test_a_session_keeps_its_conversation_until_it_is_reset(model_app: App, server: ModelServer, workspace: Tenant) -> None:
    server.faults.says = [OWN * 4, OWN * 4, OWN * 4]

    def write_about(topic: str) -> list[dict[str, str]]:
        with model_app.db.transaction(workspace.caller, needs="editor") as tx:
            text = writing_styles.write(tx, style_id, StyleTextDraft(topic=topic, words=60), request_key=topic)
        payload = StyleWritingPayload(text_id=text.id)
        ctx = make_context(model_app, workspace, writing_styles.WRITING_KIND, payload, job_id=text.job_id)
        pipeline.write(ctx, payload)
        messages: list[dict[str, str]] = server.asked[-1]["messages"]
        return messages

    with model_app.db.transaction(workspace.caller, needs="editor") as tx:
        style_id = make_style(tx).id
    assert [message["role"] for message in write_about("tea")] == ["system", "user"]
    messages = write_about("the guests")
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user"]
    assert "<topic>tea</topic>" in messages[1]["content"]
    assert "The kettle sang" in messages[2]["content"]
    with model_app.db.transaction(workspace.caller, needs="editor") as tx:
        writing_styles.check_model(model_app, "openai/gpt-4-turbo")
        writing_styles.edit(tx, style_id, WritingStyleDraft(name="Chosen", model="openai/gpt-4-turbo"))
        assert [text.topic for text in writing_styles.conversation(tx, style_id)] == ["tea", "the guests"]
        writing_styles.reset(tx, style_id)
    assert [message["role"] for message in write_about("rain")] == ["system", "user"]
    assert server.asked[-1]["model"] == "openai/gpt-4-turbo"
    with pytest.raises(Invalid, match="names no price"):
        writing_styles.check_model(model_app, "nobody/has-this")


def test_a_conversation_is_shown_as_far_as_it_fits(model_app: App, workspace: Tenant) -> None:
    text, _ = start_text(model_app, workspace, 60)
    long_text = replace(text, text=" ".join(f"w{n}" for n in range(700)))
    first, second = writing_styles.earlier_exchanges([long_text, long_text, long_text])
    assert first[1].startswith("… ")
    assert first[1].endswith(" w699")
    assert second[1] == long_text.text
    assert len(f"{first} {second}".split()) * 2.2 < CONVERSATION_TOKENS * 1.05

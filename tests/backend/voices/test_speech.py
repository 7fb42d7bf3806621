"""Speaking in jobs: once for the same words, within the budget, and never paid twice unasked."""

from __future__ import annotations

import io
import wave
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from backend import budgets, voices
from backend.app import App
from backend.db.tables import EventRow, LlmCall, SpokenAudio
from backend.engines.ports.speech import SpeechLost
from backend.errors import EngineUnavailable, Invalid, NotFound, Unavailable, Unsupported
from backend.voices import PreviewDraft, pipeline
from backend.voices.schemas import PreviewPayload
from tests.factories.account import Tenant
from tests.factories.making import make_influencer
from tests.fakes.speech import FakeShop, FakeSpeech
from tests.support.context import next_attempt
from workers.context import Context

TEXT = "Hello from [pause 1 s] Nguyen!"
NewContext = Callable[[], Context]


def test_what_was_spoken_is_a_wav_with_the_words_as_they_are_written(
    studio: App, do: Any, add: Any, context: NewContext, free: FakeSpeech
) -> None:
    do(voices.set_pronunciation, "Nguyen", "win win")
    spoken = voices.speak(context(), add("fake"), TEXT)
    assert [request.text for request in free.requests] == ["Hello from", "win win!"]
    assert [(word.text, word.start_s, word.end_s) for word in spoken.words] == [
        ("Hello", 0.0, 0.25), ("from", 0.25, 0.5), ("Nguyen!", 1.5, 2.0),
    ]  # fmt: skip
    assert (spoken.timing_source, spoken.duration_s, spoken.content_type) == ("engine", 2.0, "audio/wav")
    assert spoken.s3_key.startswith("audio/")
    with wave.open(io.BytesIO(studio.storage.read(spoken.s3_key))) as file:
        assert file.getnframes() / file.getframerate() == 2.0


def test_the_same_words_are_spoken_once_and_others_anew(do: Any, add: Any, context: NewContext, free: FakeSpeech) -> None:
    voice_id = add("fake")
    first = voices.speak(context(), voice_id, "Hello")
    assert voices.speak(context(), voice_id, "Hello") == first
    assert len(free.requests) == 1
    assert voices.speak(context(), voice_id, "Hello", speed=1.5).asset_id != first.asset_id
    do(voices.set_pronunciation, "hello", "hallo")
    assert voices.speak(context(), voice_id, "Hello").asset_id != first.asset_id
    assert [request.text for request in free.requests] == ["Hello", "Hello", "hallo"]


def test_paid_words_are_reserved_settled_and_paid_once(
    studio: App, do: Any, add: Any, context: NewContext, paid: FakeSpeech
) -> None:
    voice_id, during = add("shop"), []
    calls = select(LlmCall.state, LlmCall.usd, LlmCall.kind)
    paid.at = lambda text: during.extend(do(lambda tx: tx.execute(calls).all()))
    first = voices.speak(context(), voice_id, "Hello you two")
    assert [row.state for row in during] == ["reserved"]
    assert [tuple(row) for row in do(lambda tx: tx.execute(calls).all())] == [("settled", Decimal("0.013"), "speech")]
    assert voices.speak(context(), voice_id, "Hello you two") == first
    assert len(paid.requests) == 1
    assert first.timing_source == "sentence"  # the engine says no times, the aligner finds none


def test_a_lost_answer_is_paid_again_only_when_somebody_asks_for_it(
    studio: App, do: Any, add: Any, context: NewContext, paid: FakeSpeech
) -> None:
    voice_id = add("shop")

    def lose(text: str) -> None:
        raise SpeechLost("The answer was lost.")

    paid.at = lose
    with pytest.raises(SpeechLost):
        voices.speak(context(), voice_id, "Hello")
    assert do(lambda tx: tx.scalar(select(LlmCall.state))) == "estimated"
    paid.at = lambda text: None
    second = context()
    with pytest.raises((SpeechLost, Unavailable)):
        voices.speak(second, voice_id, "Hello")
    assert len(paid.requests) == 1
    do(lambda tx: tx.execute(SpokenAudio.__table__.update().values(attempt_id="att_gone")))
    with pytest.raises(SpeechLost, match="Speak again"):
        voices.speak(second, voice_id, "Hello")
    assert do(voices.forget_lost, voice_id) == 1
    assert voices.speak(context(), voice_id, "Hello").duration_s == 0.25
    assert do(voices.forget_lost, voice_id) == 0


def test_a_lost_answer_is_looked_for_in_the_history_before_anybody_is_asked_to_pay_again(
    studio: App, do: Any, add: Any, context: NewContext
) -> None:
    shop = FakeShop()
    studio.engines.speech["shop"] = shop
    voice_id = add("shop")

    def lose(text: str) -> None:
        raise SpeechLost("The answer was lost.")

    shop.at, shop.answered = lose, ["Hello"]
    assert voices.speak(context(), voice_id, "Hello").duration_s == 0.25  # found at once: paid once, and settled
    calls = select(LlmCall.state, LlmCall.usd)
    assert [tuple(row) for row in do(lambda tx: tx.execute(calls).all())] == [("settled", Decimal("0.005"))]
    shop.answered = []
    job = context()
    with pytest.raises(SpeechLost):
        voices.speak(job, voice_id, "One two [pause] three")
    shop.history_error = EngineUnavailable("Away.")
    with pytest.raises(EngineUnavailable):  # the next attempt asks the history only, and does not give up while it is away
        voices.speak(next_attempt(job), voice_id, "One two [pause] three")
    shop.history_error, shop.answered = None, ["One two"]
    with pytest.raises(SpeechLost, match="Speak again"):  # the other part may have been paid too
        voices.speak(next_attempt(job), voice_id, "One two [pause] three")
    shop.answered = ["One two", "three"]
    spoken = voices.speak(next_attempt(job), voice_id, "One two [pause] three")
    assert [word.text for word in spoken.words] == ["One", "two", "three"]
    assert [request.text for request in shop.requests] == ["Hello", "One two"]
    assert do(lambda tx: tx.scalars(select(LlmCall.state).order_by(LlmCall.id)).all()) == ["settled", "estimated"]
    assert do(voices.forget_lost, voice_id) == 0


def test_a_worker_that_dies_while_a_paid_voice_speaks_does_not_pay_again(
    add: Any, context: NewContext, paid: FakeSpeech
) -> None:
    voice_id, job = add("shop"), context()

    class Killed(BaseException):
        pass

    def die(text: str) -> None:
        raise Killed

    paid.at = die
    with pytest.raises(Killed):
        voices.speak(job, voice_id, "Hello")
    paid.at = lambda text: None
    with pytest.raises(SpeechLost):
        voices.speak(next_attempt(job), voice_id, "Hello")
    assert len(paid.requests) == 1


def test_a_server_that_refuses_cost_nothing_and_is_asked_again(
    do: Any, add: Any, context: NewContext, paid: FakeSpeech
) -> None:
    voice_id = add("shop")

    def refuse(text: str) -> None:
        raise EngineUnavailable("Busy.")

    paid.at = refuse
    job = context()
    with pytest.raises(EngineUnavailable):
        voices.speak(job, voice_id, "Hello")
    paid.at = lambda text: None
    assert voices.speak(next_attempt(job), voice_id, "Hello").duration_s == 0.25
    assert do(lambda tx: tx.execute(select(LlmCall.state).order_by(LlmCall.id)).scalars().all()) == ["refused", "settled"]


def test_a_budget_that_is_used_up_lets_nothing_be_asked(
    do: Any, studio: App, workspace: Tenant, add: Any, context: NewContext, paid: FakeSpeech
) -> None:
    voice_id = add("shop")
    with studio.db.transaction(workspace.owner.caller, needs="owner") as tx:
        budgets.set_limits(tx, daily_usd=Decimal("0.001"), monthly_usd=None, settings=studio.settings)
    with pytest.raises(budgets.OverBudget):
        voices.speak(context(), voice_id, "Hello you two")
    assert paid.requests == []
    assert do(lambda tx: tx.scalar(select(func.count()).select_from(SpokenAudio))) == 0


def test_bad_words_are_refused_with_what_to_do(add: Any, context: NewContext) -> None:
    voice_id = add("fake")
    with pytest.raises(Invalid, match="at least one word"):
        voices.speak(context(), voice_id, "— 🎉 [pause]")
    with pytest.raises(Invalid, match="Shorten it"):
        voices.speak(context(), voice_id, "word " * 10_000)
    with pytest.raises(Invalid, match="speed"):
        voices.speak(context(), voice_id, "Hello", speed=9)
    with pytest.raises(NotFound):
        voices.speak(context(), "voi_none", "Hello")


def test_a_voice_is_added_once_and_never_with_a_licence_that_forbids_earning(studio: App, do: Any, add: Any) -> None:
    assert add("fake") == add("fake")
    with pytest.raises(Unsupported, match="CC-BY-NC"):
        do(voices.add, studio.engines.speech, engine="fake", name="nico")
    with pytest.raises(NotFound):
        do(voices.add, studio.engines.speech, engine="fake", name="nobody")
    with pytest.raises(Unsupported, match="speaks 'it'"):
        do(voices.default_voice, studio.engines.speech, "it")
    assert do(voices.default_voice, studio.engines.speech, "en").engine == "fake"
    assert do(lambda tx: tx.scalar(select(func.count()).where(EventRow.kind == "voice.added"))) == 1


def test_an_influencer_has_a_voice_and_its_pace(do: Any, add: Any) -> None:
    influencer_id, voice_id = do(make_influencer).id, add("fake")
    assert do(voices.for_influencer, influencer_id) is None
    do(voices.choose, influencer_id, voice_id, speed=1.2)
    choice = do(voices.for_influencer, influencer_id)
    assert (choice.voice.id, choice.speed) == (voice_id, 1.2)
    with pytest.raises(Invalid):
        do(voices.choose, influencer_id, voice_id, speed=3)
    do(voices.choose, influencer_id, None)
    assert do(voices.for_influencer, influencer_id) is None


def test_the_preview_job_gives_sound_and_words(do: Any, add: Any, context: NewContext) -> None:
    voice_id = add("fake")
    with pytest.raises(Invalid):
        do(voices.start_preview, PreviewDraft(voice_id=voice_id, text="[pause]"), request_key="k1")
    job = do(voices.start_preview, PreviewDraft(voice_id=voice_id, text="Hi you"), request_key="k2")
    assert (job.kind, job.title) == ("voice-preview", "Anna: Hi you")
    result = pipeline.run_preview(context(), PreviewPayload(voice_id=voice_id, text="Hi you"))
    assert result["words"] == [["Hi", 0.0, 0.25], ["you", 0.25, 0.5]]
    assert {"assetId", "s3Key", "durationS", "timingSource"} <= result.keys()

"""Speaking that costs money: announced before it is asked for, reserved and settled, and never paid twice unasked. An answer
that was lost is looked for in the engine's history first."""

from __future__ import annotations

from collections.abc import Generator
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from backend import budgets
from backend.db.tables import Attempt, SpokenAudio
from backend.db.transactions import SystemCaller
from backend.engines.ports.events import Event, Output
from backend.engines.ports.speech import SpeechEngine, SpeechHistory, SpeechLost, SpeechRequest
from backend.errors import EngineError, Unavailable
from backend.jobs.context import JobContext
from backend.kit.ids import new_id
from backend.language import tr_lazy
from backend.voices.lexicon import SpeechPart
from backend.voices.schemas import VoiceCard
from backend.voices.spoken_parts import Sound, speak_parts

LOST = tr_lazy(
    "The answer of the voice's server was lost, and it may have been paid. Speaking the same words "
    "again may cost them twice: choose “Speak again” at the voice if you want that."
)


def announce(ctx: JobContext, engine: SpeechEngine, digest: str, voice: VoiceCard) -> datetime | None:
    """Writes down that a paid engine is asked, before it is: so that no later attempt pays again unasked. Returns since when an
    earlier attempt's answer may be in the engine's history; None: there is no earlier one.

    Raises SpeechLost where an earlier attempt did not live to see the answer and the engine has no history, Unavailable while
    another job waits for it.
    """
    with ctx.transaction() as tx:
        values = {"id": new_id("spk"), "tenant_id": ctx.tenant_id, "digest": digest, "voice_id": voice.id}
        row = insert(SpokenAudio).values(**values, attempt_id=ctx.attempt_id).on_conflict_do_nothing()
        if tx.scalar(row.returning(SpokenAudio.id)):
            return None
        earlier = tx.scalars(select(SpokenAudio).where(SpokenAudio.digest == digest).with_for_update()).one()
        if earlier.asset_id is not None:  # its file was deleted: speaking it again is what is wanted
            earlier.asset_id, earlier.attempt_id = None, ctx.attempt_id
            return None
        attempt = tx.get(Attempt, earlier.attempt_id) if earlier.attempt_id else None
        if attempt is not None and attempt.ended_at is None and attempt.id != ctx.attempt_id:
            raise Unavailable(tr_lazy("Another job is speaking the same words. This one continues when it is done."))
        if isinstance(engine, SpeechHistory):
            earlier.attempt_id = ctx.attempt_id
            return earlier.created_at
    raise SpeechLost(LOST)


def recovered(
    ctx: JobContext, engine: SpeechEngine, voice: VoiceCard, parts: list[SpeechPart], speed: float, since: datetime
) -> Sound:
    """From the engine's history. Raises SpeechLost where it does not have all parts: the rest may have been paid."""
    ctx.progress(0, 0, tr_lazy("fetching the spoken audio"))

    def events(request: SpeechRequest) -> Generator[Event, None, None]:
        has_sound = False
        assert isinstance(engine, SpeechHistory)
        for event in engine.recover(request, since=since):
            has_sound = has_sound or isinstance(event, Output)
            yield event
        if not has_sound:
            raise SpeechLost(LOST)

    sound = speak_parts(ctx, engine, voice, parts, speed, events)
    ctx.log(tr_lazy("The answer that was lost before was found in the history of the voice's server. It was not paid again."))
    return sound


def _found_or_lost(engine: SpeechEngine, request: SpeechRequest) -> Generator[Event, None, None]:
    """`run`; if its answer is lost, what the engine's history has of it. Raises SpeechLost where it has nothing, or cannot be
    read now: a later attempt asks it again."""
    began = datetime.now(UTC)
    try:
        yield from engine.run(request)
    except SpeechLost as lost:
        if not isinstance(engine, SpeechHistory):
            raise
        has_sound = False
        try:
            for event in engine.recover(request, since=began):
                has_sound = has_sound or isinstance(event, Output)
                yield event
        except EngineError as error:
            raise lost from error
        if not has_sound:
            raise


def speak_paid(
    ctx: JobContext, engine: SpeechEngine, voice: VoiceCard, parts: list[SpeechPart], speed: float, usd: Decimal, digest: str
) -> Sound:
    """An engine that refused took no money, so its announcement is taken back."""
    try:
        return _paid(ctx, engine, voice, parts, speed, usd)
    except SpeechLost:
        raise
    except (EngineError, budgets.OverBudget):
        with ctx.transaction() as tx:
            tx.execute(delete(SpokenAudio).where(SpokenAudio.digest == digest, SpokenAudio.asset_id.is_(None)))
        raise


def _paid(
    ctx: JobContext, engine: SpeechEngine, voice: VoiceCard, parts: list[SpeechPart], speed: float, usd: Decimal
) -> Sound:
    purpose = budgets.CallPurpose("speech", job_id=ctx.job_id, attempt_id=ctx.attempt_id)
    caller = SystemCaller(ctx.tenant_id, ctx.user_id)
    return budgets.pay(
        ctx.app,
        caller,
        usd=usd,
        model=f"{engine.name}/{voice.engine_voice}",
        purpose=purpose,
        work=lambda: speak_parts(ctx, engine, voice, parts, speed, partial(_found_or_lost, engine), paying=True),
    )

"""Speaking a text in a job: the same words with the same voice are spoken, and paid, once."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from decimal import Decimal
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend import assets
from backend.assets import NewFile, UploadedFile
from backend.db.tables import SpokenAudio
from backend.engines.ports.speech import SpeechEngine, SpokenWord, TimingSource
from backend.errors import Invalid, Unavailable, Unsupported
from backend.jobs.context import JobContext
from backend.kit.ids import new_id
from backend.language import tr_lazy
from backend.voices import queries
from backend.voices.cloned import require_usable
from backend.voices.lexicon import SpeechPart, speech_parts, written_words
from backend.voices.paid_speech import announce, recovered, speak_paid
from backend.voices.schemas import MAX_CHARACTERS, SpokenText, VoiceCard
from backend.voices.service import checked_speed
from backend.voices.spoken_parts import Sound, speak_parts

_SOUND_VERSION = 2
"""Part of the digest: goes up when the same request would sound otherwise."""


def speak(ctx: JobContext, voice_id: str, text: str, *, speed: float = 1.0) -> SpokenText:
    """The text as a WAV file, with the time of each word as it is written. `[pause 1 s]` in the text is silence.

    What was spoken before with the same voice, speed and pronunciation is taken again and costs nothing. Raises NotFound,
    Invalid, OverBudget, SpeechLost (a paid answer was lost), Unsupported, EngineUnavailable, ConsentEnded.
    """
    with ctx.transaction() as tx:
        voice, entries = queries.get(tx, voice_id), queries.lexicon(tx)
        require_usable(tx, voice.consent_id)
    parts = speech_parts(_checked(text), entries)
    if not parts:
        raise Invalid(tr_lazy("There is nothing to say. Write at least one word."))
    engine = ctx.app.engines.speech.get(voice.engine)
    if engine is None:
        raise Unsupported(
            tr_lazy(
                "{title} needs {engine}, which is not set up here any more. Choose another voice.",
                title=voice.title,
                engine=voice.engine,
            )
        )
    digest = _digest(voice, parts, checked_speed(speed))
    with ctx.transaction() as tx:
        spoken = _find(tx, digest, parts)
    if spoken is not None:
        return spoken
    lost_since = announce(ctx, engine, digest, voice) if engine.paid else None
    ctx.write_step(
        f"speech:{digest[:24]}",
        lambda: _produce(ctx, engine, voice, parts, speed, digest, lost_since),
        lambda tx, product: _write(tx, ctx, digest, voice, parts, *product),
    )
    with ctx.transaction() as tx:
        spoken = _find(tx, digest, parts)
    if spoken is None:
        raise Unavailable(tr_lazy("What was spoken was deleted meanwhile. It is spoken again."))
    return spoken


def _checked(text: str) -> str:
    if len(text) > MAX_CHARACTERS:
        raise Invalid(
            tr_lazy(
                "This text has {n:,} characters; a voice speaks at most {max_characters:,} at once. Shorten it.",
                n=len(text),
                max_characters=MAX_CHARACTERS,
            )
        )
    return text


def _digest(voice: VoiceCard, parts: list[SpeechPart], speed: float) -> str:
    spoken = [[part.spoken, part.pause_s] for part in parts]
    facts = [_SOUND_VERSION, voice.engine, voice.engine_voice, voice.weights_sha256, voice.language, round(speed, 3), spoken]
    return hashlib.sha256(json.dumps(facts, ensure_ascii=False).encode()).hexdigest()


def _find(tx: Session, digest: str, parts: list[SpeechPart]) -> SpokenText | None:
    row = tx.scalar(select(SpokenAudio).where(SpokenAudio.digest == digest, SpokenAudio.asset_id.is_not(None)))
    if row is None or row.asset_id is None:
        return None
    asset = assets.get(tx, row.asset_id)
    if asset.state != "stored":
        return None
    words = written_words(parts, [SpokenWord(*word) for word in row.words]) if row.words else ()
    source = cast(TimingSource, row.timing_source)
    return SpokenText(asset.id, asset.key, asset.content_type, row.duration_s, words, source)


def _produce(
    ctx: JobContext,
    engine: SpeechEngine,
    voice: VoiceCard,
    parts: list[SpeechPart],
    speed: float,
    digest: str,
    lost_since: datetime | None,
) -> tuple[str, UploadedFile, Sound, Decimal]:
    """Speaks and uploads. `lost_since`: the engine was asked before, and its answer is looked for in its history only."""
    usd = sum((engine.quote_usd(part.spoken) for part in parts), Decimal(0))
    if lost_since:
        sound = recovered(ctx, engine, voice, parts, speed, lost_since)
    elif engine.paid:
        sound = speak_paid(ctx, engine, voice, parts, speed, usd, digest)
    else:
        sound = speak_parts(ctx, engine, voice, parts, speed, engine.run)
    ctx.progress(0, 0, tr_lazy("saving the voice"))
    key = assets.key_for("audio", tenant_id=ctx.tenant_id, job_id=ctx.job_id, attempt_id=ctx.attempt_id, n=int(digest[:8], 16))
    meta = {"duration_s": sound.duration_s, "engine": voice.engine, "voice": voice.engine_voice, "ai": voice.kind != "recorded"}
    file = NewFile(sound.path, "audio", key, "audio/wav", f"{voice.title}.wav", meta=meta)
    with ctx.transaction() as tx:
        [asset_id] = assets.intend(tx, [file], job_id=ctx.job_id, attempt_id=ctx.attempt_id)
    return asset_id, assets.upload_file(ctx.app.storage, file), sound, usd


def _write(
    tx: Session,
    ctx: JobContext,
    digest: str,
    voice: VoiceCard,
    parts: list[SpeechPart],
    asset_id: str,
    uploaded: UploadedFile,
    sound: Sound,
    usd: Decimal,
) -> dict[str, Any]:
    require_usable(tx, voice.consent_id)  # revoked while it was spoken: nothing of it is kept
    asset = assets.confirm(tx, {asset_id: uploaded})[0]
    words = [[word.text, word.start_s, word.end_s] for word in sound.words]
    characters = sum(len(part.spoken) for part in parts)
    values: dict[str, Any] = {
        "asset_id": asset.id,
        "attempt_id": ctx.attempt_id,
        "duration_s": sound.duration_s,
        "timing_source": sound.timing_source,
        "words": words,
        "characters": characters,
        "usd": usd,
    }
    row = insert(SpokenAudio).values(id=new_id("spk"), tenant_id=ctx.tenant_id, digest=digest, voice_id=voice.id, **values)
    changed = row.on_conflict_do_update(index_elements=["tenant_id", "digest"], set_=values)
    row_id = str(tx.scalar(changed.returning(SpokenAudio.id)))
    assets.use(tx, asset.id, "speech", row_id)
    return {**asset.names, "durationS": round(sound.duration_s, 3), "timingSource": sound.timing_source}

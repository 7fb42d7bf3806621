"""Speaking a text in a job: the same words with the same voice are spoken, and paid, once."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend import assets, budgets, consents
from backend.assets import NewFile, UploadedFile
from backend.db.tables import Attempt, SpokenAudio
from backend.db.transactions import SystemCaller
from backend.engines.ports import word_times
from backend.engines.ports.events import Event, Output
from backend.engines.ports.speech import (
    SpeechEngine,
    SpeechLost,
    SpeechRequest,
    SpokenWord,
    TimingSource,
    VoiceCloner,
    WordAligner,
)
from backend.errors import EngineError, Invalid, Unavailable, Unsupported
from backend.jobs.context import JobContext
from backend.kit.ids import new_id
from backend.media.audio import voice_level, wav_file
from backend.voices import queries
from backend.voices.cloned import require_usable
from backend.voices.lexicon import SpeechPart, speech_parts, written_words
from backend.voices.schemas import MAX_CHARACTERS, SpokenText, VoiceCard
from backend.voices.service import checked_speed

_SOUND_VERSION = 2
"""Part of the digest: goes up when the same request would sound otherwise."""
_WORST_LAST: tuple[TimingSource, ...] = ("engine", "aligned", "sentence", "none")
LOST = (
    "The answer of the voice's server was lost, and it may have been paid. Speaking the same words again may cost them twice: "
    "choose “Speak again” at the voice if you want that."
)


@dataclass(frozen=True, slots=True)
class _Sound:
    """`words`: of what was spoken."""

    path: Path
    duration_s: float
    words: tuple[SpokenWord, ...]
    timing_source: TimingSource


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
        raise Invalid("There is nothing to say. Write at least one word.")
    engine = ctx.app.engines.speech.get(voice.engine)
    if engine is None:
        raise Unsupported(f"{voice.title} needs {voice.engine}, which is not set up here any more. Choose another voice.")
    digest = _digest(voice, parts, checked_speed(speed))
    with ctx.transaction() as tx:
        spoken = _find(tx, digest, parts)
    if spoken is not None:
        return spoken
    if engine.paid:
        _announce(ctx, digest, voice)
    ctx.write_step(
        f"speech:{digest[:24]}",
        lambda: _produce(ctx, engine, voice, parts, speed, digest),
        lambda tx, product: _write(tx, ctx, digest, voice, parts, *product),
    )
    with ctx.transaction() as tx:
        spoken = _find(tx, digest, parts)
    if spoken is None:
        raise Unavailable("What was spoken was deleted meanwhile. It is spoken again.")
    return spoken


def _checked(text: str) -> str:
    if len(text) > MAX_CHARACTERS:
        raise Invalid(f"This text has {len(text):,} characters; a voice speaks at most {MAX_CHARACTERS:,} at once. Shorten it.")
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


def _announce(ctx: JobContext, digest: str, voice: VoiceCard) -> None:
    """Writes down that a paid engine is asked, before it is: so that no later attempt pays again unasked.

    Raises SpeechLost where an earlier attempt did not live to see the answer, Unavailable while another job waits for it.
    """
    with ctx.transaction() as tx:
        values = {"id": new_id("spk"), "tenant_id": ctx.tenant_id, "digest": digest, "voice_id": voice.id}
        row = insert(SpokenAudio).values(**values, attempt_id=ctx.attempt_id).on_conflict_do_nothing()
        if tx.scalar(row.returning(SpokenAudio.id)):
            return
        earlier = tx.scalars(select(SpokenAudio).where(SpokenAudio.digest == digest).with_for_update()).one()
        if earlier.asset_id is not None:  # its file was deleted: speaking it again is what is wanted
            earlier.asset_id, earlier.attempt_id = None, ctx.attempt_id
            return
        attempt = tx.get(Attempt, earlier.attempt_id) if earlier.attempt_id else None
        if attempt is not None and attempt.ended_at is None and attempt.id != ctx.attempt_id:
            raise Unavailable("The same words are being spoken by another job. This one goes on when they are.")
    raise SpeechLost(LOST)


def _produce(
    ctx: JobContext, engine: SpeechEngine, voice: VoiceCard, parts: list[SpeechPart], speed: float, digest: str
) -> tuple[str, UploadedFile, _Sound, Decimal]:
    """Speaks and uploads. An engine that refused took no money, so its announcement is taken back."""
    usd = sum((engine.quote_usd(part.spoken) for part in parts), Decimal(0))
    try:
        sound = _paid(ctx, engine, voice, parts, speed, usd) if engine.paid else _spoken(ctx, engine, voice, parts, speed)
    except SpeechLost:
        raise
    except (EngineError, budgets.OverBudget):
        with ctx.transaction() as tx:
            tx.execute(delete(SpokenAudio).where(SpokenAudio.digest == digest, SpokenAudio.asset_id.is_(None)))
        raise
    ctx.progress(0, 0, "saving the voice")
    key = assets.key_for("audio", tenant_id=ctx.tenant_id, job_id=ctx.job_id, attempt_id=ctx.attempt_id, n=int(digest[:8], 16))
    meta = {"duration_s": sound.duration_s, "engine": voice.engine, "voice": voice.engine_voice, "ai": voice.kind != "recorded"}
    file = NewFile(sound.path, "audio", key, "audio/wav", f"{voice.title}.wav", meta=meta)
    with ctx.transaction() as tx:
        [asset_id] = assets.intend(tx, [file], job_id=ctx.job_id, attempt_id=ctx.attempt_id)
    return asset_id, assets.upload_file(ctx.app.storage, file), sound, usd


def _paid(
    ctx: JobContext, engine: SpeechEngine, voice: VoiceCard, parts: list[SpeechPart], speed: float, usd: Decimal
) -> _Sound:
    purpose = budgets.CallPurpose("speech", job_id=ctx.job_id, attempt_id=ctx.attempt_id)
    caller = SystemCaller(ctx.tenant_id, ctx.user_id)
    return budgets.pay(
        ctx.app,
        caller,
        usd=usd,
        model=f"{engine.name}/{voice.engine_voice}",
        purpose=purpose,
        work=lambda: _spoken(ctx, engine, voice, parts, speed),
    )


def _spoken(ctx: JobContext, engine: SpeechEngine, voice: VoiceCard, parts: list[SpeechPart], speed: float) -> _Sound:
    """All parts, joined with their pauses. The times of words are taken of each part and moved to where it begins."""
    folder = Path(tempfile.mkdtemp(prefix="speech-", dir=ctx.workdir))
    sample = _sample(ctx, engine, voice, folder)
    sounds = []
    for n, part in enumerate(parts):
        request = SpeechRequest(part.spoken, voice.engine_voice, voice.language, folder / str(n), speed, sample)
        try:
            sounds.append(_one_part(ctx, engine, request, ctx.app.engines.aligner))
        except EngineError as error:
            if engine.paid and sounds:
                raise SpeechLost(f"A part of the text was paid, then this happened: {error.message}") from error
            raise
    joined = folder / "joined.wav"
    starts = wav_file.join([(sound.path, part.pause_s) for sound, part in zip(sounds, parts, strict=True)], joined)
    voice_level.level(joined)
    words = tuple(
        SpokenWord(word.text, round(start + word.start_s, 3), round(start + word.end_s, 3))
        for sound, start in zip(sounds, starts, strict=True)
        for word in sound.words
    )
    source = max((sound.timing_source for sound in sounds), key=_WORST_LAST.index)
    return _Sound(joined, wav_file.duration_s(joined), words, source)


def _sample(ctx: JobContext, engine: SpeechEngine, voice: VoiceCard, folder: Path) -> Path | None:
    """The recording of a copied voice's consent, for an engine that keeps no copies. Raises ConsentEnded."""
    if voice.consent_id is None or not isinstance(engine, VoiceCloner) or engine.keeps_copies:
        return None
    with ctx.transaction() as tx:
        recording = assets.get(tx, str(consents.check_usable(tx, voice.consent_id).asset_id))
    assets.fetch(ctx.app.storage, recording, folder / "sample.wav")
    return folder / "sample.wav"


def _one_part(ctx: JobContext, engine: SpeechEngine, request: SpeechRequest, aligner: WordAligner) -> _Sound:
    output: Output | None = None
    for event in ctx.pump(engine.run(request)):
        if isinstance(event, Output):
            output = event
    if output is None:
        raise EngineError("The voice gave no sound. Try again.")
    words, source = _word_times(ctx, output, request, aligner)
    return _Sound(output.path, wav_file.duration_s(output.path), words, source)


def _word_times(
    ctx: JobContext, output: Output, request: SpeechRequest, aligner: WordAligner
) -> tuple[tuple[SpokenWord, ...], TimingSource]:
    """The best times that can be believed: the engine's, else aligned, else a share of each sentence."""
    script, duration_s = word_times.words_of(request.text), wav_file.duration_s(output.path)
    engine_words: tuple[SpokenWord, ...] = output.meta.get("words", ())
    if word_times.believable(engine_words, script, duration_s):
        return word_times.relabelled(engine_words, script, duration_s), "engine"
    sentences: tuple[SpokenWord, ...] = output.meta.get("sentences", ())
    if request.language[:2] in aligner.languages:
        whole = sentences or (SpokenWord(request.text, 0.0, duration_s),)
        try:
            aligned = _aligned(ctx, aligner, output.path, whole)
        except EngineError as error:
            ctx.log(f"Words are timed by sentences: {error.message}", level="warning")
            aligned = ()
        if word_times.believable(aligned, script, duration_s):
            return word_times.relabelled(aligned, script, duration_s), "aligned"
    shares = word_times.spread(sentences or word_times.evenly(request.text, duration_s))
    if word_times.believable(shares, script, duration_s):
        return word_times.relabelled(shares, script, duration_s), "sentence"
    return (), "none"


def _aligned(ctx: JobContext, aligner: WordAligner, wav: Path, sentences: tuple[SpokenWord, ...]) -> tuple[SpokenWord, ...]:
    words: tuple[SpokenWord, ...] = ()

    def events() -> Generator[Event, None, None]:
        nonlocal words
        for event in aligner.run(wav, sentences):
            if isinstance(event, tuple):
                words = event
            else:
                yield event

    _drain(ctx.pump(events()))
    return words


def _drain(events: Iterator[Event]) -> None:
    for _ in events:
        pass


def _write(
    tx: Session,
    ctx: JobContext,
    digest: str,
    voice: VoiceCard,
    parts: list[SpeechPart],
    asset_id: str,
    uploaded: UploadedFile,
    sound: _Sound,
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

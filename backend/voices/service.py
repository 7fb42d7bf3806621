"""Adding voices, giving them to influencers, and the lexicon."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend import events, influencers, jobs
from backend.db.tables import Attempt, InfluencerVoice, LexiconEntry, SpokenAudio, Voice
from backend.engines.ports.speech import MAX_SPEED, MIN_SPEED, SpeechEngine
from backend.engines.ports.word_times import words_of
from backend.errors import Invalid, NotFound, Unsupported
from backend.jobs import JobCard
from backend.kit.ids import new_id
from backend.language import tr_lazy
from backend.undo import undoable, watch
from backend.voices.cloned import require_usable
from backend.voices.lexicon import without_pauses
from backend.voices.queries import get, offer_of, offered
from backend.voices.schemas import LexiconCard, PreviewDraft, PreviewPayload, VoiceCard

MAX_ENTRIES = 500
_MAX_LENGTH = 100


def add(tx: Session, engines: Mapping[str, SpeechEngine], *, engine: str, name: str) -> VoiceCard:
    """Takes a voice of an engine into the workspace; the same one again returns the first. `engines`: `app.engines.speech`.

    Raises NotFound, and Unsupported where its licence does not allow earning money.
    """
    offer = offer_of(engines, engine, name)
    if offer.refusal:
        raise Unsupported(offer.refusal)
    new_row = insert(Voice).values(
        id=new_id("voi"),
        tenant_id=tx.info["tenant_id"],
        title=offer.title,
        engine=offer.engine,
        engine_voice=offer.name,
        language=offer.language,
        licence=offer.licence,
        quality=offer.quality,
        weights_sha256=offer.weights_sha256,
        created_by=tx.info.get("user_id"),
    )
    added_id = tx.scalar(new_row.on_conflict_do_nothing().returning(Voice.id))
    if added_id:
        events.record(tx, "voice.added", "voice", added_id, {"engine": engine, "name": name, "licence": offer.licence})
    same_voice = select(Voice.id).where(Voice.engine == engine, Voice.engine_voice == name)
    return get(tx, str(tx.scalar(same_voice)))


def default_voice(tx: Session, engines: Mapping[str, SpeechEngine], language: str) -> VoiceCard:
    """The first voice for a language, natural ones and free ones before others. Raises Unsupported where none speaks it."""
    offers = [offer for offer in offered(engines, language) if not offer.refusal]
    if not offers:
        raise Unsupported(
            tr_lazy(
                "No voice here speaks {language}. Choose another language, or add a voice (SPEECH_MODELS_DIR).",
                language=repr(language),
            )
        )
    best = min(offers, key=lambda offer: (offer.quality != "natural", offer.paid))
    return add(tx, engines, engine=best.engine, name=best.name)


@undoable("influencer.voice")
def choose(tx: Session, influencer_id: str, voice_id: str | None, *, speed: float = 1.0) -> None:
    """Makes it the voice of an influencer; None: they have none any more. Raises NotFound, Invalid,
    ConsentEnded (also where its person allowed it for somebody else)."""
    influencers.get(tx, influencer_id)
    if voice_id is None:
        tx.execute(delete(InfluencerVoice).where(InfluencerVoice.influencer_id == influencer_id))
    else:
        require_usable(tx, get(tx, voice_id).consent_id, influencer_id)
        values = {"voice_id": voice_id, "speed": checked_speed(speed)}
        row = insert(InfluencerVoice).values(tenant_id=tx.info["tenant_id"], influencer_id=influencer_id, **values)
        changed = {**values, "updated_at": func.clock_timestamp()}
        tx.execute(row.on_conflict_do_update(index_elements=["tenant_id", "influencer_id"], set_=changed))
    events.record(tx, "influencer.voice_chosen", "influencer", influencer_id, {"voice_id": voice_id, "speed": speed})


def checked_speed(speed: float) -> float:
    if not MIN_SPEED <= speed <= MAX_SPEED:
        raise Invalid(
            tr_lazy(
                "The speed of a voice is between {min_speed} and {max_speed}; 1 is its own pace.",
                min_speed=MIN_SPEED,
                max_speed=MAX_SPEED,
            )
        )
    return speed


@undoable("lexicon.entry")
def set_pronunciation(tx: Session, written: str, spoken: str) -> LexiconCard:
    """How `written` (a word, or a few) is said from now on. Raises Invalid."""
    written, spoken = " ".join(written.split()), " ".join(spoken.split())
    if not words_of(written) or not words_of(spoken) or max(len(written), len(spoken)) > _MAX_LENGTH:
        raise Invalid(
            tr_lazy(
                "Write the word and how it is said, each with at least one letter and at most {max_length} characters.",
                max_length=_MAX_LENGTH,
            )
        )
    if (tx.scalar(select(func.count()).select_from(LexiconEntry)) or 0) >= MAX_ENTRIES:
        raise Invalid(
            tr_lazy(
                "There are {max_entries} pronunciations already. Remove one that is not needed any more.",
                max_entries=MAX_ENTRIES,
            )
        )
    row = insert(LexiconEntry).values(id=new_id("lex"), tenant_id=tx.info["tenant_id"], written=written, spoken=spoken)
    key: Any = [LexiconEntry.tenant_id, func.lower(LexiconEntry.written)]
    changed = row.on_conflict_do_update(index_elements=key, set_={"written": written, "spoken": spoken})
    entry_id = tx.scalar(changed.returning(LexiconEntry.id))
    events.record(tx, "lexicon.changed", "lexicon_entry", str(entry_id), {"written": written, "spoken": spoken})
    return LexiconCard(str(entry_id), written, spoken)


def remove_pronunciation(tx: Session, entry_id: str) -> None:
    """Raises NotFound."""
    own = LexiconEntry.id == entry_id
    written = tx.scalar(select(LexiconEntry.written).where(own))
    if written is None:
        raise NotFound(tr_lazy("This pronunciation was removed already."))
    with watch(tx, "lexicon.entry", written):
        tx.execute(delete(LexiconEntry).where(own))
        events.record(tx, "lexicon.removed", "lexicon_entry", entry_id, {"written": written})


def start_preview(tx: Session, draft: PreviewDraft, *, request_key: str) -> JobCard:
    """Starts a job that speaks a text. Raises NotFound, Invalid (nothing to say), ConsentEnded."""
    voice = get(tx, draft.voice_id)
    require_usable(tx, voice.consent_id)
    if not words_of(without_pauses(draft.text)):
        raise Invalid(tr_lazy("There is nothing to say. Write at least one word."))
    return jobs.enqueue(
        tx,
        kind="voice-preview",
        payload=PreviewPayload(voice_id=voice.id, text=draft.text, speed=draft.speed),
        title=f"{voice.title}: {without_pauses(draft.text)[:60]}",
        request_key=request_key,
        subject=("voice", voice.id),
    )


def forget_lost(tx: Session, voice_id: str) -> int:
    """Allows a paid voice to be asked again for texts whose answer was lost; they may be paid a second time. Returns how many.
    Raises NotFound."""
    get(tx, voice_id)
    speaking = select(Attempt.id).where(Attempt.ended_at.is_(None))
    lost = SpokenAudio.voice_id == voice_id, SpokenAudio.asset_id.is_(None), SpokenAudio.attempt_id.not_in(speaking)
    ids = tx.scalars(delete(SpokenAudio).where(*lost).returning(SpokenAudio.id)).all()
    if ids:
        events.record(tx, "voice.lost_forgotten", "voice", voice_id, {"count": len(ids)})
    return len(ids)

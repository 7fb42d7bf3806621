"""Reads of voices, the lexicon and what was spoken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend import consents
from backend.db.tables import InfluencerVoice, LexiconEntry, Voice
from backend.engines.ports.speech import SpeechEngine, SpeechVoice
from backend.errors import NotFound
from backend.language import tr_lazy
from backend.voices.schemas import ChosenVoice, LexiconCard, OfferedVoice, VoiceCard, VoicePage


def page(tx: Session, *, take: int = 60, cursor: str | None = None) -> VoicePage:
    """Newest first. `cursor`: the last page's `next_cursor`. `total` counts all of them."""
    total = tx.scalar(select(func.count()).select_from(Voice)) or 0
    query = select(Voice).where(Voice.id < cursor) if cursor else select(Voice)
    rows = tx.scalars(query.order_by(Voice.id.desc()).limit(take + 1)).all()
    cards = [_card(tx, row) for row in rows[:take]]
    return VoicePage(cards, cards[-1].id if len(rows) > take else None, total)


def choices(tx: Session, *, consent_id: str | None = None) -> list[VoiceCard]:
    """All voices of the workspace to choose from, newest first. `consent_id`: only the copies that were made with it."""
    query = select(Voice).where(Voice.consent_id == consent_id) if consent_id else select(Voice)
    return [_card(tx, row) for row in tx.scalars(query.order_by(Voice.id.desc()))]


def get(tx: Session, voice_id: str) -> VoiceCard:
    """Raises NotFound."""
    row = tx.get(Voice, voice_id)
    if row is None:
        raise NotFound(tr_lazy("This voice does not exist here any more. Choose another one."))
    return _card(tx, row)


def for_influencer(tx: Session, influencer_id: str) -> ChosenVoice | None:
    """The influencer's voice; None: none was chosen."""
    row = tx.get(InfluencerVoice, (tx.info["tenant_id"], influencer_id))
    return ChosenVoice(get(tx, row.voice_id), row.speed) if row else None


def lexicon(tx: Session) -> list[LexiconCard]:
    """By the alphabet."""
    rows = tx.scalars(select(LexiconEntry).order_by(func.lower(LexiconEntry.written)))
    return [LexiconCard(row.id, row.written, row.spoken) for row in rows]


def offered(engines: Mapping[str, SpeechEngine], language: str = "") -> list[OfferedVoice]:
    """What engines have now, natural voices first. `language`: only voices that speak it (ISO 639-1); "": all."""
    cards = [
        _offer(engine, voice)
        for engine in engines.values()
        for voice in engine.voices()
        if not language or voice.speaks(language)
    ]
    return sorted(cards, key=lambda card: card.quality != "natural")


def offer_of(engines: Mapping[str, SpeechEngine], engine: str, name: str) -> OfferedVoice:
    """Raises NotFound when the engine has no such voice."""
    of_engine: Sequence[OfferedVoice] = offered({engine: engines[engine]}) if engine in engines else ()
    if (card := next((card for card in of_engine if card.name == name), None)) is None:
        raise NotFound(
            tr_lazy(
                "There is no voice {name} of {engine} here. Load the list of voices again and choose one.",
                name=repr(name),
                engine=repr(engine),
            )
        )
    return card


def _offer(engine: SpeechEngine, voice: SpeechVoice) -> OfferedVoice:
    refusal = (
        ""
        if voice.commercial
        else tr_lazy(
            "The licence of this voice ({licence}) does not allow earning money with it. Choose another voice.",
            licence=voice.licence,
        )
    )
    return OfferedVoice(
        engine=engine.name,
        engine_title=engine.title,
        name=voice.name,
        title=voice.title,
        language=voice.language,
        quality=voice.quality,
        licence=voice.licence,
        paid=engine.paid,
        weights_sha256=voice.weights_sha256,
        refusal=refusal,
    )


def _card(tx: Session, row: Voice) -> VoiceCard:
    refusal, only_for = "", None
    if row.consent_id:
        try:
            only_for = consents.check_usable(tx, row.consent_id).influencer_id
        except consents.ConsentEnded as ended:
            refusal = ended.message
    return VoiceCard(
        id=row.id,
        title=row.title,
        kind=row.kind,
        engine=row.engine,
        engine_voice=row.engine_voice,
        language=row.language,
        licence=row.licence,
        quality=row.quality,
        weights_sha256=row.weights_sha256,
        created_at=row.created_at,
        consent_id=row.consent_id,
        refusal=refusal,
        only_for=only_for,
    )

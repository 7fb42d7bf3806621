"""What of voices and the lexicon can be undone."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend import undo
from backend.db.tables import InfluencerVoice, LexiconEntry
from backend.undo import Values
from backend.voices import service


def _read_voice(tx: Session, influencer_id: str) -> Values | None:
    columns = select(InfluencerVoice.voice_id, InfluencerVoice.speed).where(InfluencerVoice.influencer_id == influencer_id)
    voice_id, speed = tx.execute(columns.with_for_update()).first() or (None, 1.0)
    return {"voice_id": voice_id, "speed": speed}


def _choose(tx: Session, influencer_id: str, values: Values) -> None:
    service.choose(tx, influencer_id, values["voice_id"], speed=values["speed"])


def _read_pronunciation(tx: Session, written: str) -> Values | None:
    """`written`: the word, in any case; an entry has no other name that stays when it is removed and set again."""
    same = func.lower(LexiconEntry.written) == func.lower(written)
    row = tx.execute(select(LexiconEntry.written, LexiconEntry.spoken).where(same).with_for_update()).first()
    return None if row is None else {"written": row.written, "spoken": row.spoken}


def _set_pronunciation(tx: Session, _: str, values: Values) -> None:
    service.set_pronunciation(tx, values["written"], values["spoken"])


def _remove_pronunciation(tx: Session, written: str) -> None:
    same = func.lower(LexiconEntry.written) == func.lower(written)
    service.remove_pronunciation(tx, tx.scalars(select(LexiconEntry.id).where(same)).one())


def register_parts() -> None:
    undo.register(undo.Part("influencer.voice", read=_read_voice, write=_choose))
    undo.register(
        undo.Part(
            "lexicon.entry",
            read=_read_pronunciation,
            write=_set_pronunciation,
            create=_set_pronunciation,
            remove=_remove_pronunciation,
        )
    )

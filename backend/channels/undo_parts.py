"""What of channels can be undone."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend import undo
from backend.channels import service
from backend.db.tables import Channel
from backend.undo import Values

_IS_THERE = Channel.deleted_at.is_(None)


def _switch(tx: Session, channel_id: str, values: Values) -> None:
    service.switch(tx, channel_id, on=values["state"] == "connected")


def _set_defaults(tx: Session, channel_id: str, values: Values) -> None:
    settings = values["settings"]
    service.save_settings(tx, channel_id, privacy=settings.get("privacy") or "", made_for_kids=settings.get("made_for_kids"))


def register_parts() -> None:
    undo.register(undo.Part("channel.on", read=undo.columns(Channel, "state", where=_IS_THERE), write=_switch))
    undo.register(
        undo.Part(
            "channel.name",
            read=undo.columns(Channel, "name", where=_IS_THERE),
            write=lambda tx, channel_id, values: service.rename(tx, channel_id, values["name"]),
        )
    )
    undo.register(undo.Part("channel.defaults", read=undo.columns(Channel, "settings", where=_IS_THERE), write=_set_defaults))

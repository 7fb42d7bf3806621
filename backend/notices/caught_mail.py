"""E-mails that the mail catcher of `make run` kept instead of sending them."""

from __future__ import annotations

import email
import email.policy
from dataclasses import dataclass
from pathlib import Path

from backend.settings import Settings

MAX_SHOWN = 50


@dataclass(frozen=True, slots=True)
class CaughtEmail:
    """`text`: the plain part; `source`: the whole message as it was sent; `filename`: of an .eml file."""

    filename: str
    recipient: str
    subject: str
    date: str
    text: str
    source: bytes


def caught_emails(settings: Settings) -> list[CaughtEmail]:
    """The newest, newest first; empty without a mail catcher. For operators: they hold everybody's e-mails."""
    if not settings.notices.mail_folder:
        return []
    paths = sorted(Path(settings.notices.mail_folder).glob("*.eml"), reverse=True)[:MAX_SHOWN]
    return [_read(path) for path in paths]


def _read(path: Path) -> CaughtEmail:
    source = path.read_bytes()
    message = email.message_from_bytes(source, policy=email.policy.default)
    plain = message.get_body(("plain",))
    text = str(plain.get_content()) if plain is not None else ""
    return CaughtEmail(path.name, str(message["To"]), str(message["Subject"]), str(message["Date"]), text, source)

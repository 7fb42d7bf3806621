"""iCalendar (RFC 5545) of posts. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

_LINE_BYTES = 75
"""Longer lines are folded (RFC 5545, 3.1)."""


@dataclass(frozen=True, slots=True)
class IcalEvent:
    """`at`: aware. `confirmed`: it will go out, or did; else it is shown as tentative."""

    uid: str
    at: datetime
    minutes: int
    title: str
    description: str
    url: str
    confirmed: bool
    revision: int
    categories: Sequence[str] = ()


def calendar_text(name: str, events: Iterable[IcalEvent], *, at: datetime, refresh_hours: int = 1) -> str:
    """A calendar of these events. `at`: when it is made. `refresh_hours`: how often programs should read it again."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//InfluencerAI Studio//Calendar//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_escaped(name)}",
        f"REFRESH-INTERVAL;VALUE=DURATION:PT{refresh_hours}H",
        f"X-PUBLISHED-TTL:PT{refresh_hours}H",
    ]
    for event in events:
        lines += _event_lines(event, at)
    lines.append("END:VCALENDAR")
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _event_lines(event: IcalEvent, at: datetime) -> list[str]:
    lines = [
        "BEGIN:VEVENT",
        f"UID:{_escaped(event.uid)}",
        f"DTSTAMP:{_utc(at)}",
        f"DTSTART:{_utc(event.at)}",
        f"DURATION:PT{event.minutes}M",
        f"SEQUENCE:{event.revision}",
        f"SUMMARY:{_escaped(event.title)}",
        f"DESCRIPTION:{_escaped(event.description)}",
        f"URL:{event.url}",
        f"STATUS:{'CONFIRMED' if event.confirmed else 'TENTATIVE'}",
        "TRANSP:TRANSPARENT",
    ]
    if event.categories:
        lines.append(f"CATEGORIES:{','.join(map(_escaped, event.categories))}")
    return [*lines, "END:VEVENT"]


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _escaped(text: str) -> str:
    text = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return text.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "\\n")


def _folded(line: str) -> str:
    """The line in pieces of at most _LINE_BYTES bytes of UTF-8; each but the first begins with a space. No character is cut."""
    pieces, piece, size = list[str](), "", 0
    for character in line:
        width = len(character.encode())
        if size + width > _LINE_BYTES:
            pieces.append(piece)
            piece, size = " ", 1
        piece += character
        size += width
    return "\r\n".join([*pieces, piece])

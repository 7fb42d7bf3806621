"""Formats figures, times and addresses for whoever reads the page."""

from __future__ import annotations

import html
import re
from datetime import UTC, date, datetime, time
from decimal import Decimal
from urllib.parse import quote
from zoneinfo import ZoneInfo

from babel.numbers import format_currency

from backend.language import reader, tr, tr_lazy, worded
from backend.language.moments import written
from backend.language.templates import filled

STATE_LABELS = {
    "pending": tr_lazy("Waiting"),
    "processing": tr_lazy("Running"),
    "completed": tr_lazy("Done"),
    "failed": tr_lazy("Failed"),
    "cancelled": tr_lazy("Cancelled"),
}
STATE_COLORS = {"pending": "gray", "processing": "blue", "completed": "green", "failed": "red", "cancelled": "gray"}


def media_url(tenant_id: str, asset_id: str, *, w: int | None = None, download: bool = False) -> str:
    """Root-relative address of an asset; `w` asks for the thumbnail of that width (160, 320, 640)."""
    query = "&".join(part for part in (f"w={w}" if w else "", "download=1" if download else "") if part)
    address = "/".join(quote(part, safe="") for part in (tenant_id, asset_id))
    return f"/api/media/{address}" + (f"?{query}" if query else "")


def avatar_url(tenant_id: str, user_id: str, avatar_id: str) -> str:
    """Root-relative address of a member's picture; "" when they have none."""
    query = f"workspace={quote(tenant_id, safe='')}&v={quote(avatar_id, safe='')}"
    return f"/api/members/{quote(user_id, safe='')}/avatar?{query}" if avatar_id else ""


def count(n: int, singular: str, plural: str = "") -> str:
    """“1 picture”, “1,200 pictures”."""
    return f"{n:,} {singular if n == 1 else plural or singular + 's'}"


def size(n: int) -> str:
    """Bytes for people, powers of 1024."""
    value, units = float(n), ["B", "KB", "MB", "GB", "TB"]
    while value >= 1024 and len(units) > 1:
        value /= 1024
        units.pop(0)
    return number(value, "" if units[0] in ("B", "KB") else ".1") + f" {units[0]}"


def number(value: float, places: str = "") -> str:
    """A figure with the signs of the reader's language: 1,200 or 1.200; `places` ".1": one decimal place."""
    return filled(f"{{value:,{places or '.0'}f}}", {"value": value}, reader().language)


def percent(share: float) -> str:
    """“82%” of 0.829: rounded down, as in sentences."""
    return filled("{share:.0%}", {"share": share}, reader().language)


def duration(seconds: float) -> str:
    s = round(seconds)
    if s < 60:
        return f"{max(s, 1)} s"
    if s < 3600:
        return f"{s // 60} min {s % 60} s" if s < 600 else f"{round(s / 60)} min"
    return f"{s // 3600} h {s % 3600 // 60} min"


def estimated_duration(seconds: float, load_s: float = 0.0) -> str:
    """“about 14 s, of which 8 s to load the model”. `load_s` is left out below one second."""
    if load_s >= 1:
        return tr("about {time}, of which {load_time} to load the model", time=duration(seconds), load_time=duration(load_s))
    return tr("about {time}", time=duration(seconds))


def ago(at: datetime, *, now: datetime | None = None) -> str:
    """“just now”, “5 min ago”, “yesterday”, then the date."""
    seconds = ((now or datetime.now(UTC)) - at).total_seconds()
    if seconds < 60:
        return tr("just now")
    if seconds < 3600:
        return tr("{n} min ago", n=int(seconds // 60))
    if seconds < 86_400:
        return tr("{n} h ago", n=int(seconds // 3600))
    days = int(seconds // 86_400)
    return tr("yesterday") if days == 1 else tr("{n} days ago", n=days) if days < 14 else date_text(at)


def clock_time(at: datetime, zone: str, *, now: datetime | None = None) -> str:
    """“14:20”, “tomorrow 02:00”, “24 Nov 02:00” in the time zone `zone`."""
    local, today = at.astimezone(ZoneInfo(zone)), (now or datetime.now(UTC)).astimezone(ZoneInfo(zone)).date()
    days = (local.date() - today).days
    if days == 0:
        return time_text(local)
    return tr("tomorrow {time}", time=time_text(local)) if days == 1 else f"{day_text(local)} {time_text(local)}"


def date_text(at: date) -> str:
    """“24 Nov 2026” of a date, or of an instant in the reader's time zone."""
    return written(_in_readers_zone(at) if isinstance(at, datetime) else at, "date")


def day_text(at: date) -> str:
    """“24 Nov”"""
    return written(at, "day")


def weekday_text(at: date) -> str:
    """“Tue 24 Nov”"""
    return written(at, "weekday")


def time_text(at: datetime | time) -> str:
    """“14:20”, or “2:20 PM” for who reads hours so. No time zone is changed."""
    return written(at, "time")


def log_time_text(at: datetime) -> str:
    """“14:20:05” in the reader's time zone."""
    return written(_in_readers_zone(at), "seconds")


def moment_text(at: datetime) -> str:
    """“Tue 24 Nov, 14:20”. No time zone is changed."""
    return written(at, "moment")


def date_time_text(at: datetime) -> str:
    """“24 Nov 2026, 14:20” of an instant, in the reader's time zone."""
    return f"{date_text(at)}, {time_text(_in_readers_zone(at))}"


def _in_readers_zone(at: datetime) -> datetime:
    return at.astimezone(ZoneInfo(reader().zone or "UTC"))


def state_badge(state: str, *, dead_letter: bool = False) -> str:
    """A job's state as Streamlit markdown."""
    word = tr("Needs attention") if dead_letter else worded(STATE_LABELS.get(state, state))
    return f":{STATE_COLORS.get(state, 'gray')}-badge[{word}]"


def plain(text: str) -> str:
    """Escapes a user's text for Streamlit markdown, so that it is shown character by character."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]()#+-.!|<>~$:" else c for c in text.replace("\n", " "))


def esc(text: str) -> str:
    """Escapes a user's text for our HTML, attributes included."""
    return html.escape(text, quote=True)


def lines(text: str) -> tuple[str, ...]:
    """The lines of a text area, without empty ones."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def paragraphs(text: str) -> tuple[str, ...]:
    """The parts of a text area that empty lines separate, with their own line breaks."""
    return tuple(part.strip() for part in re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n")) if part.strip())


def usd(amount: Decimal) -> str:
    """“$12.30”; below a cent with four places: “$0.0031”; “12,30 $” in Italian; “≈ €11.32” for who has chosen another
    currency."""
    if amount == 0 or amount >= Decimal("0.01"):
        return _dollars(amount, 2)
    return _dollars(amount, 4) if amount >= Decimal("0.0001") else tr("under {amount}", amount=_dollars(Decimal("0.0001"), 4))


def _dollars(amount: Decimal, places: int) -> str:
    if (person := reader()).currency:
        value = float(amount) * person.rate
        pattern = f"¤#,##0.{'0' * places}" if person.language == "en" else f"#,##0.{'0' * places} ¤"
        return f"≈ {format_currency(value, person.currency, pattern, locale=person.language, currency_digits=False)}"
    text = number(float(amount), f".{places}")
    return f"${text}" if reader().language == "en" else f"{text} $"

"""Formats figures, times and addresses for people. Pure."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import quote
from zoneinfo import ZoneInfo

STATE_LABELS = {
    "pending": "Waiting",
    "processing": "Running",
    "completed": "Done",
    "failed": "Failed",
    "cancelled": "Cancelled",
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
    return f"{value:.0f} {units[0]}" if units[0] in ("B", "KB") else f"{value:.1f} {units[0]}"


def duration(seconds: float) -> str:
    s = round(seconds)
    if s < 60:
        return f"{max(s, 1)} s"
    if s < 3600:
        return f"{s // 60} min {s % 60} s" if s < 600 else f"{round(s / 60)} min"
    return f"{s // 3600} h {s % 3600 // 60} min"


def estimated_duration(seconds: float, load_s: float = 0.0) -> str:
    """“about 14 s, of which 8 s to load the model”. `load_s` is left out below one second."""
    loading = f", of which {duration(load_s)} to load the model" if load_s >= 1 else ""
    return f"about {duration(seconds)}{loading}"


def ago(at: datetime, *, now: datetime | None = None) -> str:
    """“just now”, “5 min ago”, “yesterday”, then the date."""
    seconds = ((now or datetime.now(UTC)) - at).total_seconds()
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{int(seconds // 60)} min ago"
    if seconds < 86_400:
        return f"{int(seconds // 3600)} h ago"
    days = int(seconds // 86_400)
    return "yesterday" if days == 1 else f"{days} days ago" if days < 14 else f"{at:%-d %b %Y}"


def clock_time(at: datetime, zone: str, *, now: datetime | None = None) -> str:
    """“14:20”, “tomorrow 02:00”, “24 Nov 02:00” in the time zone `zone`."""
    local, today = at.astimezone(ZoneInfo(zone)), (now or datetime.now(UTC)).astimezone(ZoneInfo(zone)).date()
    days = (local.date() - today).days
    return f"{local:%H:%M}" if days == 0 else f"tomorrow {local:%H:%M}" if days == 1 else f"{local:%-d %b %H:%M}"


def state_badge(state: str, *, dead_letter: bool = False) -> str:
    """A job's state as Streamlit markdown."""
    word = "Needs a look" if dead_letter else STATE_LABELS.get(state, state)
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
    """“$12.30”; below a cent with four places: “$0.0031”."""
    if amount == 0 or amount >= Decimal("0.01"):
        return f"${amount:,.2f}"
    return f"${amount:.4f}" if amount >= Decimal("0.0001") else "under $0.0001"

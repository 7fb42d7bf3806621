"""Who is looking at this page: the cookie's token, checked in Postgres on every run."""

from __future__ import annotations

from urllib.parse import urlsplit

import streamlit as st

from backend import accounts
from backend.db.transactions import Anonymous
from studio.shell import resources

COOKIE = "studio_sid"
DEVICE_COOKIE = "studio_device"


def token() -> str:
    """Of the browser that opened this tab. The cookie is read when the tab connects; whether it still counts, Postgres says."""
    value = st.context.cookies.get(COOKIE)
    return value if isinstance(value, str) else ""


def device(user_id: str) -> str:
    """The id of this browser when that person has signed in here before, else ""."""
    value = st.context.cookies.get(DEVICE_COOKIE)
    return accounts.devices.recognise(resources.app().settings, value if isinstance(value, str) else "", user_id)


def current() -> accounts.SessionInfo | None:
    """The person, or None for a stranger. Raises Unavailable."""
    with resources.app().db.transaction(Anonymous()) as tx:
        return accounts.resolve_session(tx, token())


def address() -> str:
    """The visitor's network address; empty on the studio's own machine."""
    found = st.context.ip_address
    return found if isinstance(found, str) else ""


def user_agent() -> str:
    found = st.context.headers.get("user-agent")
    return found if isinstance(found, str) else ""


def origin() -> str:
    """Where people reach the studio, for links they pass on: PUBLIC_URL, else what this browser's address bar says."""
    settings = resources.app().settings
    shown = urlsplit(st.context.url) if isinstance(st.context.url, str) else None
    if settings.public_url or shown is None or not shown.netloc:
        return settings.base_url
    return f"{shown.scheme}://{shown.netloc}"

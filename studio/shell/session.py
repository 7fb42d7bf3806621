"""The session of the user who looks at this page: the cookie's token, checked in Postgres on every run."""

from __future__ import annotations

from urllib.parse import urlsplit

import streamlit as st

from backend import accounts
from backend.db.transactions import Anonymous, Origin
from studio.shell import resources

COOKIE = "studio_sid"
DEVICE_COOKIE = "studio_device"


def token() -> str:
    """The cookie of the browser that opened this tab, read when the tab connected; Postgres says whether it is still valid."""
    value = st.context.cookies.get(COOKIE)
    return value if isinstance(value, str) else ""


def device(user_id: str) -> str:
    """The id of this browser if that user has signed in here before, else ""."""
    value = st.context.cookies.get(DEVICE_COOKIE)
    return accounts.devices.recognise(resources.app().settings, value if isinstance(value, str) else "", user_id)


def current() -> accounts.SessionInfo | None:
    """The signed-in user with their workspaces; None when nobody is signed in. Raises Unavailable."""
    with resources.app().db.transaction(Anonymous()) as tx:
        return accounts.resolve_session(tx, token())


def address() -> str:
    """The visitor's network address; empty on the studio's own machine."""
    ip_address = st.context.ip_address
    return ip_address if isinstance(ip_address, str) else ""


def user_agent() -> str:
    header = st.context.headers.get("user-agent")
    return header if isinstance(header, str) else ""


def request_origin() -> Origin:
    """What the audit log says of where this visitor acts."""
    return Origin("page", address(), user_agent())


def origin() -> str:
    """The studio's address for links that users pass on: PUBLIC_URL, else the origin in this browser's address bar."""
    settings = resources.app().settings
    current_url = urlsplit(st.context.url) if isinstance(st.context.url, str) else None
    if settings.web.public_url or current_url is None or not current_url.netloc:
        return settings.web.base_url
    return f"{current_url.scheme}://{current_url.netloc}"

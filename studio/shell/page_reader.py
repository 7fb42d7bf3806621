"""For whom a page is worded: the person's own settings, else what their browser says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from backend import accounts
from backend.accounts import ReadingSettings
from backend.language import LANGUAGES, Reader, set_resolver
from studio.shell.reader_script import reader_script

_KEY = "_reader"


def set_reader(settings: ReadingSettings, *, rates: Mapping[str, float]) -> None:
    """Everything that this page draws from now on, in its callbacks and fragments too, is worded for this person. `rates`:
    currency -> what a US dollar is in it; a currency without one is not shown."""
    reader = replace(
        accounts.as_reader(replace(settings, language=settings.language or browser_language())),
        zone=settings.zone or browser_zone(),
        currency=settings.currency if settings.currency in rates else "",
        rate=rates.get(settings.currency, 1.0),
    )
    if st.session_state.get(_KEY) != reader:
        st.session_state[_KEY] = reader


def tell_browser(settings: ReadingSettings | None) -> None:
    """The page's language and theme; drawn once a run. None: of a visitor, whose theme stays as it is."""
    if settings is None:
        reader_script(language=browser_language(), theme=None)
    else:
        reader_script(language=settings.language or browser_language(), theme=settings.theme)


def browser_language() -> str:
    """The language of LANGUAGES that the browser asks for; English for every other."""
    language = _browser_text(st.context.locale).replace("_", "-").partition("-")[0].lower()
    return language if language in LANGUAGES else "en"


def browser_zone() -> str:
    """IANA name; "" where the browser does not say."""
    return _browser_text(st.context.timezone)


def _browser_text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _of_this_page() -> Reader | None:
    if get_script_run_ctx(suppress_warning=True) is None:
        return None
    reader = st.session_state.get(_KEY)
    return reader if isinstance(reader, Reader) else None


set_resolver(_of_this_page)

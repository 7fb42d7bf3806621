"""How a person reads the studio: language, time zone, dates, hours, week, currency, theme."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import streamlit as st

from backend import accounts, influencers
from backend.language import LANGUAGES, reader, reading, tr, tr_lazy, worded
from studio.shell import page_reader
from studio.shell.frame import Page
from studio.ui.format import date_text, time_text
from studio.ui.notices import queue_toast

_THEMES = {"": tr_lazy("System"), "light": tr_lazy("Light"), "dark": tr_lazy("Dark")}
_SAVED, _SAVED_HERE = "saved", "_theme_saved"
"""In the address after another theme was saved, for which the browser loads the page again; in the session before that."""
_WEEKDAYS = {"": tr_lazy("Monday"), "sun": tr_lazy("Sunday"), "sat": tr_lazy("Saturday")}


def form(page: Page) -> None:
    """What is left at its first choice follows the browser."""
    _tell_after_reload()
    own = page.user.reading
    rates = dict(page.app.settings.budgets.exchange_rates)
    with st.form("language-and-region"):
        st.header(tr("Language and region"))
        left, right = st.columns(2)
        language = left.selectbox(
            tr("Language"), ["", *LANGUAGES], _index(["", *LANGUAGES], own.language), format_func=_language
        )
        zones = ["", *influencers.time_zones()]
        zone = right.selectbox(tr("Time zone"), zones, _index(zones, own.zone), format_func=_zone)
        styles = ["", "mdy", "iso"]
        date_style = left.selectbox(tr("Dates"), styles, _index(styles, own.date_style), format_func=_date_example)
        hours = right.selectbox(tr("Hours"), ["", "12"], _index(["", "12"], own.hours), format_func=_time_example)
        week_start = left.selectbox(
            tr("Weeks start on"), list(_WEEKDAYS), _index(list(_WEEKDAYS), own.week_start), format_func=_weekday
        )
        currency = _currency(right, own.currency, rates) if rates else own.currency
        theme = st.segmented_control(
            tr("Theme"), list(_THEMES), format_func=lambda key: worded(_THEMES[key]), default=own.theme, required=True
        )
        pressed = st.form_submit_button(tr("Save language and region"))
    if pressed:
        changed = replace(
            own,
            language=language,
            zone=zone,
            date_style=date_style,
            hours=hours,
            week_start=week_start,
            currency=currency,
            theme=theme or "",
        )
        with page.transaction() as tx:
            accounts.set_reading(tx, changed)
        page_reader.set_reader(changed, rates=rates)
        if changed.theme == own.theme:
            queue_toast(tr("Your language and region are saved."))
        else:
            st.session_state[_SAVED_HERE] = st.query_params[_SAVED] = "yes"
        st.rerun()


def _tell_after_reload() -> None:
    if _SAVED in st.query_params and _SAVED_HERE not in st.session_state:
        del st.query_params[_SAVED]
        st.toast(tr("Your language and region are saved."), icon=":material/check:")


def _index(options: list[str], value: str) -> int:
    return options.index(value) if value in options else 0


def _language(key: str) -> str:
    return LANGUAGES[key] if key else tr("As the browser ({language})", language=LANGUAGES[page_reader.browser_language()])


def _zone(key: str) -> str:
    return key.replace("_", " ") if key else tr("As the browser ({zone})", zone=page_reader.browser_zone() or "UTC")


def _date_example(key: str) -> str:
    with reading(replace(reader(), date_style=key)):
        return date_text(datetime.now(UTC))


def _time_example(key: str) -> str:
    with reading(replace(reader(), hours=int(key or 24))):
        return time_text(datetime(2026, 1, 1, 18, 30, tzinfo=UTC))


def _weekday(key: str) -> str:
    return worded(_WEEKDAYS[key])


def _currency(column: st.delta_generator.DeltaGenerator, own: str, rates: Mapping[str, float]) -> str:
    options = ["", *rates]
    return column.selectbox(
        tr("Costs are shown in"),
        options,
        _index(options, own),
        format_func=lambda key: key or "USD",
        help=tr("Prices are in US dollars; other currencies use the rate that this server's operator has set."),
    )

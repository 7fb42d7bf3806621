"""The catalogue of events, and the choice among them."""

from __future__ import annotations

import json

import streamlit as st

from backend import webhooks
from backend.language import tr, tr_lazy, worded

_CHOICES = {"all": tr_lazy("All events"), "chosen": tr_lazy("Choose events")}


def event_filter(key: str, event_types: tuple[str, ...]) -> tuple[str, ...] | None:
    """What an endpoint is told of; empty: everything, None: nothing is chosen yet. `event_types`: as it is now."""
    choice = st.segmented_control(
        tr("Events"),
        list(_CHOICES),
        default="chosen" if event_types else "all",
        format_func=lambda name: worded(_CHOICES[name]),
        required=True,
        key=f"{key}:all",
    )
    if choice == "all":
        return ()
    groups = [f"{family}.*" for family in webhooks.FAMILIES]
    options = [*groups, *webhooks.EVENT_TYPES, *(name for name in event_types if name not in webhooks.EVENT_TYPES)]
    chosen = st.multiselect(
        tr("Which"),
        list(dict.fromkeys(options)),
        default=list(event_types),
        format_func=event_label,
        key=f"{key}:types",
        placeholder=tr("post.published, all of job, …"),
    )
    if not chosen:
        st.caption(tr("Choose at least one."))
    return tuple(chosen) or None


def event_label(name: str) -> str:
    family, _, rest = name.partition(".")
    return tr("all of {family}", family=family) if rest == "*" else name


def show() -> None:
    with st.expander(tr("What each event sends"), icon=":material/menu_book:"):
        name = st.selectbox(
            tr("Event"),
            list(webhooks.EVENT_TYPES),
            format_func=lambda kind: f"{kind}: {worded(webhooks.EVENT_TYPES[kind].description)}",
            key="webhooks:sample",
        )
        sample = json.loads(webhooks.sample_body(webhooks.EVENT_TYPES[name]))
        st.code(json.dumps(sample, indent=2, ensure_ascii=False), language="json")
        st.caption(tr("Messages hold ids; get the rest from the API. They may arrive out of order: compare `position`."))

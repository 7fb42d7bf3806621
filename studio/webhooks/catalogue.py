"""The catalogue of events, and the choice among them."""

from __future__ import annotations

import json

import streamlit as st

from backend import webhooks

_ALL = "Everything"
_CHOSEN = "Choose events"


def event_filter(key: str, event_types: tuple[str, ...]) -> tuple[str, ...] | None:
    """What an endpoint is told of; empty: everything, None: nothing is chosen yet. `event_types`: as it is now."""
    choice = st.segmented_control(
        "Events", [_ALL, _CHOSEN], default=_CHOSEN if event_types else _ALL, required=True, key=f"{key}:all"
    )
    if choice == _ALL:
        return ()
    groups = [f"{family}.*" for family in webhooks.FAMILIES]
    options = [*groups, *webhooks.EVENT_TYPES, *(name for name in event_types if name not in webhooks.EVENT_TYPES)]
    chosen = st.multiselect(
        "Which",
        list(dict.fromkeys(options)),
        default=list(event_types),
        format_func=event_label,
        key=f"{key}:types",
        placeholder="post.published, all of job, …",
    )
    if not chosen:
        st.caption("Choose one at least.")
    return tuple(chosen) or None


def event_label(name: str) -> str:
    family, _, rest = name.partition(".")
    return f"all of {family}" if rest == "*" else name


def show() -> None:
    with st.expander("What each event says", icon=":material/menu_book:"):
        name = st.selectbox(
            "Event",
            list(webhooks.EVENT_TYPES),
            format_func=lambda kind: f"{kind}: {webhooks.EVENT_TYPES[kind].description}",
            key="webhooks:sample",
        )
        sample = json.loads(webhooks.sample_body(webhooks.EVENT_TYPES[name]))
        st.code(json.dumps(sample, indent=2, ensure_ascii=False), language="json")
        st.caption("Bodies hold ids. Ask the API for more. Order is not promised: compare `position`.")

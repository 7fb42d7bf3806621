"""Bulk edits of captions: choose an edit, preview it, apply it. It can be undone in the list of changes."""

from __future__ import annotations

import streamlit as st

from backend import datasets
from backend.datasets import CaptionEdit, ImageFilter
from studio.shell.frame import Page
from studio.ui.format import count, plain
from studio.ui.request_key import renew_request_key, request_key

VERBS = {
    "replace": "Find and replace", "prefix": "Put in front", "suffix": "Add at the end", "remove": "Remove a tag",
    "cut": "Take out words", "trigger": "Put the trigger word in front", "tidy": "Tidy commas and repeated tags",
}  # fmt: skip
SHOWN = 6


def bulk_captions(page: Page, dataset_id: str, only: ImageFilter, text: str) -> None:
    """Draws the form. The edit applies to the captions that match the filters `only` and `text`."""
    slot = f"bulk:{dataset_id}"
    verb_key = f"{slot}:verb"
    st.session_state.setdefault(verb_key, "replace")
    with st.expander("Change many captions", icon=":material/edit_note:", key=f"{slot}:box", on_change="rerun"):
        verb = st.selectbox("What to do", list(VERBS), format_func=VERBS.__getitem__, key=verb_key)
        find = replacement = ""
        with st.container(horizontal=True):
            if verb in ("replace", "remove", "cut"):
                find = st.text_input("Find", key=f"{slot}:find", max_chars=500)
            if verb in ("replace", "prefix", "suffix"):
                label = "Replace with" if verb == "replace" else "Words to add"
                replacement = st.text_input(label, key=f"{slot}:put", max_chars=500)
        ready = verb in ("trigger", "tidy") or (find.strip() if verb in ("replace", "remove", "cut") else replacement.strip())
        if ready:
            with page.guard():
                _preview(page, dataset_id, CaptionEdit(verb=verb, find=find, put=replacement), only, text)


def prefill_bulk_edit(dataset_id: str, verb: str, find: str) -> None:
    """Opens the form with this edit filled in, so that it is previewed before anything changes."""
    slot = f"bulk:{dataset_id}"
    st.session_state.update({f"{slot}:verb": verb, f"{slot}:find": find, f"{slot}:box": True})


def _preview(page: Page, dataset_id: str, edit: CaptionEdit, only: ImageFilter, text: str) -> None:
    with page.transaction() as tx:
        ids = datasets.matching_ids(tx, dataset_id, only, text=text) if only or text else []
        changes = [] if (only or text) and not ids else datasets.preview_captions(tx, dataset_id, edit, image_ids=ids)
    if not changes:
        st.caption("No caption would change.")
        return
    for change in changes[:SHOWN]:
        st.markdown(
            f":small[{plain(change.filename)}]  \n~~{plain(change.before) or ' '}~~  \n{plain(change.after) or '*empty*'}"
        )
    if len(changes) > SHOWN:
        st.caption(f"and {len(changes) - SHOWN:,} more")
    if st.button(f"Change {count(len(changes), 'caption')}", type="primary", key=f"bulk:{dataset_id}:go"):
        with page.transaction(needs="editor") as tx:
            image_ids = [change.image_id for change in changes]
            datasets.edit_captions(tx, dataset_id, edit, image_ids=image_ids, request_key=request_key("captions:bulk"))
        renew_request_key("captions:bulk")
        st.rerun()

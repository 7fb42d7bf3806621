"""“Create post”: from pictures, a video, a text or words to a draft in the composer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from backend import content_plans
from backend.content_plans import PostSource
from backend.errors import StudioError
from backend.language import tr, tr_lazy, worded
from studio.content_plans import composer
from studio.shell.frame import Page
from studio.ui.format import plain
from studio.ui.forms import renew_request_key, request_key

ICON = ":material/calendar_add_on:"
_LABEL = tr_lazy("Create post")
_HELP = tr_lazy("A draft with this, at the next free time")


def create_post_button(page: Page, source: PostSource, *, key: str, label: str = _LABEL, **options: Any) -> None:
    """Editors only. `options`: of st.button."""
    if page.can_edit and st.button(worded(label), icon=ICON, key=f"create-post:{key}", help=worded(_HELP), **options):
        create_post(page, source)


def create_post_from_pictures(page: Page, picture_ids: Sequence[str]) -> None:
    """For pictures chosen in a grid, in their order."""
    create_post(page, PostSource(picture_ids=tuple(picture_ids)))


def create_post(page: Page, source: PostSource) -> None:
    """Makes the draft and opens it. Asks whose post it is where nothing says so; a StudioError becomes a sentence."""
    with page.guard():
        with page.transaction(needs="editor") as tx:
            influencer_id = content_plans.influencer_of_source(tx, source) or page.influencer_id
        if influencer_id:
            _open(page, source.model_copy(update={"influencer_id": influencer_id}))
        elif page.influencer_names:
            _whose_post(page, source)
        else:
            st.toast(tr("A post needs an influencer. Create one first."), icon=":material/person_add:")


def _whose_post(page: Page, source: PostSource) -> None:
    st.dialog(tr("Whose post?"), icon=ICON)(_whose_post_body)(page, source)


def _whose_post_body(page: Page, source: PostSource) -> None:
    st.markdown(tr("None of this belongs to an influencer yet."))
    for influencer_id, name in page.influencer_names.items():
        if st.button(plain(name), key=f"create-post:for:{influencer_id}", width="stretch"):
            try:
                _open(page, source.model_copy(update={"influencer_id": influencer_id}))
            except StudioError as error:
                st.error(plain(worded(error.message)), icon=":material/error:")


def _open(page: Page, source: PostSource) -> None:
    form = f"create-post:{hash(source.model_dump_json())}"
    with page.transaction(needs="editor") as tx:
        card = content_plans.create_from(tx, source, request_key=request_key(form))
    renew_request_key(form)
    composer.open_page(page, card.id)

"""The sample influencer on pages: added with a click, removed with a click."""

from __future__ import annotations

from functools import partial

import streamlit as st

from backend import influencers, onboarding
from backend.errors import StudioError
from backend.language import tr, tr_lazy, tr_plural, worded
from studio.shell.frame import Page
from studio.ui.buttons import confirm
from studio.ui.format import plain
from studio.ui.notices import queue_toast


def add_button(page: Page, *, key: str, label: str = tr_lazy("Add a sample influencer")) -> None:
    """For editors: adds the sample and opens its page."""
    if page.can_edit and st.button(
        worded(label),
        icon=":material/toys:",
        key=f"sample:add:{key}",
        help=tr("With pictures, texts and a month of posts, to try everything. It posts on a practice channel only."),
    ):
        _add(page)


def _add(page: Page) -> None:
    zone = st.context.timezone
    time_zone = zone if isinstance(zone, str) and zone in influencers.time_zones() else "UTC"
    # Not the page's own, which would offer to undo the last of many steps
    transaction = partial(page.app.db.transaction, page.caller, needs="editor")
    try:
        with st.spinner(tr("Adding the sample …"), show_time=False):
            sample = onboarding.add_sample(transaction, page.app.storage, time_zone=time_zone)
    except StudioError as error:
        st.toast(plain(worded(error.message)), icon=":material/error:")
        return
    page.go("influencers/influencers", id=sample.id)


def remove_button(page: Page) -> None:
    """For editors, on the page of the sample. Asks only where people have made something with it."""
    if not st.button(tr("Remove the sample"), icon=":material/delete:", key="sample:remove", help=tr("With everything in it")):
        return
    with page.transaction() as tx:
        own_work = onboarding.count_own_work(tx)
    if own_work:
        confirm(
            tr("Remove the sample?"),
            tr_plural(
                "{n:,} thing that you made with it (post, picture, video or text) will be deleted for good too.",
                "{n:,} things that you made with it (posts, pictures, videos, texts) will be deleted for good too.",
                own_work,
            ),
            action=tr("Remove it"),
            act=partial(_remove, page),
        )
        return
    try:
        _remove(page)
    except StudioError as error:
        st.toast(plain(worded(error.message)), icon=":material/error:")
        return
    page.go("influencers/influencers")


def _remove(page: Page) -> None:
    with page.transaction(needs="editor") as tx:
        onboarding.remove_sample(tx)
    queue_toast(tr("The sample was removed, with its pictures, posts and channel."))
    st.query_params.pop("id", None)

"""A reel from a topic: what the script costs, the job that writes it, and the storyboard when it is written."""

from __future__ import annotations

import streamlit as st

from backend import budgets, jobs, reels
from backend.language import tr, worded
from backend.reels import ReelCard, TopicOrder
from backend.writing import DraftCard
from studio.jobs.jobs import follow
from studio.shell.frame import Page
from studio.ui.format import plain, usd
from studio.ui.forms import renew_request_key, request_key, submit_once
from studio.ui.notices import queue_toast

_JOB = "reels:script-job"


def write_button(page: Page, topic: str, seconds: int, influencer_id: str, format_name: str) -> None:
    """The button, with what the script costs at most."""
    pressed = st.button(tr("Write the script"), type="primary", icon=":material/edit_note:", disabled=not influencer_id)
    if not influencer_id:
        st.caption(tr("Somebody has to speak: create an influencer first."))
        return
    if topic.strip():
        _cost(page, TopicOrder(influencer_id=influencer_id, topic=topic, seconds=seconds, format=format_name))
    if pressed:
        with page.guard():
            order = TopicOrder(influencer_id=influencer_id, topic=topic, seconds=seconds, format=format_name)
            form = f"reels:topic:{hash(order.model_dump_json())}"
            with page.transaction(needs="editor") as tx:
                job = reels.start_script(tx, order, request_key=request_key(form))
            renew_request_key(form)
            st.session_state[_JOB] = job.id
            st.rerun()  # it is followed above the form


def progress(page: Page) -> None:
    """Follows the script that was ordered here, and opens its reel when it is written."""
    job_id = st.session_state.get(_JOB)
    if not job_id:
        return
    with page.transaction() as tx:
        job = jobs.get(tx, job_id)
    if follow(page, job, key="reels:script") or job.state == "failed":
        return
    del st.session_state[_JOB]
    if job.result:
        page.go("create/reels", id=job.result["reelId"])


def make_reel_button(page: Page, text: DraftCard, *, key: str) -> None:
    """Editors only. Of an idea the script is written first, of a text its own words are said."""
    if not page.can_edit or not st.button(tr("Make reel"), icon=":material/smart_display:", key=f"make-reel:{key}"):
        return
    with page.guard():
        if text.is_idea:
            order = TopicOrder(influencer_id=text.influencer_id, topic=text.topic, hook=text.parts.hook)
            with page.transaction(needs="editor") as tx:
                job = reels.start_script(tx, order, request_key=f"make-reel:{text.id}:{text.version}")
            st.session_state[_JOB] = job.id
            page.go("create/reels")
        card, sentence = submit_once(f"make-reel:{text.id}", text.version, lambda: _write_reel(page, text.id))
        if sentence:
            queue_toast(plain(worded(sentence)), ":material/voice_over_off:")
        page.go("create/reels", id=card.id)


def _write_reel(page: Page, text_id: str) -> tuple[ReelCard, str]:
    with page.transaction(needs="editor") as tx:
        return reels.create_from_text(page.app, tx, text_id)


def _cost(page: Page, order: TopicOrder) -> None:
    with page.guard():
        most = reels.max_script_usd(page.app, page.transaction, order)
        if most is None:
            st.caption(tr("Free: the offline writer writes it."))
            return
        with page.transaction() as tx:
            usual, most = budgets.usual_and_most_usd(tx, "script", most)
        st.caption(
            tr("About {usual}, at most {most}.", usual=usd(usual), most=usd(most))
            if usual is not None
            else tr("At most {most}.", most=usd(most))
        )

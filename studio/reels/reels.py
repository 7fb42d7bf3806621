"""The page of reels: those there are, a new one from a script, and one with its scenes."""

from __future__ import annotations

import streamlit as st

from backend import influencers, prompt_library, reels
from backend.language import tr, tr_lazy, tr_plural, worded
from backend.reels import FORMATS, ReelCard, ReelDraft
from backend.writing import MAX_TOPIC
from studio.reels import storyboard, topic_reels
from studio.shell.frame import Page
from studio.ui.empty_state import empty_state
from studio.ui.format import ago, esc, media_url, plain, state_badge
from studio.ui.forms import submit_once
from studio.ui.notices import queue_toast, show_queued_toasts, toast_errors

_FORM, _SCRIPT = "reel", "reels:script"
_EXAMPLE = tr_lazy("What is said in the reel. A blank line begins a new scene.")


def draw(page: Page) -> None:
    """`?id=<reel>` opens it."""
    show_queued_toasts()
    if reel_id := st.query_params.get("id"):
        storyboard.draw(page, reel_id)
        return
    topic_reels.progress(page)
    with page.transaction() as tx:
        reel_page = reels.page(tx, take=60)
    if page.can_edit:
        _new(page, opened=not reel_page.cards)
    elif not reel_page.cards:
        empty_state(
            tr("No reels yet"), tr("A script becomes a video with a voice and subtitles."), icon=":material/smart_display:"
        )
    for card in reel_page.cards:
        _row(page, card)


def _row(page: Page, card: ReelCard) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        if card.asset_id:
            poster = media_url(page.workspace.id, card.asset_id, w=160)
            st.html(f'<img src="{esc(poster)}" alt="" style="height:84px;border-radius:8px;display:block">', width="content")
        with st.container(gap="xxsmall"):
            st.markdown(f"**{plain(card.title)}** {state_badge(card.state) if card.state else ''}")
            owner = f"{plain(card.influencer_name)} · " if card.influencer_name else ""
            st.caption(f"{owner}{worded(FORMATS[card.format].title)} · {ago(card.created_at)}")
        if st.button(tr("Open"), key=f"reel:{card.id}"):
            page.go("create/reels", id=card.id)


def _new(page: Page, *, opened: bool) -> None:
    with page.transaction() as tx:
        names = {card.id: card.name for card in influencers.page(tx, take=200).cards}
    chosen = page.influencer_id if page.influencer_id in names else None
    with st.expander(tr("New reel"), icon=":material/add:", expanded=opened):
        ways = {"script": tr("From a script"), "topic": tr("From a topic")}
        way = st.segmented_control(
            tr("Begin"), list(ways), default="script", format_func=ways.__getitem__, key="reels:way", required=True
        )
        typed = _topic_fields() if way == "topic" else _script_field(page)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            ids = list(names) if way == "topic" else ["", *names]
            influencer_id = st.selectbox(
                tr("Influencer"),
                ids,
                index=ids.index(chosen) if chosen else 0 if ids else None,
                format_func=lambda option: names.get(option) or tr("No influencer"),
                key=f"reels:influencer:{way}",
                width=200,
            )
            format_name = st.selectbox(
                tr("Format"), list(FORMATS), format_func=lambda name: worded(FORMATS[name].title), key="reels:format", width=200
            )
            if way == "topic":
                topic_reels.write_button(page, *typed, influencer_id or "", str(format_name))
            elif st.button(tr("Make scenes"), type="primary", icon=":material/view_carousel:"):
                _create(page, typed[0], influencer_id or None, str(format_name))


def _script_field(page: Page) -> tuple[str, int]:
    if _SCRIPT not in st.session_state:
        with page.transaction() as tx:
            st.session_state[_SCRIPT] = str(prompt_library.unsaved_form(tx, _FORM).get("script", ""))
    script = st.text_area(
        tr("Script"),
        height=180,
        placeholder=worded(_EXAMPLE),
        key=_SCRIPT,
        max_chars=reels.MAX_SCRIPT,
        on_change=_keep_script,
        args=(page,),
    )
    if script.strip():
        seconds = reels.speaking_seconds(script)
        st.caption(
            tr_plural(
                "{n:,} word, about {seconds:.0f} s", "{n:,} words, about {seconds:.0f} s", len(script.split()), seconds=seconds
            )
        )
    return script, 0


def _keep_script(page: Page) -> None:
    """Before the run: a reload may break that off."""
    with toast_errors(), page.transaction(needs="editor") as tx:
        prompt_library.save_unsaved_form(tx, _FORM, {"script": st.session_state[_SCRIPT]})


def _topic_fields() -> tuple[str, int]:
    topic = st.text_input(
        tr("Topic"), placeholder=tr("running before the city wakes up"), key="reels:topic", max_chars=MAX_TOPIC
    )
    seconds = st.slider(tr("Seconds"), 10, 90, 30, 5, key="reels:seconds")
    return topic, int(seconds)


def _create(page: Page, script: str, influencer_id: str | None, format_name: str) -> None:
    with page.guard():
        draft = ReelDraft(script=script, influencer_id=influencer_id, format=format_name)
        card, sentence = submit_once("reels:new", draft, lambda: _write_reel(page, draft))
        if sentence:
            queue_toast(plain(sentence), ":material/voice_over_off:")
        page.go("create/reels", id=card.id)


def _write_reel(page: Page, draft: ReelDraft) -> tuple[ReelCard, str]:
    with page.transaction(needs="editor") as tx:
        prompt_library.save_unsaved_form(tx, _FORM, {"script": ""})
        return reels.create_spoken_or_shown(page.app, tx, draft)

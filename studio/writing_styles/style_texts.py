"""Texts in a style: the form, a text while it is written, and all earlier ones."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

import streamlit as st
from babel.lists import format_list
from sqlalchemy.orm import Session

from backend import jobs, writing_styles
from backend.errors import EngineUnavailable, NotFound, StudioError
from backend.jobs import JobCard
from backend.language import joined, reader, tr, tr_lazy, tr_plural, worded
from backend.writing_styles import StyleTextCard, WritingStyleCard
from studio.jobs.jobs import ACTIVE
from studio.shell.frame import Page
from studio.ui.empty_state import empty_state
from studio.ui.format import ago, duration, esc, plain, usd
from studio.ui.forms import renew_request_key, request_key
from studio.writing_styles import writing_style_form as forms

_DELETED = "style:text:gone"
_POLL_EVERY = "1s"
_MATCH_HELP = tr_lazy(
    "Style match: 0.5 is as close to this author as to others, 1 is like one of their pages. It measures "
    "rhythm, punctuation and function words, hardly the topic."
)
_FORMATS: dict[Literal["txt", "md"], str] = {"txt": tr_lazy("Text"), "md": tr_lazy("Markdown")}


def write(page: Page, style: WritingStyleCard) -> None:
    is_model = page.app.settings.text.is_model
    with page.transaction() as tx:
        texts = writing_styles.texts(tx, style.id)
        conversation = writing_styles.conversation(tx, style.id)
        jobs_by_text = {text.id: _job(tx, text) for text in texts if not text.text}
    if page.can_edit:
        _form(page, style, texts, conversation, is_model=is_model)
    _undo_bar(page)
    for text in texts:
        job = jobs_by_text.get(text.id)
        if text.text:
            _finished_text(page, text)
        elif job and job.state in ACTIVE:
            _live_text(page, text.id, text.job_id)
        else:
            _unfinished_text(page, text, job)
    if not texts and not page.can_edit:
        empty_state(tr("Nothing written yet"), tr("Texts in this style show up here."), icon=":material/article:")


def _form(
    page: Page, style: WritingStyleCard, texts: list[StyleTextCard], conversation: list[StyleTextCard], *, is_model: bool
) -> None:
    if not is_model:
        st.info(
            tr(
                "No language model is set, so the offline writer writes simple sentences in this style's rhythm, in "
                "English or Italian. To imitate the author, set OPENROUTER_API_KEY."
            ),
            icon=":material/info:",
        )
    ready = _cost_caption(page, style, conversation)
    if conversation and is_model:
        _conversation_bar(page, style, len(conversation))
    key = f"style:wish:{style.id}"
    variants: dict[str, int] = {}
    for text in texts:
        variants[text.topic] = variants.get(text.topic, 0) + 1
    with page.guard():
        if draft := forms.text_form(key, style, is_model=is_model, variants=variants, disabled=not ready):
            with page.transaction(needs="editor") as tx:
                writing_styles.write(tx, style.id, draft, request_key=request_key(key))
            renew_request_key(key)
            st.rerun()


def _conversation_bar(page: Page, style: WritingStyleCard, n_texts: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            tr_plural(
                "The next text continues from the text below: the model sees it.",
                "The next text continues from the {n:,} texts below: the model sees them.",
                n_texts,
            ),
            width="stretch",
        )
        if st.button(tr("Start over"), icon=":material/restart_alt:", type="tertiary", key=f"style:reset:{style.id}"):
            with page.transaction(needs="editor") as tx:
                writing_styles.reset(tx, style.id)
            st.rerun()


def _cost_caption(page: Page, style: WritingStyleCard, conversation: list[StyleTextCard]) -> bool:
    """Says what a short and a long text can cost at most, where a model is paid. False: no model can be asked now."""
    try:
        earlier = writing_styles.earlier_exchanges(conversation)
        max_usd_by_words = {
            words: writing_styles.estimate(page.app, style, words=words, earlier=earlier)
            for words in (300, writing_styles.MAX_TEXT_WORDS)
        }
    except StudioError as error:
        st.warning(plain(worded(error.message)), icon=":material/cloud_off:")
        return isinstance(error, EngineUnavailable)
    cost_texts = [
        tr("{cost} for {words:,} words", cost=plain(usd(cost)), words=words) for words, cost in max_usd_by_words.items() if cost
    ]
    if cost_texts:
        costs = format_list(cost_texts, locale=reader().language)
        st.caption(tr(":material/payments: Costs at most {costs}; usually far less.", costs=costs))
    return True


def _live_text(page: Page, text_id: str, job_id: str) -> None:
    """The text as it is written; a fragment that runs every second until the job has ended."""

    @st.fragment(run_every=_POLL_EVERY, key=f"style:live:{text_id}")
    def live() -> None:
        try:
            with page.transaction() as tx:
                text, job = writing_styles.text(tx, text_id), jobs.get(tx, job_id)
        except NotFound:
            st.rerun()
        if job.state not in ACTIVE:
            st.rerun()
        with st.container(border=True):
            _title(text, f":blue-badge[{tr('Writing')}]")
            n_words = len(text.draft.split())
            retry_reason = job.error_message if job.state == "pending" else None
            waiting = (
                tr("waits for its turn") if job.state == "pending" else worded(job.phase) or tr("waits for the first words")
            )
            progress_text = tr("{n:,} of {total:,} words", n=n_words, total=text.words_wanted) if n_words else waiting
            if n_words and job.eta_s:
                progress_text = tr(
                    "{n:,} of {total:,} words, about {time} left",
                    n=n_words,
                    total=text.words_wanted,
                    time=duration(job.eta_s),
                )
            st.progress(min(1.0, n_words / text.words_wanted), text=progress_text)
            if retry_reason:
                reason = worded(retry_reason).removesuffix(tr("Try again in a moment.")).strip()
                st.caption(f":material/replay: {joined(plain(reason), tr('It is tried again automatically.'))}")
            _words(text.draft)
            if page.can_edit:
                cancelling = job.cancel_requested
                st.button(
                    tr("Stopping …") if cancelling else tr("Cancel"),
                    icon=":material/stop:",
                    key=f"stop:{text_id}",
                    disabled=cancelling,
                    on_click=_cancel,
                    args=(page, job_id),
                )

    live()


def _finished_text(page: Page, text: StyleTextCard) -> None:
    with st.container(border=True):
        badge = f":orange-badge[{tr('Offline writer')}]" if text.model == "offline" else ""
        _title(text, badge)
        _words(text.text)
        for note in text.notes:
            st.caption(f":material/info: {plain(worded(note))}")
        st.caption(_figures(text), help=worded(_MATCH_HELP) if text.score is not None else None)
        if text.shared_run:
            st.caption(tr("Longest passage shared with the source: “{words}”", words=plain(text.shared_words)))
        with st.container(horizontal=True):
            for format, label in _FORMATS.items():
                st.download_button(
                    worded(label),
                    partial(writing_styles.export_text, text, format),
                    writing_styles.export_filename(text, format),
                    "text/plain",
                    icon=":material/download:",
                    key=f"{format}:{text.id}",
                    on_click="ignore",
                )
            if page.can_edit:
                st.button(
                    tr("Delete"),
                    icon=":material/delete:",
                    key=f"drop:{text.id}",
                    type="tertiary",
                    on_click=_delete,
                    args=(page, text),
                )


def _unfinished_text(page: Page, text: StyleTextCard, job: JobCard | None) -> None:
    with st.container(border=True):
        cancelled = job is not None and job.state == "cancelled"
        _title(text, f":gray-badge[{tr('Cancelled')}]" if cancelled else f":red-badge[{tr('Not written')}]")
        if job is not None and job.error_message and not cancelled:
            st.error(plain(worded(job.error_message)), icon=":material/error:")
        if text.draft.strip():
            n_words = len(text.draft.split())
            st.caption(tr_plural("Written so far: {n:,} word.", "Written so far: {n:,} words.", n_words))
            _words(text.draft)
        if page.can_edit:
            with st.container(horizontal=True):
                if job is not None:
                    st.button(
                        tr("Try again"), icon=":material/replay:", key=f"again:{text.id}", on_click=_retry, args=(page, job.id)
                    )
                st.button(
                    tr("Delete"),
                    icon=":material/delete:",
                    key=f"drop:{text.id}",
                    type="tertiary",
                    on_click=_delete,
                    args=(page, text),
                )


def _title(text: StyleTextCard, badge: str) -> None:
    short = text.topic if len(text.topic) <= 120 else text.topic[:117] + "…"
    st.markdown(f"**{plain(short)}** {badge}")
    st.caption(ago(text.created_at))


def _words(text: str) -> None:
    if text.strip():
        st.html(
            '<div style="white-space:pre-wrap;line-height:1.6;columns:2 34rem;column-gap:2.5rem;max-width:150ch">'
            f"{esc(text)}</div>"
        )


def _figures(text: StyleTextCard) -> str:
    parts = [
        tr_plural(
            "{n:,} word ({wanted:,} requested)", "{n:,} words ({wanted:,} requested)", text.words, wanted=text.words_wanted
        )
    ]
    parts.append(tr("no style match") if text.score is None else tr("style match {score:.2f} of 1", score=text.score))
    max_run = writing_styles.MAX_SHARED_RUN
    parts.append(
        tr_plural(
            "{n:,} word in a row from the source (at most {most})",
            "{n:,} words in a row from the source (at most {most})",
            text.shared_run,
            most=max_run,
        )
        if text.shared_run
        else tr("nothing copied")
    )
    parts.append(tr("by the offline writer") if text.model == "offline" else tr("by {model}", model=plain(text.model)))
    if text.cost_usd:
        parts.append(usd(text.cost_usd))
    return " · ".join(parts)


def _job(tx: Session, text: StyleTextCard) -> JobCard | None:
    try:
        return jobs.get(tx, text.job_id)
    except NotFound:
        return None


def _cancel(page: Page, job_id: str) -> None:
    _run_verb(page, lambda tx: jobs.cancel(tx, job_id))


def _retry(page: Page, job_id: str) -> None:
    _run_verb(page, lambda tx: jobs.retry(tx, job_id))


def _delete(page: Page, text: StyleTextCard) -> None:
    _run_verb(page, lambda tx: writing_styles.delete_text(tx, text.id))
    st.session_state[_DELETED] = (text.id, text.topic)


def _undelete(page: Page, text_id: str) -> None:
    st.session_state.pop(_DELETED, None)
    _run_verb(page, lambda tx: writing_styles.undelete_text(tx, text_id))


def _undo_bar(page: Page) -> None:
    deleted = st.session_state.get(_DELETED)
    if not deleted or not page.can_edit:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(tr("The text about “{topic}” was deleted.", topic=plain(deleted[1][:60])), width="content")
        st.button(tr("Undo"), icon=":material/undo:", on_click=_undelete, args=(page, deleted[0]))
        st.button(tr("Close"), type="tertiary", on_click=lambda: st.session_state.pop(_DELETED, None))


def _run_verb(page: Page, act: Callable[[Session], object]) -> None:
    try:
        with page.transaction(needs="editor") as tx:
            act(tx)
    except StudioError as error:
        st.toast(plain(worded(error.message)), icon=":material/error:")

"""Automatic captions: the form, the dialog with estimate and preview, the progress of a run, and its results."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import streamlit as st

from backend import datasets, jobs
from backend.datasets import CaptionOrder, CaptionPlan, CaptionResultCard, CaptionRunCard, DatasetCard
from backend.engines.ports.caption import Captioner
from backend.errors import NotFound
from backend.jobs import JobCard
from backend.language import tr, tr_lazy, tr_plural, worded
from studio.gallery.picture_urls import thumbs
from studio.jobs.jobs import ACTIVE, follow
from studio.shell.frame import Page
from studio.ui.format import ago, duration, media_url, plain, usd
from studio.ui.forms import renew_request_key, request_key
from studio.ui.live_jobs import live_jobs

CAPTIONERS = {
    "vision": tr_lazy("Vision model"),
    "blip": tr_lazy("BLIP, on this machine"),
    "template": tr_lazy("Measurements, without a model"),
}
FORMS = {"sentence": tr_lazy("Sentences"), "tags": tr_lazy("Tags")}
REPLACE = {
    "empty": tr_lazy("Only where there is none"),
    "machine": tr_lazy("Also those a machine wrote"),
    "all": tr_lazy("All, whoever wrote them"),
}
CAPTIONER_TEXTS = {
    "vision": tr_lazy("Captioned by a vision model"),
    "blip": tr_lazy("Captioned by BLIP"),
    "template": tr_lazy("Captioned from what was measured"),
}
_OPEN = "captioning:open"
MANY_FIXED_TOKENS = 45
"""With more than this many of the 75 tokens for trigger word, prefix and suffix, a warning is shown."""


def caption_form(key: str, dataset_id: str, captioners: dict[str, Captioner], image_ids: tuple[str, ...] = ()) -> CaptionOrder:
    """The order as entered now. Raises Invalid (a word is too long)."""
    name = next(iter(captioners))
    if len(captioners) > 1:
        name = st.selectbox(
            tr("Written by"), list(captioners), format_func=lambda key: worded(CAPTIONERS[key]), key=f"{key}:who"
        )
    status = captioners[name].status()
    if status.ok:
        st.caption(worded(status.detail))
    forms: Any = captioners[name].forms
    form = forms[0]
    if len(forms) > 1:
        form = st.segmented_control(
            tr("Form"),
            list(forms),
            default=forms[0],
            format_func=lambda key: worded(FORMS[key]),
            key=f"{key}:form",
            required=True,
            help=tr("Sentences for models that read language well (SDXL, FLUX, SD 1.5 photos); tags for anime models."),
        )
    replace = st.radio(tr("Which captions"), list(REPLACE), format_func=lambda key: worded(REPLACE[key]), key=f"{key}:replace")
    included_only = not image_ids and st.checkbox(tr("Only pictures in use"), key=f"{key}:used")
    with st.expander(tr("More rules"), icon=":material/rule:"):
        prefix = st.text_input(tr("After the trigger word"), key=f"{key}:prefix", max_chars=200, placeholder=tr("photo"))
        suffix = st.text_input(tr("At the end"), key=f"{key}:suffix", max_chars=200)
        drop = st.text_input(tr("Words to leave out"), key=f"{key}:drop", placeholder=tr("beautiful, stunning"), max_chars=600)
    dropped_words = tuple(part.strip() for part in re.split(r"[,;]", drop) if part.strip())
    return CaptionOrder(
        dataset_id=dataset_id,
        captioner=name,
        form=form or forms[0],
        replace=replace,
        included_only=bool(included_only),
        image_ids=image_ids,
        prefix=prefix,
        suffix=suffix,
        drop=dropped_words,
    )


def captioning(page: Page, card: DatasetCard) -> None:
    """The active run or the result of the last one, and the button for a new one."""
    with page.transaction() as tx:
        run = datasets.last_caption_run(tx, card.id)
    job = _job(page, run)
    if run and job and job.state in (*ACTIVE, "failed") and not run.undone:
        follow(page, job, key=f"captioning:{card.id}")
        if job.state in ACTIVE and run.cost_usd:
            done = tr_plural("{n:,} picture", "{n:,} pictures", run.written + run.refused)
            st.caption(tr("{cost} so far, for {pictures}.", cost=plain(usd(run.cost_usd)), pictures=done))
    if run and not (job and job.state in ACTIVE):
        _last_run(page, card, run)
    if page.can_edit and not (job and job.state in ACTIVE):
        st.button(
            tr("Caption with AI …"),
            icon=":material/auto_awesome:",
            key=f"captioning:{card.id}:open",
            on_click=_request_dialog,
            args=(card.id,),
        )
    dataset_id, image_ids, look = st.session_state.pop(_OPEN, ("", (), 0))
    if dataset_id == card.id and page.can_edit:
        _open_dialog(page, card.id, image_ids, look)


def offer_captioning(page: Page, card: DatasetCard, uncaptioned: int) -> None:
    """Offers captioning after an import of pictures without captions, when ENABLE_AUTO_CAPTIONS is on and it is not free (free
    captioning starts by itself)."""
    captioners = page.app.engines.captioners
    if not (page.app.settings.captions.automatic and uncaptioned and captioners and page.can_edit and card.trigger_word):
        return
    with page.transaction() as tx:
        run = datasets.last_caption_run(tx, card.id)
    job = _job(page, run)
    if follow(page, job, key=f"offer:{card.id}") or not next(iter(captioners.values())).paid:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        text = tr_plural("{n:,} picture without a caption.", "{n:,} pictures without a caption.", uncaptioned)
        st.markdown(text, width="content")
        if st.button(tr("Caption with AI …"), icon=":material/auto_awesome:", key=f"offer:{card.id}:open"):
            _open_dialog(page, card.id, (), 0)


def open_caption_dialog(page: Page, dataset_id: str, image_ids: list[str]) -> None:
    """Opens the dialog for the selected pictures."""
    _open_dialog(page, dataset_id, tuple(image_ids), 0)


def take_ended_run(page: Page, dataset_id: str) -> bool:
    """True once, after a run that was started in this session has ended; then the captions on the page are reloaded."""
    job_id = st.session_state.get(_started_key(dataset_id))
    if job_id is None:
        return False
    try:
        with page.transaction() as tx:
            if jobs.get(tx, job_id).state in ACTIVE:
                return False
    except NotFound:
        pass
    del st.session_state[_started_key(dataset_id)]
    return True


def _started_key(dataset_id: str) -> str:
    return f"captioning:{dataset_id}:mine"


def _request_dialog(dataset_id: str, image_ids: tuple[str, ...] = (), look: int = 0) -> None:
    st.session_state[_OPEN] = (dataset_id, image_ids, look)


def _job(page: Page, run: CaptionRunCard | None) -> JobCard | None:
    """The run's job; None also when it was purged, which happens earlier than to caption runs."""
    if run is None:
        return None
    try:
        with page.transaction() as tx:
            return jobs.get(tx, run.job_id)
    except NotFound:
        return None


def _open_dialog(page: Page, dataset_id: str, image_ids: tuple[str, ...], look: int) -> None:
    st.dialog(tr("Caption with AI"), width="large", on_dismiss="rerun")(_dialog)(page, dataset_id, image_ids, look)


def _dialog(page: Page, dataset_id: str, image_ids: tuple[str, ...], look: int) -> None:
    key = f"captioning:{dataset_id}"
    with page.guard():
        order = caption_form(key, dataset_id, page.app.engines.captioners, image_ids)
        order = order.model_copy(update={"look": look})
        with page.transaction() as tx:
            card = datasets.get(tx, dataset_id)
            plan = datasets.estimate_captioning(page.app, tx, order)
            by_hand = datasets.estimate_captioning(page.app, tx, order.model_copy(update={"replace": "machine"})).kept
        if not card.trigger_word:
            st.warning(tr("Give the dataset a trigger word first, in its settings: every caption begins with it."))
            return
        _show_estimate(plan)
        if not plan.pictures:
            return
        sure = (
            order.replace != "all"
            or not by_hand
            or st.checkbox(
                tr_plural(
                    "Replace {n:,} caption that somebody wrote or imported (you can undo it)",
                    "Replace {n:,} captions that somebody wrote or imported (you can undo it)",
                    by_hand,
                ),
                key=f"{key}:sure",
            )
        )
        _preview(page, order, plan, key)
        with st.container(horizontal=True, horizontal_alignment="right"):
            label = tr_plural("Caption {n:,} picture", "Caption {n:,} pictures", plan.pictures)
            if st.button(label, type="primary", icon=":material/auto_awesome:", key=f"{key}:go", disabled=not sure):
                with page.transaction(needs="editor") as tx:
                    job = datasets.start_captioning(
                        tx, order, captioners=page.app.engines.captioners, request_key=request_key(key)
                    )
                renew_request_key(key)
                st.session_state[_started_key(dataset_id)] = job.id
                st.rerun()


def _show_estimate(plan: CaptionPlan) -> None:
    facts = [tr_plural("**{n:,} picture**", "**{n:,} pictures**", plan.pictures) if plan.pictures else tr("No new captions")]
    if plan.kept:
        facts.append(tr_plural("{n:,} caption stays as it is", "{n:,} captions stay as they are", plan.kept))
    if plan.pictures and plan.seconds:
        facts.append(tr("about {duration} by earlier runs", duration=duration(plan.seconds)))
    st.markdown(" · ".join(facts))
    if not plan.pictures:
        return
    if plan.left_usd is None and not plan.most_usd:
        st.caption(
            tr("Free: no picture leaves this studio.") if plan.captioner != "vision" else tr("This model costs nothing.")
        )
    else:
        most = plain(usd(plan.most_usd))
        cost_text = (
            tr("About **{usual}** by earlier captions, at most **{most}**.", usual=plain(usd(plan.usual_usd)), most=most)
            if plan.usual_usd is not None
            else tr("At most **{most}**.", most=most)
        )
        seen_by = tr("{model} sees the pictures, at 768 px.", model=plain(plan.models))
        st.markdown(f"{cost_text} :gray[:small[{seen_by}]]")
    if plan.affordable < plan.pictures:
        st.warning(_budget_message(plan), icon=":material/payments:")
    if plan.tokens_around > MANY_FIXED_TOKENS:
        st.warning(
            tr(
                "The trigger word and your additions take about {n} of the 75 tokens that are read.",
                n=plan.tokens_around,
            )
        )


def _budget_message(plan: CaptionPlan) -> str:
    if plan.affordable:
        return tr(
            "The budget is enough for {n:,} of {total:,}. Captioning stops there; what is captioned stays.",
            n=plan.affordable,
            total=plan.pictures,
        )
    return plain(
        tr(
            "The budget has {amount} left: too little for a picture. It continues when the day or the month is over, "
            "or when an owner raises the limit in Settings → Usage & limits.",
            amount=usd(plan.left_usd or Decimal(0)),
        )
    )


def _preview(page: Page, order: CaptionOrder, plan: CaptionPlan, key: str) -> None:
    picture_count = min(3, plan.pictures)
    slot = f"{key}:preview"
    label = tr_plural("Preview on {n} picture", "Preview on {n} pictures", picture_count)
    if plan.most_usd:
        most = plain(usd(plan.most_usd / plan.pictures * picture_count))
        label = tr("{preview} (at most {most}, not paid again in the whole run)", preview=label, most=most)
    if st.button(label, icon=":material/visibility:", key=f"{key}:try"):
        with page.transaction(needs="editor") as tx:
            job = datasets.start_captioning(
                tx, order, captioners=page.app.engines.captioners, request_key=request_key(f"{key}:try"), preview=True
            )
        renew_request_key(f"{key}:try")
        st.session_state[slot] = (job.id, order)
    job_id, preview_order = st.session_state.get(slot, ("", None))
    if not job_id or preview_order != order:
        return
    with page.transaction() as tx:
        card = jobs.get(tx, job_id)
        results = datasets.preview_results(tx, job_id) if card.state == "completed" else []
    if card.state == "completed":
        for result in results:
            _result(page, result)
    else:
        live_jobs(f"{slot}:{job_id}", workspace=page.workspace.id, cards=[card], only_these=True, can_edit=page.can_edit)


def _last_run(page: Page, card: DatasetCard, run: CaptionRunCard) -> None:
    if run.undone or not run.done:
        return
    remaining = run.total - run.done
    counts = [
        tr_plural("{n:,} written", "{n:,} written", run.written),
        tr_plural("{n:,} kept", "{n:,} kept", run.kept) if run.kept else "",
        tr_plural("{n:,} refused", "{n:,} refused", run.refused) if run.refused else "",
        tr_plural("{n:,} not looked at", "{n:,} not looked at", remaining) if remaining > 0 else "",
    ]
    model = f" ({plain(run.model)})" if run.captioner != "template" and run.model else ""
    with st.container(border=True):
        st.markdown(
            f"{worded(CAPTIONER_TEXTS[run.captioner])}{model}, {ago(run.created_at)}  \n"
            f":small[{', '.join(filter(None, counts))} · {plain(usd(run.cost_usd))}]"
        )
        if run.refused or run.unsure:
            _results_to_check(page, card, run)


def _results_to_check(page: Page, card: DatasetCard, run: CaptionRunCard) -> None:
    label = tr_plural("{n:,} picture to check", "{n:,} pictures to check", run.refused + run.unsure)
    with st.expander(label, icon=":material/flag:"):
        with page.transaction() as tx:
            results = datasets.caption_results(tx, run.id, look_at=True)
        refused = tuple(result.image_id for result in results if result.outcome == "refused")
        if refused and page.can_edit:
            st.button(
                tr_plural("Try {n:,} refused picture again …", "Try {n:,} refused pictures again …", len(refused)),
                icon=":material/replay:",
                key=f"captioning:{run.id}:again",
                on_click=_request_dialog,
                args=(card.id, refused, run.order.look + 1),
            )
        for result in results:
            _result(page, result)
    if card.influencer_id is None and run.unsure:
        st.caption(tr("Choose the influencer of this dataset: captions then leave out what never changes about them."))


def _result(page: Page, result: CaptionResultCard) -> None:
    left, right = st.columns([1, 5])
    with left:
        thumbs([media_url(page.workspace.id, result.asset_id, w=160)], side=72, alt=result.filename)
    with right:
        cost = f" · {plain(usd(result.cost_usd))}" if result.cost_usd else ""
        st.markdown(
            f":small[{plain(result.filename)}{cost}]  \n{plain(result.caption) or ':red[' + plain(worded(result.reason)) + ']'}"
        )
        if result.caption and result.reason:
            st.caption(plain(worded(result.reason)))
        for doubt in result.doubts:
            st.caption(f":material/flag: {plain(worded(doubt))}")

"""A trial picture of an imported workflow, and its approval by an owner."""

from __future__ import annotations

import streamlit as st

from backend import assets, generation, jobs, workflows
from backend.errors import NotFound
from backend.generation import GenerationDraft
from backend.language import tr
from backend.workflows import WorkflowCard
from studio.jobs.jobs import follow
from studio.shell.frame import Page
from studio.ui.empty_state import show_no_models
from studio.ui.format import ago, esc, media_url, plain
from studio.ui.forms import renew_request_key, request_key
from studio.ui.uploader import PICTURE_SUFFIXES, Uploaded, uploader

_PROMPT = "portrait of a woman at a harbour, morning light"
"""For a model, so in English."""


def trial(page: Page, card: WorkflowCard, *, has_problems: bool) -> None:
    """`has_problems`: it cannot run as it is; the reasons are shown above."""
    st.markdown(tr("**Trial picture**"))
    if card.tried_id:
        _last_trial(page, card)
    if page.can_edit and card.state != "archived":
        _trial_form(page, card, has_problems)
    _approval(page, card, has_problems)


def _trial_form(page: Page, card: WorkflowCard, has_problems: bool) -> None:
    models = page.app.engines.image.models()
    key = f"workflow:try:{card.id}"
    if not any("graph" in model.features for model in models):
        if not models:
            show_no_models(page, page.app.engines.image.status(), tr("Workflows can be tried"), key=key)
        else:
            st.info(tr("Workflows need ComfyUI, and none is running. Set COMFYUI_URL."), icon=":material/power_off:")
        return
    prompt = st.text_area(tr("Prompt"), _PROMPT, key=f"{key}:prompt", height=70, max_chars=2000)
    model = ""
    if not card.checkpoint:
        titles = {model_card.name: model_card.title for model_card in models}
        model = st.selectbox(tr("Model"), list(titles), format_func=titles.__getitem__, key=f"{key}:model") or ""
    picture = _choose_picture(page, card, key)
    pressed = st.button(
        tr("Create a trial picture"),
        icon=":material/science:",
        disabled=has_problems,
        key=f"{key}:go",
        type="secondary" if card.tried_at else "primary",
    )
    if not pressed:
        return
    with page.guard():
        draft = GenerationDraft(prompt=prompt, model=model, n=1, **_asset_fields(card, picture))
        with page.transaction(needs="editor") as tx:
            generation.try_workflow(
                tx,
                graph_id=card.id,
                draft=draft,
                models=models,
                allowed=page.app.settings.engines.comfyui.allowed_classes,
                request_key=request_key(key),
            )
        renew_request_key(key)
        st.rerun()


def _asset_fields(card: WorkflowCard, picture: str | None) -> dict[str, object]:
    """Fields of the request that put the one picture wherever the workflow needs one."""
    if not picture:
        return {}
    fields: dict[str, object] = {}
    if "picture" in card.takes:
        fields["init_asset_id"] = picture
        if "mask" in card.takes:
            fields["mask_asset_id"] = picture
    if "pose" in card.takes:
        fields["pose"] = {"asset_id": picture}
    return fields


def _choose_picture(page: Page, card: WorkflowCard, key: str) -> str | None:
    if not {"picture", "pose"} & set(card.takes):
        return None
    state_key = f"{key}:picture"

    def accept(uploaded: Uploaded) -> None:
        for upload_id in uploaded.ids:
            with page.guard():
                asset = generation.take_upload(
                    lambda: page.transaction(needs="editor"), page.app.storage, settings=page.app.settings, upload_id=upload_id
                )
                st.session_state[state_key] = asset.id

    uploader(
        f"{key}:drop",
        workspace=page.workspace.id,
        noun="generation",
        noun_id="workflow",
        accept=PICTURE_SUFFIXES,
        max_bytes=page.app.settings.uploads.max_picture_size,
        label=tr("Drop the picture it starts from"),
        folders=False,
        multiple=False,
        on_done=accept,
    )
    chosen = st.session_state.get(state_key)
    if chosen:
        st.caption(":material/check: " + tr("A picture is chosen."))
    return chosen


def _last_trial(page: Page, card: WorkflowCard) -> None:
    try:
        with page.transaction() as tx:
            request = generation.get(tx, str(card.tried_id))
            pictures = generation.pictures_of(tx, request.id)
            job = jobs.get(tx, request.job_id)
    except NotFound:
        st.caption(tr("Its trial picture was deleted."))
        return
    if follow(page, job, key="trial"):
        return
    for picture in pictures:
        with page.transaction() as tx:
            asset = assets.get(tx, picture.asset_id)
        address = page.url("library/gallery", id=picture.id)
        source, label = media_url(page.workspace.id, asset.id, w=640), esc(tr("Trial picture"))
        st.html(
            f'<a href="{address}" target="_self"><img src="{source}" alt="{label}" '
            'style="max-width:100%;max-height:420px;border-radius:10px"></a>'
        )
        st.caption(tr("Created {time} with {model}.", time=ago(picture.created_at), model=plain(request.recipe.model)))


def _approval(page: Page, card: WorkflowCard, has_problems: bool) -> None:
    if card.state == "approved":
        st.success(
            tr("Approved {time}: Create offers it.", time=ago(card.approved_at)) if card.approved_at else tr("Approved."),
            icon=":material/check:",
        )
        return
    if card.state == "archived":
        return
    if not page.is_owner:
        st.caption(tr("An owner can approve it after a trial picture."))
        return
    pressed = st.button(
        tr("Approve"),
        type="primary" if card.tried_at else "secondary",
        icon=":material/verified:",
        disabled=has_problems or not card.tried_at,
        key=f"workflow:approve:{card.id}",
        help=None if card.tried_at else tr("Create a trial picture first."),
    )
    if pressed:
        with page.guard():
            with page.transaction(needs="owner") as tx:
                workflows.approve(tx, card.id, allowed=page.app.settings.engines.comfyui.allowed_classes)
            st.rerun()

"""Creating pictures: the form on one side, the results on the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from backend import generation, influencers, loras, prompt_library, workflows
from backend.engines.ports.image import ModelCard
from backend.errors import NotFound, StudioError
from backend.generation import GenerationCard, GenerationDraft, RequestPreview
from backend.language import tr, tr_lazy, worded
from backend.prompt_library import TemplateCard
from studio.generation import create_form, generation_batch, generation_queue, prompt_shortcuts, results, start_pictures
from studio.generation.create_form import CreateForm
from studio.generation.generation_form import GenerationChoices, generation_form
from studio.generation.start_pictures import MaskChoice
from studio.identity import identity
from studio.shell.frame import Page
from studio.ui import form_page, kept_form
from studio.ui.empty_state import show_no_models
from studio.ui.format import duration, estimated_duration, plain
from studio.ui.forms import renew_request_key, request_key
from studio.ui.notices import show_queued_toasts

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

MODES = {"one": tr_lazy("Pictures"), "grid": tr_lazy("Grid"), "list": tr_lazy("List")}


def create(page: Page) -> None:
    """The form, as its user left it or filled from the address, and the results beside it.

    ?influencer= ?lora= ?remix= ?seed=same ?from= ?part= ?pose= ?workflow= ?text= fill the form, ?id= names the request shown.
    """
    show_queued_toasts()
    above = st.container()
    left, right = form_page.columns()
    started = None
    with left, page.guard():
        started = _create_form(page, above)
    if started:
        kept_form.forget_replaced(page, create_form.FORM)
        st.query_params["id"] = started.id
        st.session_state["create:seed"] = started.recipe.seeds[0]
    with form_page.results(right):
        shown = None
        if generation_id := st.query_params.get("id"):
            with page.guard():
                shown = results.results(page, generation_id, key="create", reveal=started is not None)
        generation_queue.queue_panel(page, shown_job_id=shown.job_id if shown else None)
        results.recent(page, shown_id=generation_id)


def _create_form(page: Page, above: DeltaGenerator) -> GenerationCard | None:
    """The form with its shortcuts; returns the request just started, if any. `above`: over form and results."""
    models = page.app.engines.image.models()
    if not models:
        show_no_models(page, page.app.engines.image.status(), tr("Pictures can be created"), key=create_form.FORM)
        return None
    form = create_form.open_form(page)
    template, start = _followed_template(page, form.start)
    with page.transaction() as tx:
        choices = GenerationChoices(
            influencers.page(tx, take=200).cards,
            loras.page(tx, take=200).cards,
            models,
            prompt_library.styles(tx, every=True),
            template,
            st.session_state.get("create:seed"),
            workflows.approved(tx),
        )
    mask = None
    if start.init_asset_id:
        with above:
            if start_pictures.start_picture_bar(page, form, start.init_asset_id):
                mask = start_pictures.mask_editor(page, start)
        start = mask.start if mask else start.model_copy(update={"mask_asset_id": None})
    # While an area is painted the prompt stands right below it; what fills the form follows.
    tools = st.container() if mask is None else None
    if start.pose:
        start_pictures.show_pose(page, start.pose.asset_id)
    mode = st.session_state.get(create_form.MODE_KEY) or form.mode
    draft = generation_form(
        form.key,
        choices,
        start,
        disabled=not page.can_edit,
        mode=mode,
        edits_area=mask is not None,
        on_prompt=partial(create_form.keep_prompt, page),
    )
    with tools or st.container():
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            mode = _mode_choice(page, form.mode)
            prompt_shortcuts.reset_buttons(page)
        if mode != "list":
            prompt_shortcuts.shortcut_popovers(page, draft)
            if template:
                prompt_shortcuts.template_bar(page, template, draft)
    form = replace(create_form.as_kept(page, form), mode=mode, part=mask is not None)
    if mode == "grid":
        form = replace(form, axes=generation_batch.axes_form(page, form, draft, choices))
    elif mode == "list":
        form = replace(form, list_text=generation_batch.list_form(page, form))
    create_form.keep(page, form, draft)
    submitted = create_form.keys(page, form) or (mask is not None and mask.is_requested)
    if page.can_edit and not start.init_asset_id and not start.pose:
        start_pictures.upload_picture(page)
        start_pictures.upload_pose(page)
    with form_page.button_bar():
        return _start_bar(page, form, draft, choices, mask=mask, submitted=submitted)


def _start_bar(
    page: Page,
    form: CreateForm,
    draft: GenerationDraft,
    choices: GenerationChoices,
    *,
    mask: MaskChoice | None,
    submitted: bool,
) -> GenerationCard | None:
    """What will be made, and the button that starts it. `submitted`: Ctrl+Enter was pressed, or the mask it needed has come."""
    if mask and (mask.dirty or not mask.painted):
        # The mask is sent when the button is pressed, and this runs again with it.
        if _is_pressed(page, tr("Create pictures"), enabled=mask.painted, submitted=submitted and not mask.is_requested):
            start_pictures.request_mask(draft)
        return None
    if form.mode == "grid":
        return generation_batch.start_grid_bar(page, form, draft, choices, submitted)
    if form.mode == "list":
        return generation_batch.start_list_bar(page, form, draft, choices, submitted)
    _preview(page, draft, choices)
    return _start_button(page, form.key, draft, choices.models, label=tr("Create pictures"), submitted=submitted)


def request_form(page: Page, start: GenerationDraft, *, key: str, button: str) -> GenerationCard | None:
    """The form alone, on other pages; returns the request just started, if any."""
    models = page.app.engines.image.models()
    if not models:
        show_no_models(page, page.app.engines.image.status(), tr("Pictures can be created"), key=key)
        return None
    with page.transaction() as tx:
        choices = GenerationChoices(influencers.page(tx, take=200).cards, loras.page(tx, take=200).cards, models)
    draft = generation_form(key, choices, start, disabled=not page.can_edit)
    _preview(page, draft, choices)
    return _start_button(page, key, draft, models, label=button)


def _start_button(
    page: Page, key: str, draft: GenerationDraft, models: Sequence[ModelCard], *, label: str, submitted: bool = False
) -> GenerationCard | None:
    idempotency_key = request_key(key)
    if not _is_pressed(page, label, submitted=submitted):
        return None
    with page.transaction(needs="editor") as tx:
        card = generation.start(tx, draft=draft, models=models, request_key=idempotency_key)
    renew_request_key(key)
    return card


def _is_pressed(page: Page, label: str, *, enabled: bool = True, submitted: bool = False) -> bool:
    """Draws the button. `submitted`: as if it were pressed."""
    enabled = page.can_edit and enabled
    pressed = st.button(
        label, type="primary", icon=":material/auto_awesome:", width="stretch", disabled=not enabled, help="Ctrl+Enter"
    )
    return pressed or (submitted and enabled)


def _followed_template(page: Page, start: GenerationDraft) -> tuple[TemplateCard | None, GenerationDraft]:
    """The template version that the draft follows, and the draft; without the template if it was deleted (a preset may name
    it)."""
    if start.template is None:
        return None, start
    try:
        with page.transaction() as tx:
            return prompt_library.template(tx, start.template.template_id, start.template.version), start
    except NotFound:
        return None, start.model_copy(update={"template": None})


def _mode_choice(page: Page, mode: str) -> str:
    chosen = st.segmented_control(
        tr("What to create"),
        list(MODES),
        default=mode,
        format_func=lambda mode: worded(MODES[mode]),
        key=create_form.MODE_KEY,
        required=True,
        label_visibility="collapsed",
        disabled=not page.can_edit,
    )
    return chosen or "one"


def _preview(page: Page, draft: GenerationDraft, choices: GenerationChoices) -> None:
    """What will be drawn and about how long it takes, or what is wrong with the draft, before the button is pressed."""
    if not (draft.prompt.strip() or draft.influencer_id or draft.template):
        return
    try:
        with page.transaction() as tx:
            drawn = generation.assemble(tx, draft=draft, models=choices.models)
            plan = generation.preview(tx, drafts=[draft], models=choices.models)
            replacements = identity.max_replacements(page, tx, draft.influencer_id, drawn.model, choices.models)
    except StudioError as error:
        st.warning(plain(worded(error.message)), icon=":material/warning:")
        return
    parts = [tr("{width} × {height} px", width=drawn.width, height=drawn.height)]
    if plan.seconds:
        parts.append(estimated_duration(plan.seconds, plan.load_s))
    if replacements:
        parts.append(_replacements_line(draft, plan, replacements))
    parts += [tr("LoRA {name} at {weight:g}", name=plain(ref.name), weight=ref.weight) for ref in drawn.loras]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(" · ".join(parts), width="stretch")
        with st.popover(tr("Final prompt"), icon=":material/visibility:", type="tertiary"):
            st.code(drawn.prompt, language=None, wrap_lines=True)
            if drawn.negative_prompt:
                st.caption(tr("Negative prompt:"))
                st.code(drawn.negative_prompt, language=None, wrap_lines=True)
            for note in drawn.notes:
                st.caption(plain(worded(note)))


def _replacements_line(draft: GenerationDraft, plan: RequestPreview, replacements: int) -> str:
    """What is drawn besides, when pictures fall short of the face match."""
    if not plan.seconds:
        return tr("up to {n} more for pictures below the threshold", n=replacements)
    drawn_s = plan.seconds - plan.load_s
    total_s = plan.load_s + drawn_s * (draft.n + replacements) / draft.n
    return tr("up to {n} more for pictures below the threshold, {time} then", n=replacements, time=duration(total_s))

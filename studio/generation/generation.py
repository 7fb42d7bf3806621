"""Creating pictures: the form on one side, the results on the other."""

from __future__ import annotations

from functools import partial

import streamlit as st

from backend import gallery, generation, influencers, jobs, loras, prompt_library, workflows, writing
from backend.errors import NotFound, StudioError
from backend.generation import GenerationCard, GenerationDraft, LoraPick, PictureCard
from backend.prompt_library import TemplateCard
from studio.gallery.picture_urls import thumbs
from studio.generation import generation_batch, generation_grid, generation_queue, prompt_shortcuts, start_pictures
from studio.generation.generation_form import GenerationChoices, generation_form
from studio.generation.prompt_shortcuts import suggestion_popover
from studio.identity import identity
from studio.jobs.jobs import follow
from studio.shell.frame import Page
from studio.ui.empty_state import show_no_models
from studio.ui.format import ago, count, duration, estimated_duration, media_url, plain, state_badge
from studio.ui.forms import renew_request_key, request_key
from studio.ui.picture_grid import Tile, picture_grid
from studio.videos import animate_dialog

_FORM_PREFIXES = {"grid": "Grid · ", "list": "List · ", "upscale": "Made larger · "}
MODES = {"one": "Pictures", "grid": "Grid", "list": "List"}


def create(page: Page) -> None:
    """The form, filled from the address (?influencer= ?lora= ?remix= ?seed=same ?from= ?part= ?pose= ?workflow= ?text=)."""
    left, right = st.columns([5, 7], gap="medium")
    with left:
        start = start_pictures.with_pose(page, _start_draft(page))
        started = request_form(page, start, key=f"create:{st.session_state.get('create:round', 0)}", tools=True)
        if page.can_edit and not start.init_asset_id and not start.pose:
            start_pictures.upload_picture(page)
            start_pictures.upload_pose(page)
    if started:
        st.query_params["id"] = started.id
        st.session_state["create:seed"] = started.recipe.seeds[0]
    with right:
        generation_queue.queue_panel(page)
        if generation_id := st.query_params.get("id"):
            results(page, generation_id, key="create")
        else:
            _latest(page)


def request_form(
    page: Page, start: GenerationDraft, *, key: str, button: str = "Create pictures", tools: bool = False
) -> GenerationCard | None:
    """The form; returns the request just started, if any. `tools`: also offers grids, lists and the prompt shortcuts."""
    models = page.app.engines.image.models()
    if not models:
        show_no_models(page, page.app.engines.image.status(), "Pictures can be created", key=key)
        return None
    template, start = _followed_template(page, start)
    with page.transaction() as tx:
        choices = GenerationChoices(
            influencers.page(tx, take=200).cards,
            loras.page(tx, take=200).cards,
            models,
            prompt_library.styles(tx, every=True) if tools else (),
            template,
            st.session_state.get("create:seed") if tools else None,
            workflows.approved(tx) if tools else (),
        )
    mode, ready, above = _mode_choice(page) if tools else "one", True, st.container()
    if start.init_asset_id:
        start_pictures.show_picture(page, start.init_asset_id)
        start, ready = start_pictures.mask_editor(page, start)
    if start.pose:
        start_pictures.show_pose(page, start.pose.asset_id)
    draft = generation_form(key, choices, start, disabled=not page.can_edit, mode=mode)
    if tools and mode != "list":
        with above:
            prompt_shortcuts.shortcut_popovers(page, draft)
            suggestion_popover(page, draft)
            if choices.template:
                prompt_shortcuts.template_bar(page, choices.template, draft)
    if mode != "one" and not ready:
        st.info("Paint over what should change, then use the mask. The pictures come after that.", icon=":material/draw:")
        return None
    if mode == "grid":
        return generation_batch.grid_request(page, f"{key}:grid", draft, choices)
    if mode == "list":
        return generation_batch.list_request(page, f"{key}:list", draft, choices)
    if ready:
        _preview(page, draft, choices)
    idempotency_key, enabled = request_key(key), page.can_edit and ready
    if not st.button(button, type="primary", icon=":material/auto_awesome:", width="stretch", disabled=not enabled):
        return None
    with page.transaction(needs="editor") as tx:
        card = generation.start(tx, draft=draft, models=models, request_key=idempotency_key)
    renew_request_key(key)
    return card


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


def _mode_choice(page: Page) -> str:
    chosen = st.segmented_control(
        "What to create",
        list(MODES),
        default="one",
        format_func=MODES.__getitem__,
        key="create:way",
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
        st.warning(plain(error.message), icon=":material/warning:")
        return
    summary = f"{drawn.width} × {drawn.height} px" + (
        f" · {estimated_duration(plan.seconds, plan.load_s)}" if plan.seconds else ""
    )
    if replacements:
        drawn_s = (plan.seconds or 0.0) - plan.load_s
        with_replacements = (
            f", {duration(plan.load_s + drawn_s * (draft.n + replacements) / draft.n)} then" if plan.seconds else ""
        )
        summary += f" · up to {replacements} more if pictures fall short{with_replacements}"
    st.caption(summary + "".join(f" · LoRA {plain(ref.name)} at {ref.weight:g}" for ref in drawn.loras))
    with st.popover("What will be drawn", icon=":material/visibility:", type="tertiary"):
        st.code(drawn.prompt, language=None, wrap_lines=True)
        if drawn.negative_prompt:
            st.caption("Kept out:")
            st.code(drawn.negative_prompt, language=None, wrap_lines=True)
        for note in drawn.notes:
            st.caption(plain(note))


def _start_draft(page: Page) -> GenerationDraft:
    """The draft that the form starts with: what a shortcut filled in, else what the address says, else the standard preset."""
    if (filled := prompt_shortcuts.filled_draft()) is not None:
        return filled
    parameters, init = st.query_params, start_pictures.chosen_asset(page)
    with page.transaction() as tx:
        if picture_id := parameters.get("remix"):
            return generation.remix(tx, picture_id, new_seed=parameters.get("seed") != "same")
        if parameters.get("redraw") and "from" in parameters:
            models = page.app.engines.image.models()
            if larger := generation.larger_redraw_draft(tx, parameters["from"], models=models):
                return larger
        if text_id := parameters.get("text"):
            text = writing.get(tx, text_id)
            size = writing.CONTENT_TYPES[text.content_type].size
            return GenerationDraft(prompt=text.parts.picture, influencer_id=text.influencer_id, size=size)
        picks = (
            (LoraPick(lora_id=loras.get(tx, parameters["lora"]).id),)
            if "lora" in parameters and "influencer" not in parameters
            else ()
        )
        standard = prompt_library.default_preset(tx)
        preset = (prompt_shortcuts.preset_draft(standard) if standard else None) or GenerationDraft()
        if (
            init and parameters.get("part") and "from" in parameters
        ):  # the picture's own prompt, to be changed for the part that is drawn again
            remixed = generation.remix(tx, parameters["from"])
            return remixed.model_copy(update={"init_asset_id": init, "mask_asset_id": None, "strength": 0.9})
        changes = {"init_asset_id": init, "influencer_id": parameters.get("influencer") or preset.influencer_id}
        if "workflow" in parameters:
            changes["workflow_id"] = parameters["workflow"]
        return preset.model_copy(update=changes | ({"loras": picks} if picks else {}))


def results(page: Page, generation_id: str, *, key: str) -> GenerationCard:
    """Pictures as they appear, with progress above them; returns the request."""
    with page.transaction() as tx:
        card = generation.get(tx, generation_id)
        pictures = generation.pictures_of(tx, generation_id)
        job = jobs.get(tx, card.job_id)
        near_duplicates = generation.near_duplicates(tx, [picture.id for picture in pictures])
    working = follow(page, job, key=key)
    poll_url = f"/api/generations/{generation_id}/pictures?workspace={page.workspace.id}" if working else ""
    if card.grid:
        _grid(page, card, pictures, working, poll_url, key=key)
        return card
    shown = pictures if working or card.form != "pictures" else identity.ranked_by_score(pictures)
    state = picture_grid(
        f"{key}:results:{generation_id}",
        size=_tile_size(card.n),
        ratio=f"{card.recipe.width}/{card.recipe.height}",
        tiles=[picture_tile(page, picture, alike=picture.id in near_duplicates) for picture in shown],
        on_rated=partial(rate, page) if page.can_edit else None,
        expected=card.n if working else 0,
        poll_url=poll_url,
        workspace=page.workspace.id,
        thumb=640,
    )
    if state.opened:
        page.go("library/gallery", id=state.opened)
    if not working:
        identity.gate_outcome(page, pictures)
        animate_dialog.animate_button(page, pictures, key=generation_id)
        if near_duplicates:
            subject = "This looks" if card.n == 1 else f"{len(near_duplicates)} of {card.n} look"
            st.caption(f":orange[:material/content_copy: {subject} almost like earlier pictures: same pose, same setting.]")
        st.caption(f"{count(card.done, 'picture')} · {state_badge(card.state)} · {plain(card.recipe.prompt)}")
    return card


def _grid(page: Page, card: GenerationCard, pictures: list[PictureCard], working: bool, poll_url: str, *, key: str) -> None:
    if opened := generation_grid.grid_cells(page, card, pictures, key=key, poll_url=poll_url):
        page.go("library/gallery", id=opened)
    if not working:
        st.caption(f"{count(card.done, 'picture')} · {state_badge(card.state)} · {plain(card.recipe.prompt)}")
        generation_grid.export_sheet(page, card)


def rate(page: Page, picture_ids: list[str], stars: int) -> None:
    with page.guard(), page.transaction(needs="editor") as tx:
        gallery.rate(tx, picture_ids, stars)


def _tile_size(n: int) -> int:
    """Minimum width of a tile in px: one large, two or four side by side, many small."""
    return 380 if n == 1 else 300 if n in (2, 4) else 200 if n <= 6 else 140


def picture_tile(page: Page, card: PictureCard, *, alike: bool = False) -> Tile:
    """`alike`: marked as a near-duplicate of an earlier picture."""
    src = media_url(page.workspace.id, card.asset_id, w=320)
    marks = identity.badges(card.identity_score, card.identity_line, card.gate) + [("look-alike", "warn")] * alike
    return Tile(id=card.id, src=src, alt=card.prompt, rating=card.rating, badges=marks, dim=card.gate == "rejected")


def _latest(page: Page) -> None:
    with page.transaction() as tx:
        requests = generation.latest(tx, take=6)
        pictures_by_request = {card.id: generation.pictures_of(tx, card.id)[:3] for card in requests}
    if not requests:
        st.info("Describe a picture, press the button, and the results appear here one by one.", icon=":material/auto_awesome:")
        return
    st.markdown("**Latest requests**")
    for card in requests:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            if shown := pictures_by_request[card.id]:
                with st.container(width="content"):
                    thumbs([media_url(page.workspace.id, picture.asset_id, w=160) for picture in shown], alt="")
            with st.container(gap="xxsmall"):
                st.markdown(f"{plain(card.recipe.asked or card.recipe.prompt)[:120]} {state_badge(card.state)}")
                form = _FORM_PREFIXES.get(card.form, "")
                st.caption(f"{form}{card.done} of {count(card.n, 'picture')} · {ago(card.created_at)}")
            if st.button("Show", key=f"request:{card.id}"):
                st.query_params["id"] = card.id
                st.rerun()

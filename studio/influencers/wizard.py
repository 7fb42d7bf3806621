"""“New influencer”: from a name to first pictures in five steps. The influencer's `setup` stores how far it came."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from sqlalchemy.orm import Session

from backend import channels, datasets, generation, influencers, training, writing_styles
from backend.generation import GenerationDraft
from backend.influencers import InfluencerCard, InfluencerDraft
from backend.language import tr, tr_lazy, worded
from studio.content_plans import bulk_dialog
from studio.datasets import dataset_pictures
from studio.datasets import datasets as dataset_widgets
from studio.generation import generation as generation_widgets
from studio.generation import results
from studio.influencers.influencer_form import influencer_form
from studio.shell import current_influencer
from studio.shell.frame import Page
from studio.training import training as training_widgets
from studio.ui.format import plain
from studio.ui.forms import open_form, reload_form

STEPS = (tr_lazy("Who"), tr_lazy("Pictures"), tr_lazy("Final check"), tr_lazy("Training"), tr_lazy("First pictures"))
PAGE_WIDTH = 820
FIRST_PROMPT = "portrait, at the beach, smiling"
"""For a model, so in English."""


def show_wizard(page: Page) -> None:
    influencer_id = st.query_params.get("id")
    card = None
    if influencer_id:
        with page.transaction() as tx:
            card = influencers.get(tx, influencer_id)
        current_influencer.set_current_influencer(card.id)
    reached = int(card.setup.get("step", 1)) if card else 1
    requested = st.query_params.get("step", "")
    step = min(int(requested) if requested.isdigit() else reached, reached, len(STEPS))
    step = max(step, 1)
    with st.container(width=PAGE_WIDTH):
        _progress_badges(step, card)
        if card is None or step == 1:
            _person_step(page, card)
        else:
            STEP_BODIES[step](page, card)


def _progress_badges(step: int, card: InfluencerCard | None) -> None:
    badges = [
        f":green-badge[✓ {worded(name)}]"
        if n < step
        else f":primary-badge[**{n} {worded(name)}**]"
        if n == step
        else f":gray-badge[{n} {worded(name)}]"
        for n, name in enumerate(STEPS, 1)
    ]
    st.markdown(" ".join(badges))
    if card and step > 1:
        st.caption(tr("{name} · you can leave and continue any time", name=plain(card.name)))


def _go_to_step(page: Page, card: InfluencerCard, step: int, **setup: object) -> None:
    with page.transaction(needs="editor") as tx:
        influencers.save_setup(tx, card.id, step=max(step, int(card.setup.get("step", 1))), **setup)
    page.go("influencers/wizard", id=card.id, step=str(step))


def _step_buttons(page: Page, card: InfluencerCard, step: int, *, ready: bool = True, label: str = tr_lazy("Continue")) -> None:
    """The buttons to the step before and after; `ready` False disables the latter."""
    st.space("small")
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        if st.button(tr("Back"), icon=":material/arrow_back:"):
            page.go("influencers/wizard", id=card.id, step=str(step - 1))
        if st.button(worded(label), type="primary", icon=":material/arrow_forward:", icon_position="right", disabled=not ready):
            _go_to_step(page, card, step + 1)


def _person_step(page: Page, card: InfluencerCard | None) -> None:
    st.markdown(tr("## Who is your influencer?"))
    st.caption(tr("A name is enough to start. You can change everything later."))
    form = f"wizard:who:{card.id if card else ''}"
    key, loaded = open_form(form, card)
    with page.transaction() as tx:
        voices = writing_styles.style_names(tx)
    draft = influencer_form(key, loaded, submit=tr("Continue"), disabled=not page.can_edit, voices=voices)
    if draft is None:
        return
    created: dict[str, str] = st.session_state.setdefault("wizard:made", {})
    if card is None and draft.name in created:  # a double click: the first one has created the influencer already
        page.go("influencers/wizard", id=created[draft.name], step="2")
    with page.transaction(needs="editor") as tx:
        saved = (
            influencers.save(tx, card.id, draft, version=loaded.version) if card and loaded else influencers.create(tx, draft)
        )
        if not saved.setup.get("dataset_id"):
            dataset = datasets.create(tx, name=_free_name(tx, draft), influencer_id=saved.id, trigger_word=saved.trigger_word)
            saved = influencers.save_setup(tx, saved.id, dataset_id=dataset.id, step=2, done=False)
        elif card and card.trigger_word != saved.trigger_word:
            datasets.set_trigger_word(tx, str(saved.setup["dataset_id"]), saved.trigger_word)
    created[saved.name] = saved.id
    reload_form(form)
    page.go("influencers/wizard", id=saved.id, step="2")


def _free_name(tx: Session, draft: InfluencerDraft) -> str:
    """A name for the dataset: the influencer's, numbered when it is taken."""
    taken = {dataset.name for dataset in datasets.page(tx, take=500).cards}
    return next(name for n in range(1, len(taken) + 2) if (name := draft.name if n == 1 else f"{draft.name} {n}") not in taken)


def _pictures_step(page: Page, card: InfluencerCard) -> None:
    st.markdown(tr("## Pictures of {name}", name=plain(card.name)))
    st.caption(tr("10 to 30 pictures of one face: different places, clothes and angles; sharp, and only this person in them."))
    dataset_id = str(card.setup["dataset_id"])
    included = dataset_pictures.add_pictures(page, dataset_id, key="wizard", samples=True)
    _step_buttons(page, card, 2, ready=included > 0)


def _check_step(page: Page, card: InfluencerCard) -> None:
    st.markdown(tr("## Final check before training"))
    dataset_id = str(card.setup["dataset_id"])
    dataset_widgets.rights(page, dataset_id, key="wizard")
    ready = dataset_widgets.readiness(page, dataset_id)
    with st.expander(tr("Pictures and captions"), icon=":material/photo_library:"):
        dataset_pictures.grid(page, dataset_id, key="wizard:check")
    _step_buttons(page, card, 3, ready=ready)


def _training_step(page: Page, card: InfluencerCard) -> None:
    st.markdown(tr("## Teach the model {name}'s face", name=plain(card.name)))
    run_id = card.setup.get("run_id") or _unnoted_run(page, card)
    if run_id:
        with page.transaction() as tx:
            run = training.get(tx, str(run_id))
        if run.state == "completed":
            st.success(tr("The model knows {name} now.", name=plain(card.name)), icon=":material/check_circle:")
        training_widgets.watch(page, run, key="wizard")
        if run.state in ("failed", "cancelled") and st.button(
            tr("Train again with other parameters"), icon=":material/replay:"
        ):
            _go_to_step(page, card, 4, run_id=None)
        _step_buttons(page, card, 4, ready=run.state == "completed", label=tr("Create first pictures"))
        return
    started = training_widgets.run_form(page, str(card.setup["dataset_id"]), key=f"wizard:train:{card.id}")
    if started:
        _go_to_step(page, card, 4, run_id=started.id)
    _step_buttons(page, card, 4, ready=False, label=tr("Create first pictures"))


def _unnoted_run(page: Page, card: InfluencerCard) -> str | None:
    """Id of a run that was started but is missing in `setup`: the browser or the server went away between the two."""
    with page.transaction() as tx:
        runs = training.page(tx, dataset_id=str(card.setup["dataset_id"]), take=1).cards
    return runs[0].id if runs and runs[0].state in ("pending", "processing", "completed") else None


def _first_pictures_step(page: Page, card: InfluencerCard) -> None:
    st.markdown(tr("## First pictures of {name}", name=plain(card.name)))
    if generation_id := card.setup.get("generation_id"):
        above = st.container()
        request = results.results(page, str(generation_id), key="wizard")
        if request.state == "completed" and not card.cover_asset_id:
            _set_cover(page, card, str(generation_id))
        if request.state in ("completed", "failed", "cancelled"):
            with above:
                _finished(page, card, ok=request.state == "completed")
        return
    st.caption(tr("Describe where they are and what they do; the face comes from the training."))
    start = GenerationDraft(prompt=FIRST_PROMPT, influencer_id=card.id, n=4)
    started = generation_widgets.request_form(page, start, key=f"wizard:images:{card.id}", button=tr("Create 4 pictures"))
    if started:
        _go_to_step(page, card, 5, generation_id=started.id)
    if st.button(tr("Back"), icon=":material/arrow_back:"):
        page.go("influencers/wizard", id=card.id, step="4")


def _set_cover(page: Page, card: InfluencerCard, generation_id: str) -> None:
    """The first picture becomes the cover, so that the new card has a face."""
    with page.transaction(needs="editor") as tx:
        if pictures := generation.pictures_of(tx, generation_id):
            influencers.set_cover(tx, card.id, pictures[0].asset_id)
            influencers.save_setup(tx, card.id, done=True)


def _finished(page: Page, card: InfluencerCard, *, ok: bool) -> None:
    if ok:
        st.success(
            tr("{name} is ready. These pictures are in your gallery.", name=plain(card.name)), icon=":material/celebration:"
        )
    with st.container(horizontal=True):
        if ok and st.button(tr("Create more pictures"), type="primary", icon=":material/auto_awesome:"):
            page.go("create/pictures", influencer=card.id)
        if st.button(tr("Try another prompt here"), icon=":material/replay:"):
            _go_to_step(page, card, 5, generation_id=None)
        if ok and st.button(tr("Open the influencer"), icon=":material/person:"):
            page.go("influencers/influencers", id=card.id)
    if ok:
        _next_steps(page, card)


def _next_steps(page: Page, card: InfluencerCard) -> None:
    """The way on to a first post: a channel, and a week of posts."""
    with page.transaction() as tx:
        connected = any(channel.deleted_at is None for channel in channels.of(tx, card.id))
    st.markdown(tr("**Next**"))
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        if connected:
            st.markdown(tr(":green-badge[:material/check: Channel connected]"), width="stretch")
        else:
            st.markdown(tr("Connect an account, or start with a practice channel that nobody outside sees."), width="stretch")
            if st.button(tr("Connect a channel"), icon=":material/cell_tower:"):
                page.go("influencers/influencers", id=card.id, tab="channels")
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(tr("A week of posts with text and picture, as drafts in free slots."), width="stretch")
        if st.button(tr("Fill the week"), icon=":material/auto_awesome:", type="primary" if connected else "secondary"):
            bulk_dialog.open_dialog(page, [card], influencer=card.id)


STEP_BODIES: dict[int, Callable[[Page, InfluencerCard], None]] = {
    2: _pictures_step,
    3: _check_step,
    4: _training_step,
    5: _first_pictures_step,
}

"""Unsaved edits of a plan's form: stored until saved or discarded, restored when the plan is opened again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import streamlit as st
from sqlalchemy.orm import Session

from backend import content_plans
from backend.content_plans import Difference, PlanCard, PlanDraft, VariantDraft
from studio.shell.frame import Page
from studio.ui.format import clock_time, plain
from studio.ui.forms import open_form, opened_form, rebase_form, reload_form
from studio.ui.notices import toast_errors


@dataclass(frozen=True, slots=True)
class FilledForm:
    """What a plan's form was filled with. `before`: the plan as it was then; `start`: what the fields begin with: an unsaved
    edit (stored at `restored_at`), or `before` itself."""

    version: int
    before: PlanCard
    start: PlanDraft
    restored_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class EditedForm:
    """The form as it is on the screen. `saved`: the plan as it is stored now; `changed`: how `draft` differs from what the
    form was filled with."""

    key: str
    filled: FilledForm
    saved: PlanCard
    draft: PlanDraft
    changed: tuple[Difference, ...]

    @property
    def stale(self) -> bool:
        """Whether somebody has saved another version since the form was filled."""
        return self.saved.version != self.filled.version

    def save(self, tx: Session) -> PlanCard:
        """Saves the form if anything differs; returns the plan. Raises ChangedSince, Invalid, Conflict."""
        before = self.filled.before
        if not self.changed:
            return before
        draft = PlanDraft(**self.draft.model_dump())  # validates: model_copy, which put the fields together, does not
        after = content_plans.save(tx, before.id, draft, version=self.filled.version)
        content_plans.discard_unsaved_draft(tx, before.id)
        return after


def form_slot(plan_id: str) -> str:
    return f"plan:{plan_id}"


def fill_form(page: Page, saved: PlanCard) -> tuple[str, FilledForm]:
    """(prefix of the form's widget keys, what to fill it with). Read again when the form was not on the page before."""
    form = form_slot(saved.id)
    if opened_form(form) is None:
        _clear_fields(form)
    key, value = open_form(form, _read_form(page, saved) if opened_form(form) is None else None)
    assert isinstance(value, FilledForm)
    states = {post.id: post.state for post in saved.posts}  # states change by publishing, which is no edit
    posts_now = tuple(replace(post, state=states.get(post.id, post.state)) for post in value.before.posts)
    return key, replace(value, before=replace(value.before, posts=posts_now))


def update_filled(page: Page, saved: PlanCard) -> None:
    """After this session has changed the plan by another button: what was typed stays, and is compared with the new plan."""
    filled_form = opened_form(form_slot(saved.id))
    if filled_form and isinstance(filled_form[1], FilledForm):
        rebase_form(form_slot(saved.id), replace(filled_form[1], version=saved.version, before=saved))


def store(page: Page, edited: EditedForm) -> None:
    """Stores the unsaved edit, or deletes it when nothing differs any more."""
    plan_id, form = edited.filled.before.id, form_slot(edited.filled.before.id)
    st.session_state[f"{form}:edited"] = edited
    last_stored: PlanDraft | None = st.session_state.get(f"{form}:kept")
    if not page.can_edit or (edited.draft if edited.changed else None) == last_stored:
        return
    with page.transaction(needs="editor") as tx:
        if edited.changed:
            content_plans.save_unsaved_draft(
                tx, plan_id, edited.draft, before=edited.filled.before.draft(), version=edited.filled.version
            )
        else:
            content_plans.discard_unsaved_draft(tx, plan_id)
    st.session_state[f"{form}:kept"] = edited.draft if edited.changed else None


def store_at_close(page: Page, plan_id: str) -> None:
    """For the dialog's on_dismiss callback: stores also texts that arrived with the closing itself, which no run of the form
    has read yet."""
    edited: EditedForm | None = st.session_state.get(f"{form_slot(plan_id)}:edited")
    if edited is None or not page.can_edit:
        return
    draft = _with_texts(edited)
    changed = content_plans.differences(edited.filled.before.draft(), draft)
    with toast_errors():
        store(page, replace(edited, draft=draft, changed=changed))


def _with_texts(edited: EditedForm) -> PlanDraft:
    state = st.session_state
    plan_fields = {"topic": state.get(f"{edited.key}:first"), "notes": state.get(f"{edited.key}:notes")}
    variants = []
    for variant in edited.draft.variants:
        key = f"{edited.key}:{variant.channel_id}"
        text_key = caption_key(key)
        tags = state.get(f"{text_key}:tags")
        texts = {
            "caption": state.get(text_key),
            "hashtags": None if tags is None else content_plans.parse_hashtags(tags),
            "title": state.get(f"{key}:title"),
            "first_comment": state.get(f"{key}:comment"),
        }
        variants.append(variant.model_copy(update={name: _trimmed(text) for name, text in texts.items() if text is not None}))
    plan_texts = {name: _trimmed(text) for name, text in plan_fields.items() if text is not None}
    return edited.draft.model_copy(update={**plan_texts, "variants": tuple(variants)})


def caption_key(key: str) -> str:
    """Widget key of a post's caption. It changes when the studio writes the text, because a widget with the same key would
    keep its old value."""
    return f"{key}:caption:{st.session_state.get(f'{key}:written', 0)}"


def _trimmed(text: Any) -> Any:
    return text.strip() if isinstance(text, str) else text


def discard(page: Page, plan_id: str) -> None:
    """Deletes the unsaved edit; the form shows the saved plan again."""
    with page.transaction(needs="editor") as tx:
        content_plans.discard_unsaved_draft(tx, plan_id)
    reload_form(form_slot(plan_id))


def unsaved_notice(edited: EditedForm) -> str:
    """Which fields are not saved, as markdown."""
    fields = ", ".join(difference.field for difference in edited.changed[:4]) + (" …" if len(edited.changed) > 4 else "")
    restored_at = edited.filled.restored_at
    sentence = (
        f"Unsaved changes from {clock_time(restored_at, _zone(edited.saved))} restored" if restored_at else "Unsaved changes"
    )
    return f":orange[:material/edit_note:] {plain(sentence)}: {plain(fields)}"


def conflict_notice(page: Page, edited: EditedForm) -> None:
    """Notice that somebody else has changed the plan: the differences, and what to do with the unsaved changes."""
    with st.container(border=True, key=f"{edited.key}:stale"):
        st.markdown(
            ":orange[:material/sync_problem:] **Somebody else changed this post while you had it open.** Choose what to keep "
            "before you go on."
        )
        _difference_list(content_plans.differences(edited.filled.before, edited.saved))
        if edited.changed:
            st.markdown("**Your unsaved changes**")
            _difference_list(edited.changed)
        with st.container(horizontal=True):
            if edited.changed:
                st.button(
                    "Keep my changes",
                    type="primary",
                    key=f"{edited.key}:mine",
                    on_click=_rebase,
                    args=(page, edited),
                    help="What you changed stays in the form, on top of the newer version, and is saved with the next act.",
                )
            discard_button(page, edited, "Load the newer version")


def _difference_list(differences: Sequence[Difference]) -> None:
    st.markdown(
        "\n".join(f"- {plain(str(difference))}" for difference in differences) or "- Nothing that is seen from outside."
    )


def discard_button(page: Page, edited: EditedForm, label: str) -> None:
    st.button(label, key=f"{edited.key}:newer", on_click=discard, args=(page, edited.saved.id))


def _rebase(page: Page, edited: EditedForm) -> None:
    """Puts the unsaved changes on top of the newer version."""
    saved = edited.saved
    start = _merged(edited.filled.before.draft(), edited.draft, saved.draft())
    with page.transaction(needs="editor") as tx:
        content_plans.save_unsaved_draft(tx, saved.id, start, before=saved.draft(), version=saved.version)
    reload_form(form_slot(saved.id))


def _merged(before: PlanDraft, own_draft: PlanDraft, saved_draft: PlanDraft) -> PlanDraft:
    """Each field changed in `own_draft`, over `saved_draft`."""
    plan = {name: getattr(own_draft, name) for name in ("topic", "notes") if getattr(own_draft, name) != getattr(before, name)}
    if (own_draft.wall, own_draft.zone) != (before.wall, before.zone):
        plan |= {"wall": own_draft.wall, "zone": own_draft.zone}
    old, new = ({variant.channel_id: variant for variant in draft.variants} for draft in (before, saved_draft))
    variants = []
    for variant in own_draft.variants:
        if variant.channel_id in old and variant.channel_id not in new:
            continue  # somebody else has removed its post
        changed = {
            name: getattr(variant, name)
            for name in VariantDraft.model_fields
            if variant.channel_id not in old or getattr(variant, name) != getattr(old[variant.channel_id], name)
        }
        variants.append(new.get(variant.channel_id, variant).model_copy(update=changed))
    chosen = {variant.channel_id for variant in own_draft.variants}
    variants += [
        variant for variant in saved_draft.variants if variant.channel_id not in old and variant.channel_id not in chosen
    ]
    return saved_draft.model_copy(update={**plan, "variants": tuple(variants)})


def _read_form(page: Page, saved: PlanCard) -> FilledForm:
    with page.transaction() as tx:
        unsaved = content_plans.get_unsaved_draft(tx, saved.id) if page.can_edit else None
    st.session_state[f"{form_slot(saved.id)}:kept"] = unsaved.draft if unsaved else None
    if unsaved is None:
        return FilledForm(saved.version, saved, saved.draft())
    before = saved if unsaved.version == saved.version else _older_card(saved, unsaved.before, unsaved.version)
    return FilledForm(unsaved.version, before, unsaved.draft, unsaved.at)


def _older_card(saved: PlanCard, before: PlanDraft, version: int) -> PlanCard:
    """The plan's card as it was in an older version, with the posts that still exist."""
    variants_by_channel = {variant.channel_id: variant for variant in before.variants}
    posts = tuple(
        replace(post, **_post_fields(variants_by_channel[post.channel_id]))
        for post in saved.posts
        if post.channel_id in variants_by_channel
    )
    return replace(
        saved, topic=before.topic, notes=before.notes, wall=before.wall, zone=before.zone, version=version, posts=posts
    )


def _post_fields(variant: VariantDraft) -> dict[str, Any]:
    edits = {asset_id: edit.model_dump(mode="json", exclude_defaults=True) for asset_id, edit in variant.edits.items()}
    return {name: getattr(variant, name) for name in VariantDraft.model_fields if name != "channel_id"} | {"edits": edits}


def _clear_fields(form: str) -> None:
    """Deletes what the form stored in the session beside its widgets, such as chosen files, when it was last on the page."""
    for name in [str(key) for key in st.session_state if str(key).startswith(f"{form}:")]:
        del st.session_state[name]


def _zone(saved: PlanCard) -> str:
    browser_zone = st.context.timezone
    return browser_zone if isinstance(browser_zone, str) and browser_zone else saved.zone

"""What is typed into a plan's form: kept until it is saved, restored when the plan is opened again, saved with each act."""

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
from studio.ui.optimistic_form import open_form, opened_form, rebase_form, reload_form
from studio.ui.toasts import toast_errors


@dataclass(frozen=True, slots=True)
class Filled:
    """What a plan's form was filled with. `before`: the plan as it was then; `start`: what the fields begin with, which is
    what was typed earlier (at `restored_at`) or `before` itself."""

    version: int
    before: PlanCard
    start: PlanDraft
    restored_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Edited:
    """The form as it stands. `now`: the plan as it is saved; `changed`: what was typed that differs from what it was filled
    with."""

    key: str
    filled: Filled
    now: PlanCard
    draft: PlanDraft
    changed: tuple[Difference, ...]

    @property
    def stale(self) -> bool:
        """Somebody has saved another version since."""
        return self.now.version != self.filled.version

    def save(self, tx: Session) -> PlanCard:
        """The plan as it is on the screen, saved where it differs. Raises ChangedSince, Invalid, Conflict."""
        before = self.filled.before
        if not self.changed:
            return before
        draft = PlanDraft(**self.draft.model_dump())  # fields were put together unchecked
        after = content_plans.save(tx, before.id, draft, version=self.filled.version)
        content_plans.discard_unsaved_draft(tx, before.id)
        return after


def slot(plan_id: str) -> str:
    return f"plan:{plan_id}"


def fill(page: Page, now: PlanCard) -> tuple[str, Filled]:
    """(key of the form, what to fill it with). Read anew when the form was not on the page before."""
    form = slot(now.id)
    if opened_form(form) is None:
        _forget_fields(form)
    key, value = open_form(form, _fresh(page, now) if opened_form(form) is None else None)
    assert isinstance(value, Filled)
    states = {one.id: one.state for one in now.posts}  # what goes out, or failed, is not what the form was filled with
    posts_now = tuple(replace(one, state=states.get(one.id, one.state)) for one in value.before.posts)
    return key, replace(value, before=replace(value.before, posts=posts_now))


def follow(page: Page, now: PlanCard) -> None:
    """This very session has changed the saved plan by another button: what was typed stays, and is compared with it."""
    found = opened_form(slot(now.id))
    if found and isinstance(found[1], Filled):
        rebase_form(slot(now.id), replace(found[1], version=now.version, before=now))


def keep(page: Page, edited: Edited) -> None:
    """Keeps what is typed; or forgets it, when nothing differs any more."""
    plan_id, form = edited.filled.before.id, slot(edited.filled.before.id)
    st.session_state[f"{form}:edited"] = edited
    kept: PlanDraft | None = st.session_state.get(f"{form}:kept")
    if not page.can_edit or (edited.draft if edited.changed else None) == kept:
        return
    with page.transaction(needs="editor") as tx:
        if edited.changed:
            content_plans.save_unsaved_draft(
                tx, plan_id, edited.draft, before=edited.filled.before.draft(), version=edited.filled.version
            )
        else:
            content_plans.discard_unsaved_draft(tx, plan_id)
    st.session_state[f"{form}:kept"] = edited.draft if edited.changed else None


def keep_at_close(page: Page, plan_id: str) -> None:
    """In the callback of a dialog that closes: texts that came with the closing itself, which no run of the form has read."""
    edited: Edited | None = st.session_state.get(f"{slot(plan_id)}:edited")
    if edited is None or not page.can_edit:
        return
    draft = _with_texts(edited)
    changed = content_plans.differences(edited.filled.before.draft(), draft)
    with toast_errors():
        keep(page, replace(edited, draft=draft, changed=changed))


def _with_texts(edited: Edited) -> PlanDraft:
    held = st.session_state
    plan = {"topic": held.get(f"{edited.key}:first"), "notes": held.get(f"{edited.key}:notes")}
    variants = []
    for one in edited.draft.variants:
        key = f"{edited.key}:{one.channel_id}"
        words = words_key(key)
        tags = held.get(f"{words}:tags")
        texts = {
            "caption": held.get(words),
            "hashtags": None if tags is None else content_plans.parse_hashtags(tags),
            "title": held.get(f"{key}:title"),
            "first_comment": held.get(f"{key}:comment"),
        }
        variants.append(one.model_copy(update={name: _trimmed(text) for name, text in texts.items() if text is not None}))
    said = {name: _trimmed(text) for name, text in plan.items() if text is not None}
    return edited.draft.model_copy(update={**said, "variants": tuple(variants)})


def words_key(key: str) -> str:
    """Of a post's caption, which begins anew when it is written by the studio."""
    return f"{key}:caption:{st.session_state.get(f'{key}:written', 0)}"


def _trimmed(text: Any) -> Any:
    return text.strip() if isinstance(text, str) else text


def discard(page: Page, plan_id: str) -> None:
    """The form shows the saved plan again."""
    with page.transaction(needs="editor") as tx:
        content_plans.discard_unsaved_draft(tx, plan_id)
    reload_form(slot(plan_id))


def unsaved(edited: Edited) -> str:
    """What is not saved, as markdown."""
    what = ", ".join(one.field for one in edited.changed[:4]) + (" …" if len(edited.changed) > 4 else "")
    at = edited.filled.restored_at
    said = f"Unsaved changes from {clock_time(at, _zone(edited.now))} restored" if at else "Unsaved changes"
    return f":orange[:material/edit_note:] {plain(said)}: {plain(what)}"


def newer(page: Page, edited: Edited) -> None:
    """Somebody else has changed the plan: what, and what to do with one's own changes."""
    with st.container(border=True, key=f"{edited.key}:stale"):
        st.markdown(
            ":orange[:material/sync_problem:] **Somebody else changed this post while you had it open.** Choose what to keep "
            "before you go on."
        )
        _listed(content_plans.differences(edited.filled.before, edited.now))
        if edited.changed:
            st.markdown("**Your unsaved changes**")
            _listed(edited.changed)
        with st.container(horizontal=True):
            if edited.changed:
                st.button(
                    "Keep my changes",
                    type="primary",
                    key=f"{edited.key}:mine",
                    on_click=_over,
                    args=(page, edited),
                    help="What you changed stays in the form, on top of the newer version, and is saved with the next act.",
                )
            discard_button(page, edited, "Load the newer version")


def _listed(found: Sequence[Difference]) -> None:
    st.markdown("\n".join(f"- {plain(str(one))}" for one in found) or "- Nothing that is seen from outside.")


def discard_button(page: Page, edited: Edited, word: str) -> None:
    st.button(word, key=f"{edited.key}:newer", on_click=discard, args=(page, edited.now.id))


def _over(page: Page, edited: Edited) -> None:
    """What was changed by hand goes on top of the newer version; the rest is as somebody else made it."""
    now = edited.now
    start = _merged(edited.filled.before.draft(), edited.draft, now.draft())
    with page.transaction(needs="editor") as tx:
        content_plans.save_unsaved_draft(tx, now.id, start, before=now.draft(), version=now.version)
    reload_form(slot(now.id))


def _merged(before: PlanDraft, mine: PlanDraft, theirs: PlanDraft) -> PlanDraft:
    """Each field that was changed in `mine`, over `theirs`."""
    plan = {name: getattr(mine, name) for name in ("topic", "notes") if getattr(mine, name) != getattr(before, name)}
    if (mine.wall, mine.zone) != (before.wall, before.zone):
        plan |= {"wall": mine.wall, "zone": mine.zone}
    old, new = ({one.channel_id: one for one in draft.variants} for draft in (before, theirs))
    variants = []
    for one in mine.variants:
        if one.channel_id in old and one.channel_id not in new:
            continue  # its post was taken out by somebody else
        changed = {
            name: getattr(one, name)
            for name in VariantDraft.model_fields
            if one.channel_id not in old or getattr(one, name) != getattr(old[one.channel_id], name)
        }
        variants.append(new.get(one.channel_id, one).model_copy(update=changed))
    chosen = {one.channel_id for one in mine.variants}
    variants += [one for one in theirs.variants if one.channel_id not in old and one.channel_id not in chosen]
    return theirs.model_copy(update={**plan, "variants": tuple(variants)})


def _fresh(page: Page, now: PlanCard) -> Filled:
    with page.transaction() as tx:
        typed = content_plans.get_unsaved_draft(tx, now.id) if page.can_edit else None
    st.session_state[f"{slot(now.id)}:kept"] = typed.draft if typed else None
    if typed is None:
        return Filled(now.version, now, now.draft())
    before = now if typed.version == now.version else _as_it_was(now, typed.before, typed.version)
    return Filled(typed.version, before, typed.draft, typed.at)


def _as_it_was(now: PlanCard, before: PlanDraft, version: int) -> PlanCard:
    """The card of an older version, of posts that are still there."""
    there = {one.channel_id: one for one in before.variants}
    old = tuple(replace(one, **_content(there[one.channel_id])) for one in now.posts if one.channel_id in there)
    return replace(now, topic=before.topic, notes=before.notes, wall=before.wall, zone=before.zone, version=version, posts=old)


def _content(variant: VariantDraft) -> dict[str, Any]:
    edits = {one: edit.model_dump(mode="json", exclude_defaults=True) for one, edit in variant.edits.items()}
    return {name: getattr(variant, name) for name in VariantDraft.model_fields if name != "channel_id"} | {"edits": edits}


def _forget_fields(form: str) -> None:
    """What the form kept beside its widgets, as chosen files, when it was on the page the last time."""
    for name in [str(one) for one in st.session_state if str(one).startswith(f"{form}:")]:
        del st.session_state[name]


def _zone(now: PlanCard) -> str:
    mine = st.context.timezone
    return mine if isinstance(mine, str) and mine else now.zone

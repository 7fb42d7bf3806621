"""Many pictures at once: every combination of a grid, or every line of a list; counted before anything starts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st
from sqlalchemy.orm import Session

from backend import generation
from backend.errors import StudioError
from backend.generation import GenerationCard, GenerationDraft, Line, Plan
from studio.generation.generation_form import Choices
from studio.generation.grid_form import grid_form
from studio.shell.frame import Page
from studio.ui.format import count, takes
from studio.ui.request_key import renew, request_key

LARGE = 40
"""Pictures from which on a person is asked once more."""
Begin = Callable[[Session, str], GenerationCard]


def grid(page: Page, key: str, draft: GenerationDraft, choices: Choices) -> GenerationCard | None:
    """The axes below the form; returns the request just started."""
    axes = grid_form(key, draft, choices.models, choices.loras, disabled=not page.can_edit)
    if not axes:
        st.caption("Choose what changes, and its values.")
        return _button(page, key, None, lambda tx, wish: _never())
    with page.transaction() as tx:
        plan = generation.plan_grid(tx, draft=draft, axes=axes, models=choices.models)
    return _button(
        page, key, plan,
        lambda tx, wish: generation.start_grid(tx, draft=draft, axes=axes, models=choices.models, request_key=wish),
    )  # fmt: skip


def prompts_from_list(page: Page, key: str, draft: GenerationDraft, choices: Choices) -> GenerationCard | None:
    """The list below the form, proofread line by line; returns the request just started."""
    text = st.text_area(
        "One prompt a line", key=f"{key}:list", height=160, disabled=not page.can_edit,
        placeholder="portrait at the beach, smiling\nportrait in a cafe\nor a table: prompt, n, seed, size",
    )  # fmt: skip
    with st.expander("From a file", icon=":material/upload_file:"):
        file = st.file_uploader(
            "A .txt with one prompt a line, or a .csv", ["txt", "csv", "tsv"], key=f"{key}:file", max_upload_size=1,
            disabled=not page.can_edit,
        )  # fmt: skip
    said = file.getvalue().decode("utf-8", "replace") if file else text or ""
    if not said.strip():
        return _button(page, key, None, lambda tx, wish: _never())
    # What is written in the form's own prompt is of no use here: each line says its own.
    lines = generation.parse_list(said, draft.model_copy(update={"template": None}))
    with page.transaction() as tx:
        read = generation.proofread(tx, lines, models=choices.models)
        drafts = [line.draft for line in read if line.draft]
        plan = generation.plan(tx, drafts=drafts, models=choices.models) if drafts else None
    _preview(read)
    bad = len(read) - len(drafts)
    if bad:
        st.warning(f"{count(bad, 'line')} cannot be drawn and will be left out.", icon=":material/warning:")
    return _button(
        page, key, plan,
        lambda tx, wish: generation.start_list(tx, drafts=drafts, models=choices.models, request_key=wish),
    )  # fmt: skip


def _preview(lines: Sequence[Line]) -> None:
    """What is wrong stands beside the line's number; columns that say nothing are left out."""
    rows = [
        {
            "Line": line.number,
            "Problem": line.problem,
            "Prompt": line.said,
            "Pictures": str(line.draft.n) if line.draft else "",
            "Seed": str(line.draft.seed) if line.draft and line.draft.seed >= 0 else "",
            "Format": line.draft.size if line.draft else "",
        }
        for line in lines
    ]
    shown = [name for name in rows[0] if name in ("Line", "Prompt", "Pictures") or any(row[name] for row in rows)]
    st.dataframe([{name: row[name] for name in shown} for row in rows], hide_index=True)


def _button(page: Page, key: str, plan: Plan | None, begin: Begin) -> GenerationCard | None:
    """What it comes to, then the button; a large number is confirmed first."""
    sure = True
    if plan:
        st.caption(_told(plan))
        if plan.pictures > LARGE:
            sure = st.checkbox(
                f"Yes, draw {plan.pictures} pictures", key=f"{key}:sure:{plan.pictures}", disabled=not page.can_edit
            )
    label = f"Create {count(plan.pictures, 'picture')}" if plan else "Create pictures"
    wish = request_key(key)
    ready = page.can_edit and plan is not None and sure
    if not st.button(label, type="primary", icon=":material/auto_awesome:", width="stretch", disabled=not ready):
        return None
    with page.transaction(needs="editor") as tx:
        card = begin(tx, wish)
    renew(key)
    return card


def _told(plan: Plan) -> str:
    said = []
    if plan.grid and len(plan.grid.axes) > 1:
        said.append(f"{' × '.join(str(len(axis.labels)) for axis in plan.grid.axes)} = {count(plan.pictures, 'picture')}")
    else:
        said.append(count(plan.pictures, "picture"))
    if plan.models > 1:
        said.append(count(plan.models, "model"))
    said.append(takes(plan.seconds, plan.load_s) if plan.seconds else "no estimate yet: nothing was drawn with this model here")
    said.append(f"after {count(plan.ahead, 'request')}" if plan.ahead else "starts at once")
    return " · ".join(said) + ". Single requests go first meanwhile."


def _never() -> GenerationCard:
    raise StudioError("There is nothing to draw yet.")

"""Many pictures in one request: a grid or a list, with a preview of how many there will be."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st
from sqlalchemy.orm import Session

from backend import generation
from backend.errors import StudioError
from backend.generation import AxisDraft, GenerationCard, GenerationDraft, ListLine, RequestPreview
from backend.language import tr, tr_lazy, tr_plural, worded
from studio.generation import create_form
from studio.generation.create_form import CreateForm
from studio.generation.generation_form import GenerationChoices
from studio.generation.generation_grid import grid_form
from studio.shell.frame import Page
from studio.ui.format import estimated_duration
from studio.ui.forms import renew_request_key, request_key

CONFIRM_FROM = 40
"""A request for more pictures than this has to be confirmed."""
_COLUMNS = {
    "Line": tr_lazy("Line"),
    "Problem": tr_lazy("Problem"),
    "Prompt": tr_lazy("Prompt"),
    "Pictures": tr_lazy("Pictures"),
    "Seed": tr_lazy("Seed"),
    "Format": tr_lazy("Format"),
}
"""Of the table of a list's lines."""
StartRequest = Callable[[Session, str], GenerationCard]


def axes_form(page: Page, form: CreateForm, draft: GenerationDraft, choices: GenerationChoices) -> tuple[AxisDraft, ...]:
    """The axes of a grid as they stand now. Raises backend.errors.Invalid."""
    return grid_form(f"{form.key}:grid", draft, choices.models, choices.loras, start=form.axes, disabled=not page.can_edit)


def list_form(page: Page, form: CreateForm) -> str:
    """The list as it stands now: what is typed, or the file's text."""
    key = f"{form.key}:list"
    text = st.text_area(
        tr("One prompt per line"),
        form.list_text,
        key=f"{key}:list",
        height=160,
        disabled=not page.can_edit,
        placeholder=tr(
            "portrait at the beach, smiling\nportrait in a cafe\nor a table: {columns}", columns="prompt, n, seed, size"
        ),
        on_change=create_form.keep_list,
        args=(page, f"{key}:list"),
    )
    with st.expander(tr("From a file"), icon=":material/upload_file:"):
        file = st.file_uploader(
            tr("A .txt with one prompt per line, or a .csv"),
            ["txt", "csv", "tsv"],
            key=f"{key}:file",
            max_upload_size=1,
            disabled=not page.can_edit,
        )
    return file.getvalue().decode("utf-8", "replace") if file else text or ""


def start_grid_bar(
    page: Page, form: CreateForm, draft: GenerationDraft, choices: GenerationChoices, submitted: bool
) -> GenerationCard | None:
    """How many pictures the grid has, and the button; returns the request just started."""
    key, axes = f"{form.key}:grid", form.axes
    if not axes:
        st.caption(tr("Choose what changes, and its values."))
        return _start_button(page, key, None, lambda tx, idempotency_key: _nothing_to_draw(), submitted)
    with page.transaction() as tx:
        plan = generation.preview_grid(tx, draft=draft, axes=axes, models=choices.models)
    return _start_button(
        page,
        key,
        plan,
        lambda tx, idempotency_key: generation.start_grid(
            tx, draft=draft, axes=axes, models=choices.models, request_key=idempotency_key
        ),
        submitted,
    )


def start_list_bar(
    page: Page, form: CreateForm, draft: GenerationDraft, choices: GenerationChoices, submitted: bool
) -> GenerationCard | None:
    """The list, checked line by line, and the button; returns the request just started."""
    key = f"{form.key}:list"
    if not form.list_text.strip():
        return _start_button(page, key, None, lambda tx, idempotency_key: _nothing_to_draw(), submitted)
    # The form's template is dropped: each line has a prompt of its own.
    lines = generation.parse_list(form.list_text, draft.model_copy(update={"template": None}))
    with page.transaction() as tx:
        checked = generation.check_lines(tx, lines, models=choices.models)
        drafts = [line.draft for line in checked if line.draft]
        plan = generation.preview(tx, drafts=drafts, models=choices.models) if drafts else None
    _preview(checked)
    bad = len(checked) - len(drafts)
    if bad:
        st.warning(
            tr_plural("{n:,} line cannot be used and will be skipped.", "{n:,} lines cannot be used and will be skipped.", bad),
            icon=":material/warning:",
        )
    return _start_button(
        page,
        key,
        plan,
        lambda tx, idempotency_key: generation.start_list(
            tx, drafts=drafts, models=choices.models, request_key=idempotency_key
        ),
        submitted,
    )


def _preview(lines: Sequence[ListLine]) -> None:
    """The lines as a table, problems beside the line numbers; empty columns are left out."""
    rows = [
        {
            "Line": line.number,
            "Problem": worded(line.problem),
            "Prompt": line.prompt,
            "Pictures": str(line.draft.n) if line.draft else "",
            "Seed": str(line.draft.seed) if line.draft and line.draft.seed >= 0 else "",
            "Format": line.draft.size if line.draft else "",
        }
        for line in lines
    ]
    shown = [name for name in rows[0] if name in ("Line", "Prompt", "Pictures") or any(row[name] for row in rows)]
    st.dataframe([{worded(_COLUMNS[name]): row[name] for name in shown} for row in rows], hide_index=True)


def _start_button(
    page: Page, key: str, plan: RequestPreview | None, start_request: StartRequest, submitted: bool
) -> GenerationCard | None:
    """The preview and the button; a large request has to be confirmed first."""
    confirmed = True
    if plan:
        st.caption(_summary(plan))
        if plan.pictures > CONFIRM_FROM:
            confirmed = st.checkbox(
                tr("Yes, create {n:,} pictures", n=plan.pictures),
                key=f"{key}:sure:{plan.pictures}",
                disabled=not page.can_edit,
            )
    label = tr_plural("Create {n:,} picture", "Create {n:,} pictures", plan.pictures) if plan else tr("Create pictures")
    idempotency_key = request_key(key)
    ready = page.can_edit and plan is not None and confirmed
    pressed = st.button(
        label, type="primary", icon=":material/auto_awesome:", width="stretch", disabled=not ready, help="Ctrl+Enter"
    )
    if not (pressed or (submitted and ready)):
        return None
    with page.transaction(needs="editor") as tx:
        card = start_request(tx, idempotency_key)
    renew_request_key(key)
    return card


def _summary(plan: RequestPreview) -> str:
    pictures = tr_plural("{n:,} picture", "{n:,} pictures", plan.pictures)
    if plan.grid and len(plan.grid.axes) > 1:
        pictures = f"{' × '.join(str(len(axis.labels)) for axis in plan.grid.axes)} = {pictures}"
    parts = [pictures]
    if plan.models > 1:
        parts.append(tr_plural("{n:,} model", "{n:,} models", plan.models))
    parts.append(estimated_duration(plan.seconds, plan.load_s) if plan.seconds else tr("no estimate yet for this model"))
    parts.append(tr_plural("after {n:,} request", "after {n:,} requests", plan.ahead) if plan.ahead else tr("starts now"))
    return " · ".join(parts) + "; " + tr("single pictures go first")


def _nothing_to_draw() -> GenerationCard:
    raise StudioError(tr_lazy("There is nothing to create yet."))

"""Forms of a workflow: its file; its name and which inputs take which value."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from backend import workflows
from backend.errors import Invalid
from backend.language import tr, tr_lazy, worded
from backend.workflows import WorkflowCard, WorkflowDraft, WorkflowEdit

_MAIN_ROLES = (
    "prompt",
    "negative",
    "seed",
    "steps",
    "cfg",
    "width",
    "height",
    "checkpoint",
    "lora",
    "picture",
    "strength",
    "prefix",
)
_EXPORT_HELP = tr_lazy(
    "In ComfyUI open the workflow and choose **Workflow → Export (API)** (in older versions: turn on "
    "Dev mode in the settings, then **Save (API Format)**). Name its nodes “Positive prompt”, "
    "“Negative prompt”, “Sampler”, “Size”, “LoRA”, “Picture” there, and they are found by these "
    "titles; otherwise by how they are connected."
)


def import_form(key: str) -> WorkflowDraft | None:
    """The draft once the button was pressed, else None. Raises Invalid."""
    st.caption(worded(_EXPORT_HELP))
    file = st.file_uploader(tr("Workflow file (JSON)"), type=["json"], key=f"{key}:file")
    pasted = st.text_area(tr("or paste it here"), key=f"{key}:text", height=110, max_chars=workflows.MAX_GRAPH_CHARS)
    file_name = Path(file.name).stem.replace("_", " ")[:80] if file else ""
    name = st.text_input(tr("Name"), file_name, key=f"{key}:name:{file_name}", max_chars=80)
    notes = st.text_area(tr("Notes"), key=f"{key}:notes", height=70, max_chars=4000, placeholder=tr("What it is good for"))
    if not st.button(tr("Import"), type="primary", icon=":material/download:", key=f"{key}:go"):
        return None
    if not file and not pasted.strip():
        raise Invalid(tr_lazy("Choose the file that ComfyUI saved, or paste its text."))
    return WorkflowDraft(name=name, notes=notes, text=_text(file.getvalue()) if file else pasted)


def edit_form(key: str, card: WorkflowCard, *, disabled: bool) -> WorkflowEdit | None:
    """Name, notes and one field a role; the edit once the button was pressed, else None. Raises Invalid."""
    with st.form(key, border=False):
        name = st.text_input(tr("Name"), card.name, max_chars=80, disabled=disabled)
        notes = st.text_area(tr("Notes"), card.notes, height=70, max_chars=4000, disabled=disabled)
        st.markdown(tr("**Inputs**"))
        st.caption(tr("What Create fills in. Inputs without a choice stay as in the workflow."))
        shown = [role for role in workflows.ROLES if role in _MAIN_ROLES or card.mapping.get(role)]
        mapping = {role: _role_field(key, card, role, disabled) for role in shown}
        with st.expander(tr("More inputs"), icon=":material/more_horiz:"):
            for role in workflows.ROLES:
                if role not in shown and workflows.slot_choices(card.graph, role):
                    mapping[role] = _role_field(key, card, role, disabled)
        pressed = st.form_submit_button(tr("Save"), type="primary", disabled=disabled)
    if not pressed:
        return None
    return WorkflowEdit(name=name, notes=notes, mapping={role: picks for role, picks in mapping.items() if picks})


def _role_field(key: str, card: WorkflowCard, role: str, disabled: bool) -> tuple[tuple[str, str], ...]:
    bound = list(card.mapping.get(role, ()))
    options = list(dict.fromkeys([*bound, *workflows.slot_choices(card.graph, role)]))
    chosen: list[workflows.InputSlot] = st.multiselect(
        worded(workflows.ROLES[role]),
        options,
        default=bound,
        format_func=lambda slot: _slot_label(card, slot),
        key=f"{key}:{role}",
        disabled=disabled,
        placeholder=tr("Nothing"),
        help=tr("Every input chosen here gets it.") if len(bound) > 1 else None,
    )
    return tuple((slot.node, slot.input) for slot in chosen)


def _slot_label(card: WorkflowCard, slot: workflows.InputSlot) -> str:
    value = str(card.graph[slot.node]["inputs"].get(slot.input, ""))
    short = value if len(value) <= 24 else value[:23] + "…"
    return f"{workflows.node_label(card.graph, slot.node)} · {slot.input} = {short}"


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid(tr_lazy("This file is not a workflow. Choose the JSON file that ComfyUI saved.")) from error

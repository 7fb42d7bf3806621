"""An automation while somebody changes it: what is on the page and not saved, kept for this tab."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import streamlit as st
from pydantic import TypeAdapter

from backend.automations import AutomationCard, AutomationDraft, Template
from backend.automations.definition import Step, Trigger
from backend.errors import Invalid
from backend.language import tr, worded

Values = dict[str, Any]
"""An AutomationDraft as JSON; unlike one it may be unfinished."""
_EMPTY: Values = {
    "name": "",
    "trigger": {"kind": "hand"},
    "steps": [],
    "influencer_ids": [],
    "budget_usd": None,
    "alert_percent": 50,
}
_STEP: TypeAdapter[Step] = TypeAdapter(Step)
_TRIGGER: TypeAdapter[Trigger] = TypeAdapter(Trigger)


@dataclass(slots=True)
class WorkingCopy:
    """`saved` None: it is new. `version`: of what it was read from. `round`: part of the keys of widgets, which start anew when
    it is read again. `dialogs`: how many were opened. `saved_id`: the automation that a new one became."""

    key: str
    version: int
    saved: Values | None
    values: Values
    round: int = 0
    dialogs: int = 0
    saved_id: str = ""
    conflict: str = ""

    @property
    def changed(self) -> bool:
        return self.values != self.saved

    @property
    def trigger(self) -> Trigger:
        return _TRIGGER.validate_python(self.values["trigger"])

    @property
    def steps(self) -> list[Step]:
        return [_STEP.validate_python(step) for step in self.values["steps"]]

    def widget(self, name: str) -> str:
        """Key of a widget of this round."""
        return f"{self.key}:{self.round}:{name}"

    def draft(self) -> AutomationDraft:
        """Raises Invalid."""
        return AutomationDraft(**self.values)

    def problem(self) -> str:
        """Why it cannot be saved as it is; "": it can."""
        try:
            self.draft()
        except Invalid as error:
            return error.message
        return ""


def open_saved(card: AutomationCard) -> WorkingCopy:
    """What is being changed of an automation. What nobody has changed here follows what others save."""
    key = f"automation:{card.id}"
    edited: WorkingCopy | None = st.session_state.get(key)
    if edited is None:
        edited = st.session_state[key] = WorkingCopy(key, card.version, _values(card.draft), _values(card.draft))
    elif card.version != edited.version and not edited.changed:
        take_newer(edited, card)
    return edited


def open_new(source: str, start: Values) -> WorkingCopy:
    """A new automation. `source`: the template or the automation that it is made from."""
    key = f"automation:new:{source}"
    edited: WorkingCopy | None = st.session_state.get(key)
    if edited is None:
        edited = st.session_state[key] = WorkingCopy(key, 0, None, deepcopy(start))
    return edited


def close(edited: WorkingCopy) -> None:
    st.session_state.pop(edited.key, None)


def take_newer(edited: WorkingCopy, card: AutomationCard) -> None:
    """Drops what is not saved."""
    edited.version, edited.saved, edited.values = card.version, _values(card.draft), _values(card.draft)
    edited.round, edited.conflict, edited.saved_id = edited.round + 1, "", ""


def discard(edited: WorkingCopy) -> None:
    if edited.saved is not None:
        edited.values = deepcopy(edited.saved)
    edited.round += 1


def move_step(edited: WorkingCopy, n: int, by: int) -> None:
    steps = edited.values["steps"]
    steps.insert(n + by, steps.pop(n))


def remove_step(edited: WorkingCopy, n: int) -> None:
    del edited.values["steps"][n]


def empty_values() -> Values:
    """One without steps."""
    return {**deepcopy(_EMPTY), "name": tr("New automation")}


def template_values(template: Template) -> Values:
    """A template with its name and messages in the language of the reader."""
    values = _values(template.draft)
    steps = [{**step, "message": worded(step["message"])} if "message" in step else step for step in values["steps"]]
    return {**values, "name": worded(values["name"]), "steps": steps}


def start_values(draft: AutomationDraft) -> Values:
    return _values(draft)


def _values(draft: AutomationDraft) -> Values:
    return draft.model_dump(mode="json")

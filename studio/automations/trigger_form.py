"""The form of what starts an automation, in a dialog; times are said in words, with the next three, as they are chosen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Any

import streamlit as st

from backend import automations
from backend.automations import EVENTS, WEEKDAYS
from backend.automations.definition import CronTrigger, EventTrigger
from backend.errors import Invalid
from backend.influencers import InfluencerCard
from backend.kit.clock import now
from backend.language import tr
from studio.automations import words
from studio.automations.fields import Fields
from studio.automations.schedule import LAST_DAY, PRESET_LABELS, Preset, PresetKind, cron_line, preset_of
from studio.automations.working_copy import WorkingCopy
from studio.ui.format import plain

_DEFAULT_LINE = "0 9 * * *"


def open_trigger(edited: WorkingCopy, influencer: InfluencerCard | None) -> None:
    """`influencer`: where the next times are shown; None: there is none yet."""
    edited.dialogs += 1
    key = edited.widget(f"trigger:{edited.dialogs}")

    st.dialog(tr("What starts it"), width="medium")(trigger_fields)(edited, key, influencer)


def trigger_fields(edited: WorkingCopy, key: str, influencer: InfluencerCard | None) -> None:
    fields = Fields(key, {"kind": edited.values["trigger"]["kind"]})
    kind = fields.choice("kind", tr("Start"), words.TRIGGER_LABELS)
    own, values = _own_fields(edited, key, kind, influencer)
    if st.button(tr("Change"), type="primary", key=f"{key}:apply"):
        try:
            trigger = words.TRIGGER_CLASSES[kind](**values)
        except Invalid as error:
            own.refuse(error)
            return
        edited.values["trigger"] = trigger.model_dump(mode="json")
        st.rerun()


def _own_fields(
    edited: WorkingCopy, key: str, kind: str, influencer: InfluencerCard | None
) -> tuple[Fields, Mapping[str, Any]]:
    """The fields of a kind of trigger, and its values."""
    trigger = edited.trigger
    if kind == "cron":
        fields = Fields(key, {"line": trigger.cron if isinstance(trigger, CronTrigger) else _DEFAULT_LINE})
        return fields, {"cron": _times(fields, influencer)}
    if kind == "event":
        fields = Fields(key, {"event": trigger.event if isinstance(trigger, EventTrigger) else "post.approved"})
        return fields, {"event": fields.choice("event", tr("Event"), EVENTS)}
    if kind == "webhook":
        st.caption(tr("It gets a secret address once it is saved. Anybody who has the address can start it."))
    return Fields(key, {}), {}


def _times(fields: Fields, influencer: InfluencerCard | None) -> str:
    """The cron line that is chosen, with what it means."""
    preset = preset_of(fields.start["line"])
    chosen = Fields(
        fields.key,
        {"preset": preset.kind, "at": f"{preset.at:%H:%M}", "weekday": str(preset.weekday), "day": preset.day},
    )
    kind: PresetKind = chosen.choice("preset", tr("How often"), PRESET_LABELS)  # type: ignore[arg-type, assignment]
    if kind == "custom":
        line = fields.text(
            "line", tr("Cron line"), max_chars=100, help=tr("Five fields: minute, hour, day of the month, month, weekday.")
        )
    else:
        weekday = (
            int(chosen.choice("weekday", tr("Day"), {str(n): day for n, day in enumerate(WEEKDAYS)})) if kind == "week" else 0
        )
        day = chosen.number("day", tr("Day of the month"), 1, LAST_DAY) if kind == "month" else 1
        at = time.fromisoformat(chosen.clock("at", tr("Time")))
        line = cron_line(Preset(kind, at, weekday, day))
    try:
        trigger = CronTrigger(cron=line)
    except Invalid as error:
        fields.refuse(error)
        return line
    when = tr("**{when}**, in the influencer's time zone.", when=plain(words.cron_text(trigger.cron)))
    st.markdown(f":material/schedule: {when}")
    if influencer:
        _next_times(trigger, influencer)
    return line


def _next_times(trigger: CronTrigger, influencer: InfluencerCard) -> None:
    zone = influencer.time_zone
    times = ", ".join(words.next_text(at, zone) for at in automations.next_times(trigger.cron, zone, now()))
    st.caption(tr("Next for {name}: {times}", name=plain(influencer.name), times=plain(times)))

"""Files, folders and ZIPs straight to storage: four at a time, each with progress and retry, none through Python."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from backend.language import tr_lazy, worded
from studio.ui.browser_component import load

PICTURE_SUFFIXES = ".jpg,.jpeg,.png,.webp,.heic,.heif,.tif,.tiff,.bmp,.avif"
VIDEO_SUFFIXES = ".mp4,.mov,.m4v,.webm,.mkv"

_component = load(__file__)


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A finished batch: how many files were stored, were there already, failed (the list shows why); ids of all that are
    there."""

    stored: int
    skipped: int
    failed: int
    ids: list[str]


def uploader(
    key: str,
    *,
    workspace: str,
    noun: str,
    noun_id: str,
    accept: str,
    max_bytes: int,
    label: str = tr_lazy("Drop pictures, a folder or a ZIP here"),
    hint: str = "",
    folders: bool = True,
    multiple: bool = True,
    on_done: Callable[[Uploaded], None],
) -> None:
    """Draws the drop zone. `on_done` runs once a batch has finished, before the page does.

    `accept`: extensions as of an HTML file input; `max_bytes`: per picture file, checked again by the server.
    """
    data: dict[str, Any] = {
        "workspace": workspace,
        "noun": noun,
        "nounId": noun_id,
        "accept": accept,
        "maxBytes": max_bytes,
        "label": worded(label),
        "hint": worded(hint),
        "folders": folders,
        "multiple": multiple,
    }

    def done() -> None:
        if event := st.session_state[key].get("done"):
            on_done(Uploaded(**{name: event[name] for name in ("stored", "skipped", "failed", "ids")}))

    _component(key=key, data=data, on_done_change=done)

"""A labelled grid of pictures that fills while they are drawn: one table for each value of the third axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from backend.generation import Grid
from backend.language import worded
from studio.ui.browser_component import ignore, load

_component = load(__file__)


def xyz_grid(
    key: str, *, workspace: str, grid: Grid, pictures: Mapping[int, tuple[str, str, str]], ratio: str, poll_url: str = ""
) -> str | None:
    """`pictures`: number -> (id, thumbnail URL, prompt); `poll_url` as of `gallery`. Returns the id of one just opened."""
    axes: Sequence[Any] = [{"title": worded(axis.title), "labels": list(axis.labels)} for axis in grid.axes]
    data: dict[str, Any] = {
        "workspace": workspace,
        "axes": axes,
        "ratio": ratio,
        "poll": poll_url,
        "cells": {str(n): {"id": picture[0], "src": picture[1], "alt": picture[2]} for n, picture in pictures.items()},
    }
    result = _component(key=key, data=data, on_opened_change=ignore, on_filled_change=ignore)
    opened = result.get("opened")
    return str(opened["id"]) if opened else None

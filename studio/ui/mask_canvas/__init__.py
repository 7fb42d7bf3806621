"""Paint over a part of a picture: brush, eraser, rectangle, invert, undo, zoom; by mouse, finger or keyboard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import streamlit as st

from backend.language import tr_lazy, worded
from studio.ui.browser_component import ignore, load

_component = load(__file__)
LONGEST_SIDE = 1536


@dataclass(frozen=True, slots=True)
class MaskTexts:
    """`blank`, `used`, `unused`: states of the mask. `use`: label of the button, empty: the page has one of its own. `picture`:
    alternative text of the picture."""

    blank: str = tr_lazy("Paint over what should change.")
    used: str = tr_lazy("✓ This mask is used.")
    unused: str = tr_lazy("Painted, not used yet.")
    use: str = tr_lazy("Use this mask")
    picture: str = tr_lazy("The picture to change")


@dataclass(frozen=True, slots=True)
class MaskState:
    """`dirty`: painted on since the last upload. `blank`: nothing is painted."""

    dirty: bool = False
    blank: bool = True


def mask_canvas(
    key: str,
    *,
    workspace: str,
    asset_id: str,
    src: str,
    width: int,
    height: int,
    in_use: bool,
    on_done: Callable[[str], None],
    noun: tuple[str, str] = ("generation", "mask"),
    saved: str = "",
    words: MaskTexts | None = None,
    disabled: bool = False,
    tall: bool = False,
    send_request: int = 0,
) -> MaskState:
    """`src`: the picture under the mask, `width` and `height` its size in px. `on_done(upload_id)` runs when a mask was
    uploaded: by the button, or because `send_request` has gone up.

    `asset_id`: identifies the painting, which is kept while it stays the same. `in_use`: the caller uses the last mask. `noun`:
    owner of the upload. `saved`: address of the mask to start from. `tall`: as wide as the page, as high as the window allows.
    """
    scale = min(1.0, LONGEST_SIDE / max(width, height))
    data: dict[str, Any] = {
        "workspace": workspace,
        "asset": asset_id,
        "src": src,
        "inUse": in_use,
        "noun": noun[0],
        "nounId": noun[1],
        "width": max(64, round(width * scale)),
        "height": max(64, round(height * scale)),
        "mask": saved,
        "texts": {name: worded(text) for name, text in asdict(words or MaskTexts()).items()},
        "disabled": disabled,
        "tall": tall,
        "sendRequest": send_request,
    }

    def done() -> None:
        if event := st.session_state[key].get("done"):
            on_done(str(event["id"]))

    painted = _component(key=key, data=data, on_done_change=done, on_painted_change=ignore).get("painted")
    return MaskState(bool(painted["dirty"]), bool(painted["blank"])) if painted else MaskState(blank=not saved)

"""Registers a component from the .js and .css files beside its module; `shared.*` goes in front of each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

HERE = Path(__file__).parent


def load(name: str, *parts: str) -> ComponentRenderer:
    """`name` is the folder: `<name>/<name>.js` with a default export, `<name>/<name>.css`.

    `parts`: the folder's files instead, in order, the last one with the default export; a part without .css has none.
    """
    files = parts or (name,)
    css = _read("shared.css") + "".join(_read(f"{name}/{one}.css") for one in files if (HERE / name / f"{one}.css").exists())
    js = _read("shared.js") + "".join(_read(f"{name}/{one}.js") for one in files)
    return st.components.v2.component(f"studio_{files[-1]}", html='<div class="root">\n</div>', css=css, js=js)


def ignore() -> None:
    """A trigger's callback for callers that read the mounted result instead."""


def _read(file: str) -> str:
    return (HERE / file).read_text(encoding="utf-8") + "\n"

"""Registers a component from the .js and .css files beside its module; `shared.*` goes in front of each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

HERE = Path(__file__).parent


def load(name: str) -> ComponentRenderer:
    """`name` is the folder: `<name>/<name>.js` with a default export, `<name>/<name>.css`."""
    css = _read("shared.css") + _read(f"{name}/{name}.css")
    js = _read("shared.js") + _read(f"{name}/{name}.js")
    return st.components.v2.component(f"studio_{name}", html='<div class="root">\n</div>', css=css, js=js)


def ignore() -> None:
    """A trigger's callback for callers that read the mounted result instead."""


def _read(file: str) -> str:
    return (HERE / file).read_text(encoding="utf-8") + "\n"

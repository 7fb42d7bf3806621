"""Registers a browser component (Streamlit components v2): its ES modules as one script, with the styles beside them.

A component is for what Streamlit has no widget for, and talks to our own API. It is a folder beside the pages of its noun, or
in `studio/ui` where several nouns draw it: its Python side, and ES modules whose types are in JSDoc. What needs no page
(queries, layout, selection, undo) stands in modules of its own, with a `.test.js` beside it. `bin/check_browser_code.sh` (in
`make check`) checks format, lint and types, and tests.

Streamlit runs a component's script from a blob, where relative imports resolve to nothing. So the modules that an entry imports
are put one after the other into one script. That keeps a component one message without further requests, and needs no build
step. It works because the modules keep two rules, checked here: named imports of relative paths only, and a top-level name is
declared once among the modules of a component.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import streamlit as st

from backend.language import Reader, reader, translations
from backend.language.extraction import sentences_of


class Renderer(Protocol):
    """Streamlit's own, which gets the words of the component with its data."""

    def __call__(self, *, data: Mapping[str, Any] | None = None, **arguments: Any) -> Any: ...


SHARED = Path(__file__).parent / "shared"
_IMPORT = re.compile(r'^import \{([^}]*)\} from "(\.[^"]+\.js)"\n', re.MULTILINE)
_DECLARATION = re.compile(r"^(?:export )?(?:async )?(?:const|let|function|class) (\w+)", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:const|let|function|class) )", re.MULTILINE)
_UNLINKED = re.compile(r"^(?:import\b|export (?!default\b)).*", re.MULTILINE)
_COMMENT = re.compile(r"^[ \t]*(?:/\*\*(?:(?!\*/).)*\*/[ \t]*|//[^\n]*)\n", re.MULTILINE | re.DOTALL)
_DEFAULT = re.compile(r"^export default\b", re.MULTILINE)


def load(package_file: str, entry: str = "") -> Renderer:
    """The component whose script starts at `<entry>.js` beside `package_file` (the `__file__` of its folder's `__init__`).

    The entry, by default named as the folder, has a default export. The styles are `shared.css` and, for each module, the .css
    file of the same name beside it.
    """
    folder = Path(package_file).parent
    entry = entry or folder.name
    modules = modules_in_order(folder / f"{entry}.js")
    styles = [SHARED / "shared.css", *(path.with_suffix(".css") for path in modules)]
    css = "".join(_read(path) for path in styles if path.exists())
    component = st.components.v2.component(f"studio_{entry}", html='<div class="root">\n</div>', css=css, js=link(modules))

    def worded_component(*, data: Mapping[str, Any] | None = None, **arguments: Any) -> Any:
        words = component_words(tuple(modules), reader())
        return component(data={**(data or {}), **({"words": words} if words else {})}, **arguments)

    return worded_component


def component_words(modules: tuple[Path, ...], person: Reader) -> dict[str, Any]:
    """What `ui/shared/words.js` needs to word a component's sentences and to draw its dates; {} for what it assumes."""
    habits = {"firstDay": (1 + (person.first_weekday or 0)) % 7, "hours": person.hours or 24}
    if person.language == "en" and habits == {"firstDay": 1, "hours": 24}:
        return {}
    return {"language": person.language, "texts": _component_texts(modules, person.language), **habits}


@cache
def _component_texts(modules: tuple[Path, ...], language: str) -> dict[str, str | list[str]]:
    """English sentence -> its translation, or both forms of one with a number."""
    texts: dict[str, str | list[str]] = {}
    catalogue = translations(language)
    for module in modules if language != "en" else ():
        for (_, template, plural), _ in sentences_of(module):
            texts[template] = (
                [catalogue.ngettext(template, plural, n) for n in (1, 2)] if plural else catalogue.gettext(template)
            )
    return texts


def ignore() -> None:
    """A trigger's callback for callers that read the mounted result instead."""


def modules_in_order(entry: Path) -> list[Path]:
    """Every module that `entry` reaches by imports, each after those it imports; `entry` itself is the last."""
    ordered: list[Path] = []
    visited: set[Path] = set()

    def visit(module: Path) -> None:
        if module in visited:
            return
        visited.add(module)
        for imported in _IMPORT.finditer(_read(module)):
            visit((module.parent / imported[2]).resolve())
        ordered.append(module)

    visit(entry.resolve())
    return ordered


def link(modules: list[Path]) -> str:
    """One script of the modules, in their order, without the comments that have lines of their own.

    Raises ValueError when the modules cannot share one scope.
    """
    declared: dict[str, Path] = {}
    parts = []
    for module in modules:
        source = _read(module)
        if " as " in "".join(imported[1] for imported in _IMPORT.finditer(source)):
            raise ValueError(f"{module.name} renames what it imports: the modules of a component share one scope.")
        source = _EXPORT.sub("", _COMMENT.sub("", _IMPORT.sub("", source)))
        if other := _UNLINKED.search(source):
            raise ValueError(f"{module.name} has a line that cannot be linked: {other[0]}")
        if bool(_DEFAULT.search(source)) != (module == modules[-1]):
            raise ValueError(f"{module.name}: the entry of a component, and no other module, has a default export.")
        for name in _DECLARATION.findall(source):
            if name in declared:
                raise ValueError(f"{name} is declared in {declared[name].name} and in {module.name}.")
            declared[name] = module
        parts.append(source.strip("\n") + "\n")
    return "".join(parts)


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8") + "\n"

"""Nothing a person typed is read as markdown: names and the like go through `plain()` on their way into a label or a text."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from backend.settings import ROOT

TYPED = {
    "name",
    "email",
    "filename",
    "trigger_word",
    "prompt",
    "topic",
    "notes",
    "run_name",
    "influencer_name",
    "channel_name",
    "said",
}
READ_AS_MARKDOWN = {
    "badge",
    "button",
    "caption",
    "checkbox",
    "download_button",
    "error",
    "expander",
    "form_submit_button",
    "header",
    "info",
    "link_button",
    "markdown",
    "metric",
    "multiselect",
    "number_input",
    "page_link",
    "pills",
    "popover",
    "radio",
    "selectbox",
    "slider",
    "status",
    "subheader",
    "success",
    "tabs",
    "text_area",
    "text_input",
    "title",
    "toast",
    "toggle",
    "warning",
}
SAFE = {"plain", "esc", "len", "quote", "count"}
OUR_OWN = {"check.name"}
"""Names that we gave: of servers, on the System page."""


def test_what_people_typed_is_escaped_before_it_is_a_label_or_a_text() -> None:
    files = [ROOT / "Home.py", *(ROOT / "studio").rglob("*.py"), *(ROOT / "pages").rglob("*.py")]
    findings = [f"{path.relative_to(ROOT)}:{line} {what}" for path in files for line, what in unescaped(path)]
    assert not findings, "\n".join(findings)


def test_the_search_finds_what_it_looks_for(tmp_path: Path) -> None:
    page = tmp_path / "page.py"
    page.write_text(
        'st.selectbox(f"Role of {person.name}", roles)\nst.button("x", help=card.prompt)\nst.caption(plain(card.name))\n'
    )
    assert list(unescaped(page)) == [(1, "person.name"), (2, "card.prompt")]


def unescaped(path: Path) -> Iterator[tuple[int, str]]:
    for call in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in READ_AS_MARKDOWN:
            expressions = [*call.args[:1], *(word.value for word in call.keywords if word.arg in ("label", "body", "help"))]
            for part in expressions:
                yield from ((call.lineno, what) for what in _bare(part) if what not in OUR_OWN)


def _bare(part: ast.AST) -> Iterator[str]:
    if isinstance(part, ast.Call) and getattr(part.func, "id", "") in SAFE:
        return
    if isinstance(part, ast.Compare) or (isinstance(part, ast.IfExp) and _is_word(part)):
        return
    if isinstance(part, ast.Attribute) and part.attr in TYPED:
        yield ast.unparse(part)
    children = [part.body, part.orelse] if isinstance(part, ast.IfExp) else ast.iter_child_nodes(part)
    for child in children:
        yield from _bare(child)


def _is_word(part: ast.IfExp) -> bool:
    return isinstance(part.body, ast.Constant) and isinstance(part.orelse, ast.Constant)

"""Every button has a name in words: screen readers read an icon alone as its drawing, or not at all."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRESSED = {"button", "download_button", "link_button", "popover", "form_submit_button", "page_link", "toggle", "checkbox"}
_ICON = re.compile(r":[a-z_]+(/[a-z_]+)?:")
_WORDLESS = re.compile(r"""\bbutton\(\s*(?:"([^"A-Za-z]+)"|'([^'A-Za-z]+)')""")


def sources() -> list[Path]:
    return [ROOT / "Home.py", *(ROOT / "studio").rglob("*.py"), *(ROOT / "pages").rglob("*.py")]


def wordless(path: Path) -> Iterator[int]:
    """Lines with a call whose label, written out there, has no word."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in PRESSED:
            label = (
                node.args[0]
                if node.args
                else next((keyword.value for keyword in node.keywords if keyword.arg == "label"), None)
            )
            choices = [label.body, label.orelse] if isinstance(label, ast.IfExp) else [label]
            texts = [choice.value for choice in choices if isinstance(choice, ast.Constant) and isinstance(choice.value, str)]
            if any(not re.search("[A-Za-z]{2}", _ICON.sub("", text)) for text in texts):
                yield node.lineno


def test_no_button_of_a_page_is_an_icon_alone() -> None:
    nameless = [f"{path.relative_to(ROOT)}:{line}" for path in sources() for line in wordless(path)]
    assert not nameless, f"use studio/ui/buttons.py: {nameless}"


@pytest.mark.parametrize(
    "path", sorted(path for path in (ROOT / "studio").rglob("*.js") if "vendor" not in path.parts), ids=lambda path: path.stem
)
def test_no_button_of_a_component_is_a_sign_alone(path: Path) -> None:
    """As many names are given in the file as there are buttons without a word."""
    source = path.read_text("utf-8")
    signs = [match.group(1) or match.group(2) or "" for match in _WORDLESS.finditer(source)]
    assert source.count('"aria-label"') >= len(signs), signs

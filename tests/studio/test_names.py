"""Whatever can be pressed has a name in words: an icon alone is read aloud as its drawing, or not at all."""

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
            label = node.args[0] if node.args else next((one.value for one in node.keywords if one.arg == "label"), None)
            choices = [label.body, label.orelse] if isinstance(label, ast.IfExp) else [label]
            said = [one.value for one in choices if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            if any(not re.search("[A-Za-z]{2}", _ICON.sub("", one)) for one in said):
                yield node.lineno


def test_no_button_of_a_page_is_an_icon_alone() -> None:
    found = [f"{path.relative_to(ROOT)}:{line}" for path in sources() for line in wordless(path)]
    assert not found, f"use studio/ui/icon_button.py: {found}"


@pytest.mark.parametrize("path", sorted((ROOT / "studio" / "components").rglob("*.js")), ids=lambda path: path.stem)
def test_no_button_of_a_component_is_a_sign_alone(path: Path) -> None:
    """As many names are given in the file as there are buttons without a word."""
    source = path.read_text("utf-8")
    signs = [one.group(1) or one.group(2) or "" for one in _WORDLESS.finditer(source)]
    assert source.count('"aria-label"') >= len(signs), signs

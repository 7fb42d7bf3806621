"""Browser components: their modules become one script, and are as small as the house's other files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from studio.ui import browser_component

FOLDER = Path(browser_component.__file__).parent.parent
MODULES = sorted(path for path in FOLDER.rglob("*.js") if "vendor" not in path.parts and not path.name.endswith(".test.js"))
SOURCES = sorted(path for path in FOLDER.rglob("*") if path.suffix in {".js", ".css"} and "vendor" not in path.parts)
WORKERS = {FOLDER / "shell" / "installable" / name for name in ("service_worker.js", "retired_worker.js")}
"""Scripts that browsers run beside the page."""
ENTRIES = [path for path in MODULES if re.search(r"^export default\b", path.read_text("utf-8"), re.MULTILINE)]


def write(folder: Path, **modules: str) -> Path:
    for name, text in modules.items():
        (folder / f"{name}.js").write_text(text, "utf-8")
    return folder / "entry.js"


def test_a_module_stands_after_what_it_imports_and_once(tmp_path: Path) -> None:
    entry = write(
        tmp_path,
        entry='import { b } from "./b.js"\nimport {\n  a,\n} from "./a.js"\n\nexport default () => a + b\n',
        b='import { a } from "./a.js"\n\n/** @import { A } from "./a.js" */\n\n'
        "/**\n * One more.\n */\nexport const b = a + 1 // kept\n",
        a="// Said first.\nexport const a = /** @type {number} */ (1)\n",
    )
    modules = browser_component.modules_in_order(entry)
    assert [path.stem for path in modules] == ["a", "b", "entry"]
    lines = [line for line in browser_component.link(modules).splitlines() if line]
    assert lines == ["const a = /** @type {number} */ (1)", "const b = a + 1 // kept", "export default () => a + b"]


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ('import { a } from "./a.js"\nconst b = 1\nexport default b\n', "declared"),
        ('import { a as c } from "./a.js"\nexport default c\n', "renames"),
        ('import * as c from "./a.js"\nexport default c\n', "cannot be linked"),
        ("const c = 1\nexport { c }\nexport default c\n", "cannot be linked"),
        ("const c = 1\n", "default export"),
    ],
)
def test_modules_that_cannot_share_a_scope_are_refused(tmp_path: Path, entry: str, reason: str) -> None:
    path = write(tmp_path, entry=entry, a="const b = 2\nexport const a = b\n")
    with pytest.raises(ValueError, match=reason):
        browser_component.link(browser_component.modules_in_order(path))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda path: path.stem)
def test_every_component_links(entry: Path) -> None:
    assert browser_component.link(browser_component.modules_in_order(entry)).count("export default") == 1


def test_every_module_belongs_to_a_component() -> None:
    linked = {module for entry in ENTRIES for module in browser_component.modules_in_order(entry)}
    assert not [path.name for path in MODULES if path.resolve() not in linked and path not in WORKERS]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_file_and_no_line_is_too_long(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    assert len(lines) <= 400
    assert not [number for number, line in enumerate(lines, 1) if len(line) > 120]

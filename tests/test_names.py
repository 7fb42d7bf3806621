"""Laws of names (docs/GLOSSARY.md): words that must not come back, modules that are nouns, one class of a name.

Fields of stored rows, job payloads and API models, and names of API operations keep older words: they are contracts.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PRODUCTION = ("backend", "studio", "workers", "ops", "starter_model", "pages", "bin")
NO_NAMES = {
    "asked", "asking", "begun", "bell", "came", "clockwork", "deaf", "desk", "ear", "ears", "foretell", "found",
    "given", "heard", "hears", "heir", "keeper", "kept", "known", "likeness", "made", "meant", "mercy", "mine",
    "nursery", "one", "ones", "ours", "said", "say", "saying", "shot", "spot", "stranger", "strangers", "tell",
    "telling", "theirs", "them", "there", "those", "told", "twins", "verdict", "wanted", "who", "whom", "whose",
    "wish", "wishes", "wording",
}  # fmt: skip
"""Say what a thing is (`post`, `job`, `error_message`), not what was done to it or whose it is."""
NOUNS_IN_ING = {
    "averaging", "bulk_planning", "captioning", "finishing", "mapping", "monitoring", "onboarding", "ordering", "pipelining",
    "publishing", "ranking", "scoring", "timing", "training", "writing",
}  # fmt: skip
"""Nouns of the field, or of this studio."""
VENDORS = ("backend/platforms/", "ops/sandbox_platform/", "backend/api/", "backend/db/tables/")
"""Where a class has the name that others gave it: what a platform sends, what the API's description calls it, tables."""


def python_files() -> Iterator[tuple[str, ast.Module]]:
    for folder in PRODUCTION:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if path.parent.name != "versions":
                yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text("utf-8"))


def bound_names(tree: ast.Module, *, functions: bool) -> Iterator[tuple[str, int]]:
    """Names of locals, parameters and module values, of functions too if `functions`; not of fields in class bodies."""
    fields = {id(node) for owner in ast.walk(tree) if isinstance(owner, ast.ClassDef) for node in _targets(owner)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and id(node) not in fields:
            yield node.id, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and functions:
            yield node.name, node.lineno


def _targets(owner: ast.ClassDef) -> Iterator[ast.expr]:
    for statement in owner.body:
        if isinstance(statement, ast.AnnAssign):
            yield statement.target
        elif isinstance(statement, ast.Assign):
            for target in statement.targets:
                yield from ast.walk(target)  # type: ignore[misc]


def test_words_that_say_nothing_do_not_come_back() -> None:
    wrong = [
        f"{file}:{line} {name}"
        for file, tree in python_files()
        for name, line in bound_names(tree, functions=not file.startswith("backend/api/routes/"))
        if name.strip("_").lower() in NO_NAMES
    ]
    assert not wrong, "\n".join(wrong)


def test_modules_are_nouns() -> None:
    wrong = [
        file
        for file, _ in python_files()
        for part in Path(file).with_suffix("").parts
        if part.endswith("ing") and part not in NOUNS_IN_ING
    ]
    assert not wrong


def test_a_class_name_stands_for_one_class() -> None:
    files = defaultdict(list)
    for file, tree in python_files():
        if not file.startswith(VENDORS):
            for node in ast.walk(tree):
                if isinstance(node, ast.ClassDef):
                    files[node.name].append(file)
    assert not {name: where for name, where in files.items() if len(where) > 1}

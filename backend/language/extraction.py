"""Which sentences the code has, by Babel's extractors: for `bin/words.py`, and for the words of browser components."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from babel.messages.extract import extract

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("backend", "studio", "pages", "workers")
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "tr": None,
    "tr_lazy": None,
    "tr_plural": (1, 2),
    "tr_lazy_plural": (1, 2),
    "tr_context": ((1, "c"), 2),
    "trLazy": None,
    "trPlural": (1, 2),
}
COMMENT = "Translators:"
Key = tuple[str, str, str]
"""Context, template, plural; the last two of Babel's message, "" where there is none."""


@dataclass(slots=True)
class Sentence:
    """`files`: where it stands, from the repository's root; `comments`: what translators are told of it."""

    files: set[str] = field(default_factory=set)
    comments: list[str] = field(default_factory=list)


def part_of(file: str) -> str:
    """The catalogue that a file's sentences are in: the noun of its folder; `backend/kit` and single files are `common`."""
    parts = file.split("/")
    if parts[0] == "pages" or len(parts) < 3:
        return "common"
    return {"ui": "common", "shell": "common", "kit": "common", "language": "common"}.get(parts[1], parts[1])


def sentences() -> dict[str, dict[Key, Sentence]]:
    """Part -> its sentences."""
    by_part: dict[str, dict[Key, Sentence]] = defaultdict(lambda: defaultdict(Sentence))
    for path in source_files():
        file = path.relative_to(ROOT).as_posix()
        for key, comments in sentences_of(path):
            sentence = by_part[part_of(file)][key]
            sentence.files.add(file)
            sentence.comments += [comment for comment in comments if comment not in sentence.comments]
    return by_part


def source_files() -> Iterator[Path]:
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in {".py", ".js"} and not path.name.endswith(".test.js") and "node_modules" not in path.parts:
                yield path


def sentences_of(path: Path) -> Iterator[tuple[Key, list[str]]]:
    """The sentences of one file, with the comments for translators."""
    method, import_ = ("javascript", b"/words.js") if path.suffix == ".js" else ("python", b"backend.language")
    if import_ not in path.read_bytes():
        return
    with path.open("rb") as lines:
        for _, words, comments, context in extract(method, lines, KEYWORDS, (COMMENT,)):
            template, plural = (words, "") if isinstance(words, str) else (words[0], words[1])
            if template:
                yield (context or "", template, plural), [comment.removeprefix(COMMENT).strip() for comment in comments]
    if path.suffix == ".py":
        yield from ((key, []) for key in _inside_f_strings(path))


def _inside_f_strings(path: Path) -> Iterator[Key]:
    """`f"**{tr('Start')}**"`: Babel's extractor looks into f-strings from Python 3.12 on only."""
    f_strings = (node for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, ast.JoinedStr))
    for call in (node for f_string in f_strings for node in ast.walk(f_string)):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in KEYWORDS:
            words = [arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
            match call.func.id, words:
                case "tr_context", [context, template]:
                    yield context, template, ""
                case "tr_plural" | "tr_lazy_plural", [template, plural]:
                    yield "", template, plural
                case _, [template, *_] if template:
                    yield "", template, ""

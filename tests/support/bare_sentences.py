"""Finds sentences for people that are not worded: string literals outside of `tr(...)` and its kin."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

WORDED_BY = {"tr", "tr_plural", "tr_context", "tr_lazy", "tr_lazy_plural"}
FOR_MACHINES = {
    "html", "get", "getattr", "setattr", "hasattr", "pop", "startswith", "endswith", "compile", "sub", "split", "join", "match",
    "fullmatch", "query", "load", "TypeVar", "cast", "Literal", "strptime", "strftime", "encode",
    "ValueError", "KeyError", "TypeError", "RuntimeError", "PlainTextResponse",
}  # fmt: skip
"""Calls whose texts nobody reads in the studio."""
ARGUMENTS_FOR_MACHINES = {
    "key", "icon", "type", "kind", "width", "height", "id", "file", "mime", "horizontal_alignment", "vertical_alignment", "gap",
    "color", "label_visibility", "language", "border", "layout", "needs", "css", "html", "js",
    "headers", "form", "noun", "state",
}  # fmt: skip
_WORDS = re.compile(r"[A-Za-z]{2,}['’,:;]? [A-Za-z{(“]|^[A-Z][a-z]+(?:[ .…?!:]|$)|[a-z}][.?!…]$|^[a-z]+ \{|\} [a-z]+")
_CODE = re.compile(
    r"SELECT |</?[a-z]+[ >/]|^:material|^[a-z_]+[:/]|^[\w./-]+$(?<![A-Z][a-z])|var\(--|px;"
    r"|^data:|^https?:|^%|\}px|^[.#\[]\w|;\s*$|^'self'|^\w+\(\{\n"
)


_NO_WORDS = {"min", "px", "vh", "vw", "MB", "GB", "MMM", "MMMM", "EEE", "MM", "dd", "yyyy"}
"""Units, and the letters of CLDR's patterns for dates."""


def bare_sentences(path: Path) -> Iterator[tuple[int, str]]:
    """Line and text of each; docstrings, comparisons, keys and texts for machines are none."""
    tree = ast.parse(path.read_text("utf-8"))
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        text = _literal(node)
        if _is_sentence(text) and not _is_for_machines(node, parents):
            yield node.lineno, text  # type: ignore[attr-defined]


def _is_sentence(text: str) -> bool:
    words = set(re.findall("[A-Za-z]{2,}", re.sub(r":[a-z]+\[:material/\w+:", "", text))) - _NO_WORDS
    return bool(words and _WORDS.search(text)) and not _CODE.search(text)


def _literal(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return ""


def _is_for_machines(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    child = node
    while (parent := parents.get(child)) is not None:
        match parent:
            case ast.Expr(value=ast.Constant()) | ast.Compare() | ast.MatchValue():
                return True
            case ast.JoinedStr() if not isinstance(child, ast.FormattedValue):
                return True
            case ast.keyword(arg=name) if name in ARGUMENTS_FOR_MACHINES:
                return True
            case ast.Call(func=ast.Attribute(value=ast.Name(id="log"))):
                return True
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in WORDED_BY | FOR_MACHINES:
                return True
            case ast.Subscript(slice=part) if part is child:
                return True
            case ast.Dict(keys=keys) if child in keys:
                return True
            case ast.AnnAssign(annotation=part) | ast.arg(annotation=part) if part is child:
                return True
            case ast.FunctionDef(returns=part) if part is child:
                return True
        child = parent
    return False


_SHOWN_IN_BROWSER = re.compile(
    r"""(?:\.(?:textContent|innerText|title|placeholder|ariaLabel|alt)\s*=\s*"""
    r"""|setAttribute\(\s*["'](?:aria-label|aria-description|title|placeholder|alt)["'],\s*"""
    r"""|\bbutton\(\s*|\bel\(\s*["']\w+["'],\s*(?:["'][^"']*["']|undefined),\s*)(["'`])((?:(?!\1).)+)\1"""
)
"""What a browser component writes where people read or hear it."""


def bare_browser_sentences(path: Path) -> Iterator[tuple[int, str]]:
    """Line and text of each literal that an ES module shows without `tr`."""
    source = path.read_text("utf-8")
    for found in _SHOWN_IN_BROWSER.finditer(source):
        text = re.sub(r"\$\{[^}]*\}", "", found[2])
        if re.search(r"[A-Za-z]{3}", text) and not re.fullmatch(r"[a-z_]+|[A-Z]+", text):
            yield source.count("\n", 0, found.start()) + 1, found[2]


_WHOLE = re.compile(r"[A-Z“{].* .*[.!?…]")


def bare_whole_sentences(path: Path) -> Iterator[tuple[int, str]]:
    """Line and text of each literal of a slice, an engine or a worker that is a sentence as people are told one: it begins with
    a capital or a value, and ends. What is written to a log is none."""
    tree = ast.parse(path.read_text("utf-8"))
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        text = _literal(node)
        if (
            _WHOLE.fullmatch(text)
            and _is_sentence(text)
            and not _is_for_machines(node, parents)
            and not _is_logged(node, parents)
        ):
            yield node.lineno, text  # type: ignore[attr-defined]


def _is_logged(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    """A line of a job's log: `ctx.log(...)`, an engine's `Log(...)`; and what a model is told of a kind of content."""
    child = node
    while (parent := parents.get(child)) is not None and not isinstance(parent, ast.stmt):
        if isinstance(parent, ast.Call) and isinstance(parent.func, ast.Name | ast.Attribute):
            name = parent.func.id if isinstance(parent.func, ast.Name) else parent.func.attr
            if name in {"log", "Log", "ContentType"}:
                return True
        child = parent
    return False


_REFUSALS = {"Invalid", "Conflict", "NotFound", "NotPermitted", "Forbidden", "Rejected", "Unsupported", "EngineUnavailable"}


def bare_refusals(path: Path) -> Iterator[tuple[int, str]]:
    """Line and text of each refusal that is raised as a plain string: whoever reads it may not read English."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Call(func=ast.Name(id=name), args=[said, *_]) if name in _REFUSALS and " " in _literal(said):
                yield node.lineno, _literal(said)

"""What a page can change, a program can change too: every verb that a page calls and that writes is called by a route (or
starts a type of POST /api/jobs), or stands here with its reason."""

from __future__ import annotations

import ast
import importlib
import inspect
import textwrap
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import sqlalchemy
from sqlalchemy.dialects import postgresql

from backend.api.job_requests import JOB_REQUEST_TYPES

ROOT = Path(__file__).parent.parent
_OF_PEOPLE = "of a person who sits at a browser: a program with it could take over accounts"
_TYPED = "keeps or drops what somebody is typing into a form and has not saved"
PAGES_ONLY = {
    "accounts.accept": _OF_PEOPLE,
    "accounts.accept_as_new": _OF_PEOPLE,
    "accounts.change_email": _OF_PEOPLE,
    "accounts.change_password": _OF_PEOPLE,
    "accounts.create_first_workspace": _OF_PEOPLE,
    "accounts.create_reset_link": _OF_PEOPLE,
    "accounts.enable": _OF_PEOPLE,
    "accounts.new_recovery_codes": _OF_PEOPLE,
    "accounts.note_tour": "whom the tour of the pages was offered",
    "accounts.rename_user": _OF_PEOPLE,
    "accounts.renew_session": "by use alone; a program renews its tokens at /auth/refresh",
    "accounts.reset": _OF_PEOPLE,
    "accounts.revoke_session": _OF_PEOPLE,
    "accounts.set_avatar": _OF_PEOPLE,
    "accounts.set_reading": "how a person reads pages; the API answers in English, UTC and US dollars",
    "accounts.sign_out_everywhere": _OF_PEOPLE,
    "accounts.turn_off": _OF_PEOPLE,
    "bulk_planning.discard_drafts": _TYPED,
    "content_plans.discard_untouched": "drops the empty post of a panel that was opened and closed",
    "influencers.save_setup": "notes where the wizard of the pages was left",
    "writing.restore": "PATCH /drafts/{id} with the state draft",
    "writing_styles.undelete_text": "the undo bar of the page; a program keeps the text that it deletes",
}
_WRITES = (sqlalchemy.insert, sqlalchemy.update, sqlalchemy.delete, postgresql.insert)
_SESSION_WRITES = {"add", "add_all", "delete", "merge"}
Verb = Callable[..., Any]


def test_what_pages_change_programs_change_too() -> None:
    of_pages = {verb for verb in verbs_of("studio", "pages") if writes(verb) and slice_of(verb) != "api"}
    of_routes = reachable({*verbs_of("backend/api"), *(request.start for request in JOB_REQUEST_TYPES.values())})
    assert len(of_pages) > 100
    missing = {name_of(verb) for verb in of_pages - of_routes}
    assert missing == set(PAGES_ONLY), (sorted(missing - set(PAGES_ONLY)), sorted(set(PAGES_ONLY) - missing))


def name_of(verb: Verb) -> str:
    return f"{verb.__module__.removeprefix('backend.').partition('.')[0]}.{verb.__name__}"


def verbs_of(*folders: str) -> set[Verb]:
    """The functions of slices that the modules of these folders name."""
    files = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return {verb for path in files for verb in functions_in(ast.parse(path.read_text()), imported(path))}


def imported(path: Path) -> dict[str, Any]:
    """Name -> module or function of ours, as the file's imports bind it."""
    bound: dict[str, Any] = {}
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "backend":
            for alias in node.names:
                try:
                    found = getattr(importlib.import_module(node.module or ""), alias.name)
                except AttributeError:
                    found = importlib.import_module(f"{node.module}.{alias.name}")
                bound[alias.asname or alias.name] = found
    return bound


def functions_in(tree: ast.AST, bound: dict[str, Any]) -> Iterator[FunctionType]:
    for node in ast.walk(tree):
        found = resolved(node, bound)
        if isinstance(found, FunctionType) and found.__module__.startswith("backend."):
            yield found


def resolved(node: ast.AST, bound: dict[str, Any]) -> Any:
    """What a name or an attribute of a module stands for."""
    if isinstance(node, ast.Name):
        return bound.get(node.id)
    if isinstance(node, ast.Attribute) and isinstance(owner := resolved(node.value, bound), ModuleType):
        return getattr(owner, node.attr, None)
    return None


@cache
def source_of(verb: FunctionType) -> ast.AST:
    return ast.parse(textwrap.dedent(inspect.getsource(verb)))


@cache
def called(verb: FunctionType) -> frozenset[FunctionType]:
    unwrapped = inspect.unwrap(verb)
    return frozenset(functions_in(source_of(verb), unwrapped.__globals__)) - {verb}


def reachable(verbs: set[Verb]) -> set[Verb]:
    """These verbs, and what they call in their own slice."""
    found, left = set(verbs), [verb for verb in verbs if isinstance(verb, FunctionType)]
    while left:
        verb = left.pop()
        more = {other for other in called(verb) if slice_of(other) == slice_of(verb)} - found
        found |= more
        left += more
    return found


def slice_of(verb: Verb) -> str:
    return verb.__module__.split(".")[1]


def writes(verb: FunctionType) -> bool:
    """Whether it, or what it calls, changes rows or starts a job."""
    seen: set[FunctionType] = set()
    left = [verb]
    while left:
        one = left.pop()
        if one in seen:
            continue
        seen.add(one)
        if writes_itself(one):
            return True
        left += called(one)
    return False


@cache
def writes_itself(verb: FunctionType) -> bool:
    namespace = inspect.unwrap(verb).__globals__
    return any(is_write(node, namespace) for node in ast.walk(source_of(verb)))


def is_write(node: ast.AST, namespace: dict[str, Any]) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr in _SESSION_WRITES and isinstance(node.value, ast.Name) and node.value.id == "tx"
    found = namespace.get(node.id) if isinstance(node, ast.Name) else None
    if isinstance(found, sqlalchemy.TextClause):
        return any(word in found.text for word in ("INSERT INTO", "UPDATE ", "DELETE FROM"))
    return callable(found) and found in _WRITES

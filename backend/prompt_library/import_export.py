"""Templates and wildcard lists as a file: for another workspace, another studio, another program."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy.orm import Session

from backend.errors import Invalid, StudioError
from backend.prompt_library.schemas import Imported, TemplateDraft, WildcardDraft
from backend.prompt_library.templates import save_template, templates
from backend.prompt_library.wildcards import save_wildcard, wildcards

MOST_AT_ONCE = 500


def export_json(tx: Session) -> str:
    """{"templates": [{"name", "prompt", "negative"}], "wildcards": {name: [line, …]}}"""
    said = [{"name": card.name, "prompt": card.prompt, "negative": card.negative} for card in templates(tx)]
    lists = {card.name: list(card.lines) for card in wildcards(tx)}
    return json.dumps({"templates": said, "wildcards": lists}, ensure_ascii=False, indent=2)


def import_text(tx: Session, filename: str, text: str) -> Imported:
    """A `.json` as `export_json` writes it, or any other text as one list named after its file, a line a choice.

    What has the same name becomes a new version. Raises Invalid when the file as a whole cannot be read.
    """
    text = text.lstrip("\ufeff").replace("\x00", "")
    stem, dot, ending = filename.rpartition(".")
    if ending.lower() == "json":
        return _all(tx, *_parts(text))
    name = stem if dot else filename
    return _all(tx, [], {name.replace("\\", "/").rpartition("/")[2]: text.splitlines()})


def _parts(text: str) -> tuple[list[Any], dict[str, Any]]:
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid("This file is no JSON. Export one on this page to see what it should look like.") from error
    said = whole.get("templates", []) if isinstance(whole, dict) else None
    lists = whole.get("wildcards", {}) if isinstance(whole, dict) else None
    if not isinstance(said, list) or not isinstance(lists, dict) or not (said or lists):
        raise Invalid('This file holds neither "templates" (a list) nor "wildcards" (a list of lines by name).')
    if len(said) + len(lists) > MOST_AT_ONCE:
        raise Invalid(f"This file holds {len(said) + len(lists):,} things; at most {MOST_AT_ONCE}. Split it.")
    return said, lists


def _all(tx: Session, said: list[Any], lists: dict[str, Any]) -> Imported:
    made = changed = same = 0
    problems: list[str] = []
    known = {card.name: card for card in templates(tx)}
    for one in said:
        try:
            draft = TemplateDraft(**{name: one.get(name, "") for name in ("name", "prompt", "negative")})
            before = known.get(draft.name)
            now = save_template(tx, draft, template_id=before.id if before else None, version=before.version if before else 0)
            known[draft.name] = now
            made, changed = made + (before is None), changed + (before is not None and now.version > before.version)
            same += before is not None and now.version == before.version
        except (StudioError, AttributeError, TypeError) as error:
            problems.append(f"Template {_called(one)}: {_why(error)}")
    there = {card.name: card for card in wildcards(tx)}
    for name, lines in lists.items():
        try:
            list_draft = WildcardDraft(name=str(name), lines=tuple(lines))
            was = there.get(list_draft.name)
            if was and was.lines == list_draft.lines:
                same += 1
                continue
            with tx.begin_nested():
                kept = save_wildcard(tx, list_draft, wildcard_id=was.id if was else None, version=was.version if was else 0)
            there[kept.name] = kept
            made, changed = made + (was is None), changed + (was is not None)
        except (StudioError, TypeError) as error:
            problems.append(f"List {str(name)[:60]}: {_why(error)}")
    return Imported(made, changed, same, tuple(problems))


def _called(one: Any) -> str:
    return str(one.get("name", "without a name"))[:60] if isinstance(one, dict) else "without a name"


def _why(error: Exception) -> str:
    return error.message if isinstance(error, StudioError) else "it is not built as an export is."

"""Exports and imports templates and wildcards as files."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy.orm import Session

from backend.errors import Invalid, StudioError
from backend.language import tr_lazy
from backend.prompt_library.schemas import ImportResult, TemplateDraft, WildcardDraft
from backend.prompt_library.templates import save_template, templates
from backend.prompt_library.wildcards import save_wildcard, wildcards

MAX_ENTRIES = 500


def export_json(tx: Session) -> str:
    """{"templates": [{"name", "prompt", "negative"}], "wildcards": {name: [line, …]}}"""
    template_list = [{"name": card.name, "prompt": card.prompt, "negative": card.negative} for card in templates(tx)]
    lists = {card.name: list(card.lines) for card in wildcards(tx)}
    return json.dumps({"templates": template_list, "wildcards": lists}, ensure_ascii=False, indent=2)


def import_text(tx: Session, filename: str, text: str) -> ImportResult:
    """Imports a `.json` as `export_json` writes it, or any other text as one list named after its file, one choice a line.

    An entry whose name exists becomes a new version. Raises Invalid when the file as a whole cannot be read.
    """
    text = text.lstrip("\ufeff").replace("\x00", "")
    stem, dot, ending = filename.rpartition(".")
    if ending.lower() == "json":
        return _save_all(tx, *_parse_export(text))
    name = stem if dot else filename
    return _save_all(tx, [], {name.replace("\\", "/").rpartition("/")[2]: text.splitlines()})


def _parse_export(text: str) -> tuple[list[Any], dict[str, Any]]:
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid(tr_lazy("This file is not JSON. Export one on this page to see what it should look like.")) from error
    template_list = whole.get("templates", []) if isinstance(whole, dict) else None
    lists = whole.get("wildcards", {}) if isinstance(whole, dict) else None
    if not isinstance(template_list, list) or not isinstance(lists, dict) or not (template_list or lists):
        raise Invalid(tr_lazy('This file holds neither "templates" (a list) nor "wildcards" (a list of lines by name).'))
    if len(template_list) + len(lists) > MAX_ENTRIES:
        raise Invalid(
            tr_lazy(
                "This file holds {n:,} things; at most {max_entries}. Split it.",
                n=len(template_list) + len(lists),
                max_entries=MAX_ENTRIES,
            )
        )
    return template_list, lists


def _save_all(tx: Session, template_list: list[Any], lists: dict[str, Any]) -> ImportResult:
    created = changed = same = 0
    problems: list[str] = []
    templates_by_name = {card.name: card for card in templates(tx)}
    for entry in template_list:
        try:
            draft = TemplateDraft(**{name: entry.get(name, "") for name in ("name", "prompt", "negative")})
            existing = templates_by_name.get(draft.name)
            saved = save_template(
                tx, draft, template_id=existing.id if existing else None, version=existing.version if existing else 0
            )
            templates_by_name[draft.name] = saved
            created, changed = (
                created + (existing is None),
                changed + (existing is not None and saved.version > existing.version),
            )
            same += existing is not None and saved.version == existing.version
        except (StudioError, AttributeError, TypeError) as error:
            problems.append(tr_lazy("Template {name}: {problem}", name=_entry_name(entry), problem=_error_text(error)))
    wildcards_by_name = {card.name: card for card in wildcards(tx)}
    for name, lines in lists.items():
        try:
            list_draft = WildcardDraft(name=str(name), lines=tuple(lines))
            existing_list = wildcards_by_name.get(list_draft.name)
            if existing_list and existing_list.lines == list_draft.lines:
                same += 1
                continue
            with tx.begin_nested():  # a list that leads in a circle is refused after it was written: the savepoint undoes it
                saved_list = save_wildcard(
                    tx,
                    list_draft,
                    wildcard_id=existing_list.id if existing_list else None,
                    version=existing_list.version if existing_list else 0,
                )
            wildcards_by_name[saved_list.name] = saved_list
            created, changed = created + (existing_list is None), changed + (existing_list is not None)
        except (StudioError, TypeError) as error:
            problems.append(tr_lazy("List {name}: {problem}", name=str(name)[:60], problem=_error_text(error)))
    return ImportResult(created, changed, same, tuple(problems))


def _entry_name(entry: Any) -> str:
    name = str(entry.get("name", ""))[:60] if isinstance(entry, dict) else ""
    return name or tr_lazy("without a name")


def _error_text(error: Exception) -> str:
    return error.message if isinstance(error, StudioError) else tr_lazy("it is not an export.")

"""A workspace whose people put markdown into every name, and whether a page shows it as they typed it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from sqlalchemy import text
from streamlit.testing.v1 import AppTest

from backend import gallery, prompt_library
from backend.db.transactions import Database, SystemCaller
from backend.gallery import BoardDraft
from backend.prompt_library import TemplateDraft
from tests.factories.account import Tenant
from tests.factories.posts import local_time_ahead, make_planner

TYPED = " ![i](//e.x/p.png)"
_COLUMNS = {
    "influencers": ["name"],
    "datasets": ["name"],
    "dataset_images": ["filename", "caption"],
    "training_runs": ["name"],
    "loras": ["name"],
    "pictures": ["prompt"],
    "workspaces": ["name"],
    "channels": ["name"],
}
_TYPED_IN_TITLES = """
UPDATE jobs SET title = title || jsonb_build_object('text', (title ->> 'text') || :typed) || CASE WHEN title ? 'values' THEN
  jsonb_build_object('values', (SELECT jsonb_object_agg(key, CASE jsonb_typeof(value)
    WHEN 'string' THEN to_jsonb((value #>> '{}') || :typed) ELSE value END)
    FROM jsonb_each(title -> 'values'))) ELSE '{}' END"""
"""Titles of jobs are stored sentences: names stand in their values."""
_READ_AS_MARKDOWN = {"body", "label", "help", "content", "caption"}
_READ_AS_IT_IS = {"Html", "Code", "Json", "TextArea.value"}
_RENDERED = re.compile(r"(?<!\\)!(?<!\\)\[i")


def hostile(db: Database, tenant: Tenant) -> None:
    """Puts it behind what the workspace's rows are called, and adds a board, a template and a plan of such names."""
    with db.transaction(SystemCaller(tenant.id, tenant.user_id)) as tx:
        make_planner(tx, f"Planned{TYPED}").plan(tx, wall=local_time_ahead())
        gallery.create_board(tx, draft=BoardDraft(name=f"Board{TYPED}", notes=TYPED))
        prompt_library.save_template(tx, TemplateDraft(name=f"Template{TYPED}", prompt=f"portrait{TYPED}"))
        for table, columns in _COLUMNS.items():
            for column in columns:
                tx.execute(text(f"UPDATE {table} SET {column} = {column} || :typed"), {"typed": TYPED})
        tx.execute(text(_TYPED_IN_TITLES), {"typed": TYPED})


def rendered(at: AppTest) -> list[str]:
    """What of it the page would show as a picture, each with the element it stands in."""
    return [
        f"{kind}.{name}: {value}"
        for root in (at.main, at.sidebar)
        for kind, name, value in _texts(root)
        if _RENDERED.search(value)
    ]


def _texts(node: Any) -> Iterator[tuple[str, str, str]]:
    proto = getattr(node, "proto", None)
    if proto is not None:
        yield from _fields(proto)
    for child in getattr(node, "children", {}).values():
        yield from _texts(child)


def _fields(message: Any) -> Iterator[tuple[str, str, str]]:
    kind = message.DESCRIPTOR.name
    if kind in _READ_AS_IT_IS:
        return
    for field, value in message.ListFields():
        values = value if field.is_repeated else [value]
        if field.type == FieldDescriptor.TYPE_MESSAGE and not field.message_type.GetOptions().map_entry:
            for each in values:
                yield from _fields(each)
        elif field.type == FieldDescriptor.TYPE_STRING and field.name in _READ_AS_MARKDOWN:
            for each in values:
                yield kind, field.name, each

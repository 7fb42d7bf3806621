"""Values of the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from backend.history import NounGroup

Source = Literal["page", "program", "key", "hook", "automation", "command", "unknown"]
SOURCES: tuple[Source, ...] = ("page", "program", "key", "hook", "automation", "command", "unknown")
"""A page in a browser, a program signed in as a person, an API key, the address of an automation, an automation's steps, a
command on the server, and what was written before anybody noted it."""


@dataclass(frozen=True, slots=True)
class AuditFilters:
    """Each narrows the log down; without any it is whole. `noun_id`: the id of one thing; `since` is included, `until` is not;
    `text`: part of the name of a person, a key or a thing, of an id or of an address."""

    user_id: str = ""
    source: Source | None = None
    group: NounGroup | None = None
    noun_id: str = ""
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One act. `person`: a name, "" where no person stands behind it; `api_key`: the name of the key that was used; `sentence`:
    for `worded`; `name`: what the thing is called now; `before`, `after`: the values that changed, as far as the log keeps
    them; None: it was not there, or nobody kept it."""

    id: str
    at: datetime
    user_id: str
    person: str
    source: str
    api_key: str
    address: str
    user_agent: str
    kind: str
    noun: str
    noun_id: str
    name: str
    sentence: str
    before: Mapping[str, Any] | None = field(default=None)
    after: Mapping[str, Any] | None = field(default=None)


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Newest first. `next_cursor` None: nothing follows."""

    entries: list[AuditEntry]
    next_cursor: str | None

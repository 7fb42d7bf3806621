"""`make audit-log`: who did what in all workspaces of the installation, for whoever runs it.

    make -s audit-log > audit.jsonl                              JSON lines, workspace after workspace, newest first
    make -s audit-log ARGS="--format csv --since 2026-11-01"     days by UTC; --until is not included
    make -s audit-log ARGS="--person ada --source key"           part of a name or address; where it came from

Owners read the log of their own workspace in the studio. That it was taken is in the log of each workspace.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from backend import audit
from backend.app import App
from backend.audit import SOURCES, AuditEntry, AuditFilters
from backend.db.callers import Origin
from backend.db.tables import Workspace
from backend.db.transactions import SystemCaller
from backend.errors import StudioError
from backend.kit.spreadsheets import csv_text
from backend.settings import Settings
from ops.running_studio import open_app

_AT_ONCE = 500


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="make audit-log", description="Who did what in all workspaces.")
    parser.add_argument("--format", choices=("jsonl", "csv"), default="jsonl")
    parser.add_argument("--since", type=_day, help="YYYY-MM-DD")
    parser.add_argument("--until", type=_day, help="YYYY-MM-DD, not included")
    parser.add_argument("--person", default="", help="part of the name of a person, key or thing, or of an address")
    parser.add_argument("--source", choices=SOURCES, help="from where")
    options = parser.parse_args(argv)
    filters = AuditFilters(source=options.source, since=options.since, until=options.until, text=options.person)
    try:
        app = open_app(Settings.read())
        try:
            for line in lines(app, filters, options.format):
                sys.stdout.write(line)
            sys.stdout.flush()
        finally:
            app.close()
    except StudioError as error:
        sys.stderr.write(error.message + "\n")
        return 1
    except BrokenPipeError:  # whoever read it, as `head`, has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def lines(app: App, filters: AuditFilters, file_format: str) -> Iterator[str]:
    """The file in parts, each read in a transaction of its own. Raises Unavailable."""
    with app.db.dispatch() as tx:
        workspaces = tx.execute(select(Workspace.id, Workspace.name).order_by(Workspace.id)).all()
    columns = ("workspace_id", "workspace", *audit.COLUMNS)
    if file_format == "csv":
        yield "\ufeff" + csv_text([columns])  # spreadsheets take a file without the mark for an older encoding
    for workspace in workspaces:
        n = 0
        for entry in _entries(app, workspace.id, filters):
            n += 1
            values = {"workspace_id": workspace.id, "workspace": workspace.name, **audit.as_values(entry)}
            yield _csv_line(values, columns) if file_format == "csv" else json.dumps(values, ensure_ascii=False) + "\n"
        with app.db.transaction(SystemCaller(workspace.id)) as tx:
            tx.info["origin"] = Origin("command")
            audit.note_export(tx, n, file_format)


def _entries(app: App, workspace_id: str, filters: AuditFilters) -> Iterator[AuditEntry]:
    cursor: str | None = None
    while True:
        with app.db.transaction(SystemCaller(workspace_id)) as tx:
            page = audit.page(tx, filters, cursor=cursor, take=_AT_ONCE)
        yield from page.entries
        if (cursor := page.next_cursor) is None:
            return


def _csv_line(values: dict[str, Any], columns: Sequence[str]) -> str:
    return csv_text([[_cell(values[name]) for name in columns]])


def _cell(value: Any) -> Any:
    return "" if value is None else json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value


def _day(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise argparse.ArgumentTypeError(f"“{text}” is no day: write it as 2026-11-25.") from None


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

"""`make cleanup`: what could go, as a table.

    make cleanup                        says what it would remove, and removes nothing
    make cleanup ARGS=--delete          removes what it names
    make cleanup ARGS="--json"          one JSON object at the end (also with --delete)
    make cleanup ARGS="--grace-days 14" only objects that are older than that (default: PURGE_AFTER_DAYS, at least 1)

Safe beside a running studio. Files whose rows are there but whose bytes are missing are only told: a backup has them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta

from backend.app import App
from backend.errors import StudioError
from backend.kit import temp_folders
from backend.settings import Settings
from ops.cleanup import orphans, upkeep
from ops.running_studio import open_app

_EXAMPLES = 10


@dataclass(slots=True)
class CleanupFinding:
    """`n` of one kind, of `size_bytes` together; `removed`: how many of them went; `examples`: the first ones."""

    name: str
    n: int = 0
    size_bytes: int = 0
    removed: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, example: str, size_bytes: int = 0) -> None:
        self.n += 1
        self.size_bytes += size_bytes
        if len(self.examples) < _EXAMPLES:
            self.examples.append(example)


def main(argv: Sequence[str]) -> int:
    """The exit code: 1 when a file's bytes are missing, or when something did not answer."""
    parser = argparse.ArgumentParser(prog="make cleanup", description="What a studio holds that nothing needs any more.")
    parser.add_argument("--delete", action="store_true", help="remove what is named")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    parser.add_argument("--grace-days", type=float, help="only objects that are older (default: PURGE_AFTER_DAYS)")
    options = parser.parse_args(argv)
    settings = Settings.read()
    grace = timedelta(days=max(1.0, options.grace_days or settings.retention.purge_after_days))
    try:
        app = open_app(settings)
        try:
            findings = clean_up(app, grace=grace, delete=options.delete)
        finally:
            app.close()
    except StudioError as error:
        sys.stderr.write(error.message + "\n")
        return 1
    if options.json:
        print(json.dumps({"deleted": options.delete, "findings": [asdict(finding) for finding in findings]}))
    else:
        _print_table(findings, delete=options.delete)
    return 1 if any(finding.name == "missing_files" and finding.n for finding in findings) else 0


def clean_up(app: App, *, grace: timedelta, delete: bool) -> list[CleanupFinding]:
    """Looks for everything, and removes it if `delete`. Raises Unavailable: what was removed before stays so."""
    return [
        *_objects(app, grace=grace, delete=delete),
        _missing(app),
        _unfinished(app, delete=delete),
        *_rows(app, delete=delete),
        _temp_folders(delete=delete),
        _logs(app, delete=delete),
    ]


def _objects(app: App, *, grace: timedelta, delete: bool) -> list[CleanupFinding]:
    unnamed, of_gone = CleanupFinding("orphan_objects"), CleanupFinding("objects_of_gone_workspaces")
    to_remove = []
    for item, workspace_exists in orphans.orphans(app, grace=grace):
        finding = unnamed if workspace_exists else of_gone
        finding.add(item.key, item.size)
        to_remove.append((finding, item))
    if delete:
        for finding in (unnamed, of_gone):
            finding.removed = orphans.remove(app, [item for of, item in to_remove if of is finding])
    return [unnamed, of_gone]


def _missing(app: App) -> CleanupFinding:
    finding = CleanupFinding("missing_files")
    for workspace_id, key in orphans.missing(app):
        finding.add(f"{workspace_id} {key}")
    return finding


def _unfinished(app: App, *, delete: bool) -> CleanupFinding:
    finding = CleanupFinding("unfinished_uploads")
    for upload in orphans.unfinished(app, grace=timedelta(days=1)):
        finding.add(upload.key)
        if delete:
            app.storage.give_up(upload)
            finding.removed += 1
    return finding


def _rows(app: App, *, delete: bool) -> list[CleanupFinding]:
    counts = upkeep.expired_rows(app, delete=delete)
    return [CleanupFinding(name, n, removed=n if delete else 0) for name, n in counts.items()]


def _temp_folders(*, delete: bool) -> CleanupFinding:
    finding = CleanupFinding("left_folders")
    for folder in temp_folders.left_behind():
        finding.add(folder.name)
    finding.removed = temp_folders.sweep() if delete else 0
    return finding


def _logs(app: App, *, delete: bool) -> CleanupFinding:
    finding = CleanupFinding("old_logs")
    for path in upkeep.old_log_files(app.settings.data_dir / "log", days=app.settings.retention.log_days):
        finding.add(path.name, path.stat().st_size)
        if delete:
            path.unlink(missing_ok=True)
            finding.removed += 1
    return finding


def _print_table(findings: Sequence[CleanupFinding], *, delete: bool) -> None:
    print(f"{'':30} {'found':>9} {'MB':>9} {'removed':>9}")
    for finding in findings:
        name = finding.name.replace("_", " ")
        print(f"{name:30} {finding.n:>9,} {finding.size_bytes / 1e6:>9,.1f} {finding.removed:>9,}")
        for example in finding.examples[:3]:
            print(f"    {example}")
    if not delete:
        print("Nothing was removed. `make cleanup ARGS=--delete` removes it; missing files come back from a backup only.")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

"""`python -m ops.backup`: make, list, verify and restore backups; `make backup`, `make restore` and `make drill` call it."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta

from dotenv import dotenv_values

from backend.errors import Conflict, StudioError, Unavailable
from backend.settings import ROOT, Settings
from ops.backup import records
from ops.backup.records import BackupRecord
from ops.backup.restore import RestoreOutcome, RestoreRequest, restore
from ops.backup.runs import Backups, open_backups
from ops.backup.targets import open_target
from ops.local_stack import stack
from ops.local_stack.run_info import storage_access

_LOCK_WAIT_S = 600.0


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0; 1 with a sentence on standard error."""
    parser = argparse.ArgumentParser(
        prog="python -m ops.backup", description="Backups of InfluencerAI Studio (docs/operate.md)"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    now = commands.add_parser("now", help="make a backup, of the running studio or of the stopped one")
    now.add_argument("--full", action="store_true", help="also where an incremental one is possible")
    commands.add_parser("serve", help="ship the log and keep the schedule until it is ended (`make run` starts it)")
    commands.add_parser("list", help="what there is at the target")
    verify = commands.add_parser("verify", help="read the newest backup with the secret key and check all of it")
    verify.add_argument("--backup", default="", metavar="ID")
    again = commands.add_parser("restore", help="into the stopped studio of STUDIO_DATA")
    again.add_argument("--at", default="", metavar="'2026-11-22 10:15'", help="default: the newest moment")
    again.add_argument("--backup", default="", metavar="ID", help="default: the newest before that moment")
    again.add_argument("--cluster", default="", metavar="NUMBER", help="which studio, where the target holds several")
    commands.add_parser("drill", help="a throw-away studio: backed up, destroyed, restored to a minute and compared")
    options = parser.parse_args(arguments)
    env = {name: value for name, value in dotenv_values(ROOT / ".env").items() if value is not None} | dict(os.environ)
    try:
        return _COMMANDS[options.command](options, env)
    except StudioError as error:
        print(error.message, file=sys.stderr)
        return 1


def _now(options: argparse.Namespace, env: Mapping[str, str]) -> int:
    settings = Settings.read()
    with _running_database(settings, env) as usable_env:
        names = {name: usable_env[name] for name in stack.S3_NAMES if usable_env.get(name)}
        backups = open_backups(settings.replace(**names), usable_env, report=_print_line)
        _tell_about_key(backups)
        with backups.state.locked(wait_s=_LOCK_WAIT_S):
            record = backups.make("full" if options.full else None)
            backups.copy_safety()
        backups.state.note(last_error="")
    print(_line(record))
    if backups.facts.reason:
        _print_line(f"A dump was made, because {backups.facts.reason}: only these moments can be restored, not every minute.")
    return 0


@contextmanager
def _running_database(settings: Settings, env: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """The studio's own servers, started for the time of the backup when it does not run."""
    if env.get("DATABASE_URL") or env.get("DATABASE_OWNER_URL"):
        yield env
        return
    try:
        servers = stack.start(settings.data_dir, env=env)
    except Conflict:
        yield env if env.get("S3_ENDPOINT") else {**env, **storage_access(settings.data_dir.resolve(), env)}
        return
    with servers:
        if not servers.wait_storage():
            raise Unavailable("The storage did not start within a minute. Look at the disk's free space, then try again.")
        yield {**env, **{name: servers.urls[name] for name in stack.S3_NAMES if name in servers.urls}}


def _serve(options: argparse.Namespace, env: Mapping[str, str]) -> int:
    from ops.backup.service import serve

    return serve(Settings.read(), env)


def _list(options: argparse.Namespace, env: Mapping[str, str]) -> int:
    target = open_target(Settings.read())
    for cluster in records.clusters(target):
        print(f"Studio {cluster}")
        for record in records.read_records(target, cluster):
            print(f"  {_line(record)}")
    return 0


def _verify(options: argparse.Namespace, env: Mapping[str, str]) -> int:
    from ops.backup.verification import verify_backup

    print(json.dumps(verify_backup(Settings.read(), env, backup_id=options.backup, report=_print_line)))
    return 0


def _restore(options: argparse.Namespace, env: Mapping[str, str]) -> int:
    request = RestoreRequest(at=options.at, cluster=options.cluster, backup_id=options.backup)
    outcome = restore(Settings.read(), request, env=env, report=_print_line)
    _tell_about_restore(outcome)
    print(json.dumps(outcome.as_json()))
    return 0


def _drill(options: argparse.Namespace, env: Mapping[str, str]) -> int:
    from ops.backup.drill import drill

    print(json.dumps(drill(report=_print_line)))
    return 0


def _tell_about_key(backups: Backups) -> None:
    if backups.new_key:
        _print_line(
            f"A key for your backups was made: {backups.state.key_file}\n"
            "KEEP IT ELSEWHERE, on another machine or in a password manager, and remove it from here: without it no backup "
            "can be opened, and if this machine is lost it is lost with it."
        )


def _tell_about_restore(outcome: RestoreOutcome) -> None:
    facts = outcome.facts
    _print_line(f"Restored to {outcome.moment:%Y-%m-%d %H:%M:%S} UTC from {outcome.backup}, in {outcome.seconds:.0f} s.")
    if outcome.wanted:
        _print_line(f"The log ends there; {outcome.wanted:%Y-%m-%d %H:%M} UTC was wanted.")
    _print_line(
        "PUBLISHING IS HELD in every workspace until somebody resumes it on the calendar. "
        f"Held: {facts.held}; already out and marked as published: {facts.published}; asked about at the platform when the "
        f"studio starts: {facts.to_ask}; perhaps out, look at the account: {facts.unknown}."
    )
    if facts.safety_taken_at is None:
        _print_line(
            "There was no copy of later sign-outs: sessions and API keys that were revoked after that moment are valid "
            "again. Revoke them anew."
        )
    else:
        _print_line(
            f"Signed out again: {facts.signed_out} sessions, {facts.keys_revoked} API keys, {facts.members_removed} members; "
            f"{facts.passwords} people have the password of then again (as of {facts.safety_taken_at:%Y-%m-%d %H:%M} UTC)."
        )
    if outcome.objects.damaged or outcome.objects.missing:
        _print_line(
            f"Files that could not be restored: {len(outcome.objects.damaged)} damaged, {len(outcome.objects.missing)} missing."
        )
        for key in [*outcome.objects.damaged, *outcome.objects.missing][:50]:
            _print_line(f"  {key}")
    if outcome.aside:
        _print_line("The studio of before lies beside it; remove it when all is well:\n  " + "\n  ".join(outcome.aside))


def _line(record: BackupRecord) -> str:
    length = timedelta(seconds=round(record.seconds))
    return (
        f"{record.id}  {record.finished_at:%Y-%m-%d %H:%M} UTC  {record.size / 1e6:.1f} MB new, "
        f"{record.objects} files ({record.object_bytes / 1e6:.1f} MB), took {length}"
    )


def _print_line(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


_COMMANDS = {"now": _now, "serve": _serve, "list": _list, "verify": _verify, "restore": _restore, "drill": _drill}


if __name__ == "__main__":
    raise SystemExit(main())

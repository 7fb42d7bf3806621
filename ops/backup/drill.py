"""`make drill`: a studio with its own data is backed up, destroyed and restored to a minute, and compared with what it was.

Needs no running studio and touches no data of one. Every step that fails raises Unavailable with what was wrong.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from backend import access, accounts, content_plans
from backend.content_plans import PostState
from backend.db.transactions import SignedIn
from backend.errors import NotSignedIn, StudioError, Unavailable
from backend.kit.clock import now
from backend.settings import Settings
from ops.backup.drill_studio import (
    DrillPost,
    DrillStudio,
    count_rows,
    drill_studio,
    make_posts,
    practice_platform,
    send_now,
    times_posted,
)
from ops.backup.local_state import KEY_FILE, LocalState
from ops.backup.objects import HEALTH_KEY
from ops.backup.restore import RestoreOutcome, RestoreRequest, restore
from ops.backup.runs import Backups, open_backups
from ops.backup.service import SHIP_S
from ops.backup.source import embedded_source

_ARCHIVE_TIMEOUT_S = 60.0
_MORE_PICTURES = 12
Report = Callable[[str], None]


def drill(*, report: Report) -> dict[str, Any]:
    """Its figures: `rpo_s` seconds of work that a disaster costs at most, `rto_s` seconds from the empty machine to a studio
    that works, and how many `rows` and `objects` were compared."""
    with tempfile.TemporaryDirectory(prefix="studio-drill-") as temporary:
        base = Path(temporary)
        base.chmod(0o755)  # Postgres may run under another account
        (base / "target").mkdir()
        with practice_platform(base / "platform") as url:
            before = _live_and_die(base, url, report)
            figures = _come_back(base, url, before, report)
    _note(figures)
    return figures


class LostStudio:
    """What the studio was at the moment: rows by table and workspace, objects by key, its posts. `handover_s`: how long a piece
    of the log took to the target."""

    def __init__(self) -> None:
        self.moment: datetime = now()
        self.rows: dict[str, dict[str, int]] = {}
        self.objects: dict[str, str] = {}
        self.posts: list[DrillPost] = []
        self.handover_s = 0.0
        self.token = ""


def _live_and_die(base: Path, url: str, report: Report) -> LostStudio:
    """Its whole life: data, a backup, more data, the moment, and what happens after it and must not happen twice."""
    before = LostStudio()
    with drill_studio(base / "studio", target=base / "target", sandbox_url=url) as studio:
        report("Making a studio, two workspaces and posts")
        caller = studio.set_up()
        studio.do(caller, accounts.create_workspace, "Second")
        before.posts = make_posts(studio, caller, ["drill: sent after the moment", "drill: sent after the restore"])
        backups = open_backups(studio.settings, studio.env_of_backup(), report=report)
        report(_line("full", backups.make("full").size))
        _take_key_elsewhere(backups, base)
        for n in range(_MORE_PICTURES):
            studio.app.storage.put_bytes(f"texts/{caller.tenant_id}/{n}.txt", f"{n}".encode() * 4000, "text/plain")
        key = studio.do(caller, access.create, access.ApiKeyDraft(name="of the drill", scopes=("*:read",)))
        report(_line("incremental", backups.make("incremental").size))
        studio.do(caller, accounts.create_workspace, "In the log alone")
        before.rows, before.objects = _compared(backups), _hashes(studio)
        with backups.database.connect() as connection:
            row = connection.execute(b"SELECT clock_timestamp()").fetchone()
            assert row is not None
            before.moment = row[0]
        time.sleep(0.05)
        report("After the moment: a post goes out, a key is revoked, everything of an influencer is deleted")
        with studio.workers():
            send_now(studio, caller, before.posts[0])
            if studio.wait_for_post(caller, before.posts[0].id) is not PostState.PUBLISHED:
                raise Unavailable("The drill could not publish to its own practice platform.")
        studio.do(caller, access.revoke, key.card.id)
        studio.do(caller, content_plans.delete, before.posts[1].plan_id)
        _hand_over(backups, before)
        before.token = caller.token
        with studio.app.db.transaction(caller) as tx:
            accounts.sign_out(tx, caller.token)
        backups.copy_safety()
    shutil.rmtree(base / "studio")
    report("The studio is destroyed")
    return before


def _come_back(base: Path, url: str, before: LostStudio, report: Report) -> dict[str, Any]:
    began = time.monotonic()
    again = base / "again"
    values = {"STUDIO_DATA": str(again), "BACKUP_TARGET": str(base / "target"), "SANDBOX_URL": url}
    settings = Settings.model_validate(values | {"BACKUP_KEY_FILE": str(base / "elsewhere" / KEY_FILE)})
    env = {"BACKUP_TARGET": str(base / "target")}
    outcome = restore(settings, RestoreRequest(at=before.moment.isoformat()), env=env, report=report)
    with drill_studio(again, target=base / "target", sandbox_url=url) as studio:
        with embedded_source(again).connect() as connection:
            rows = count_rows(connection)
        _require(rows == before.rows, f"rows differ: {_differences(before.rows, rows)}")
        restored_objects = _hashes(studio)
        # One that was added right after the moment may come back too: it is copied before its row, so that none is missing.
        _require(before.objects.items() <= restored_objects.items(), "the files are not those of before")
        caller = _sign_in(studio, before)
        _check_revoked(studio, caller, outcome)
        with studio.workers():
            rto_s = time.monotonic() - began
            _check_posts(studio, caller, url, before, report)
    return {
        "rpo_s": round(_ARCHIVE_TIMEOUT_S + SHIP_S + before.handover_s, 1),
        "rto_s": round(rto_s, 1),
        "rows": sum(sum(of_workspaces.values()) for of_workspaces in rows.values()),
        "objects": len(before.objects),
    }


def _check_posts(studio: DrillStudio, caller: SignedIn, url: str, before: LostStudio, report: Report) -> None:
    """Nothing goes out by itself; what was out is not sent again; what a person resumes goes out, once."""
    sent, waiting = before.posts
    states = [studio.state_of(caller, post.id) for post in before.posts]
    _require(states == [PostState.PUBLISHED, PostState.ON_HOLD], f"after the restore the posts are {states}")
    _require(times_posted(url, waiting.caption) == 0, "something was sent while publishing was held")
    report("Publishing is resumed, and the post that waited is sent")
    studio.do(caller, content_plans.resume_publishing)
    job_id = send_now(studio, caller, waiting)
    _require(studio.wait_for_job(caller, job_id) == "completed", "the job of the restored studio did not complete")
    counts = [times_posted(f"{url}/", post.caption) for post in (sent, waiting)]
    _require(counts == [1, 1], f"the posts are on the platform {counts} times")


def _sign_in(studio: DrillStudio, before: LostStudio) -> SignedIn:
    """With the password of then; the browser that was signed out after the moment stays so."""
    caller = studio.sign_in()
    try:
        with studio.app.db.transaction(SignedIn(before.token, caller.tenant_id)):
            pass
    except NotSignedIn:
        return caller
    raise Unavailable("The drill failed: a session that was ended after the moment is valid again.")


def _check_revoked(studio: DrillStudio, caller: SignedIn, outcome: RestoreOutcome) -> None:
    valid_keys = studio.do(caller, access.page)
    _require(not valid_keys and outcome.facts.keys_revoked == 1, "an API key that was revoked after the moment is valid again")
    _require(not (outcome.objects.damaged or outcome.objects.missing), f"files are missing: {outcome.objects}")


def _take_key_elsewhere(backups: Backups, base: Path) -> None:
    """As an operator is told to do with it."""
    (base / "elsewhere").mkdir()
    shutil.move(backups.state.key_file, base / "elsewhere" / KEY_FILE)


def _hand_over(backups: Backups, before: LostStudio) -> None:
    """The log up to now, as it goes out once a minute, and the new files."""
    began = time.monotonic()
    with backups.database.connect() as connection:
        connection.execute(b"SELECT pg_switch_wal()")
        _await_archived(backups.database.log_folder)
    backups.ship_log()
    before.handover_s = time.monotonic() - began
    backups.copy_objects()
    backups.copy_safety()


def _await_archived(folder: Path | None) -> None:
    until = time.monotonic() + 30
    while folder and not any(path.suffix == ".gz" for path in folder.iterdir()):
        if time.monotonic() > until:
            raise Unavailable("The drill's Postgres did not archive its log within 30 seconds.")
        time.sleep(0.05)


def _compared(backups: Backups) -> dict[str, dict[str, int]]:
    with backups.database.connect() as connection:
        return count_rows(connection)


def _hashes(studio: DrillStudio) -> dict[str, str]:
    storage = studio.app.storage
    return {key: hashlib.sha256(storage.read(key)).hexdigest() for key in storage.list("") if key != HEALTH_KEY}


def _differences(expected: dict[str, dict[str, int]], restored: dict[str, dict[str, int]]) -> dict[str, Any]:
    tables = expected.keys() | restored.keys()
    return {name: (expected.get(name), restored.get(name)) for name in tables if expected.get(name) != restored.get(name)}


def _require(holds: bool, sentence: str) -> None:
    if not holds:
        raise Unavailable(f"The drill failed: {sentence}.")


def _note(figures: dict[str, Any]) -> None:
    """For the Backups page of the studio of this folder, if there is one."""
    try:
        settings = Settings.read()
        if settings.backup.target:
            LocalState.of(settings.data_dir).note(drill={**figures, "at": now().isoformat()})
    except StudioError:
        return


def _line(kind: str, size: int) -> str:
    return f"{kind}: {size / 1e6:.1f} MB"

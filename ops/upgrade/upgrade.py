"""One upgrade: checks, a backup, the migrations beside the running version, then code and packages change hands.

Where a migration would break the running version, it is stopped for the migrations, which are one transaction then: a failure
starts it again as it was.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from backend.db.migrations import Contract, migrate, read_schema
from backend.errors import Conflict, StudioError, Unavailable
from backend.settings import ROOT, Settings
from ops import doctor
from ops.local_stack import environment, postgres, stack
from ops.local_stack.state import read_json
from ops.upgrade import studio_process
from ops.upgrade.checkout import Checkout, code_before
from ops.upgrade.studio_process import RunningStudio

_SPARE_BYTES = 2 * 1024**3


@dataclass
class Upgrade:
    """`studio`: the one that runs; None: it is stopped. `report(line)` says what is being done."""

    settings: Settings
    env: Mapping[str, str]
    checkout: Checkout
    studio: RunningStudio | None
    report: Callable[[str], None]

    @property
    def _folder(self) -> Path:
        return self.settings.data_dir.resolve()

    def run(self) -> str:
        """A sentence about what is so now. Raises StudioError, whose sentence says the same of a failure."""
        self._check()
        backup = self._back_up()
        if self.studio is None:
            before, after = self._migrate_stopped()
            self.checkout.switch()
            return f"{_schemas(before, after)} {backup} Start the studio with `make run`."
        with studio_process.watched(self.studio.url) as absence:
            before, after = self._hand_over(self.studio)
        away = f"{self.studio.url} did not answer for {absence.seconds:.1f} s."
        return f"The studio runs on the new version. {_schemas(before, after)} {away} {backup}"

    def _check(self) -> None:
        self.report("1 of 4: looking at this machine")
        if not (self._folder / "secrets.json").is_file():
            raise Unavailable(
                f"There is no studio in {self._folder} (STUDIO_DATA). `make run` starts one; nothing needs an upgrade."
            )
        wrong = [finding.text for finding in doctor.machine(self.settings) if finding.state == "wrong"]
        if wrong:
            raise Unavailable(f"{' '.join(wrong)} Nothing was changed.")

    def _back_up(self) -> str:
        if self.env.get("BACKUP", "").lower() in ("no", "none", "off"):
            self.report("2 of 4: no backup, as you wished")
            return "No backup was made."
        target = self.settings.backup.target.strip()
        target = target or str(self._local_target())
        self.report(f"2 of 4: backing up to {target}")
        done = subprocess.run(
            [sys.executable, "-m", "ops.backup", "now"],
            cwd=ROOT,
            env={**self.env, "BACKUP_TARGET": target, "STUDIO_DATA": str(self._folder)},
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Unavailable("The backup was not made; why is said above. Nothing was changed, and what ran runs on.")
        return f"Backup {done.stdout.split()[0]} is in {target}."

    def _local_target(self) -> Path:
        """A folder beside the data folder: good against a failed upgrade, and of no use when the disk breaks."""
        folder, files = self._folder.with_name(f"{self._folder.name}-upgrade-backups"), self._folder / "s3"
        copied, free = _size(folder), shutil.disk_usage(self._folder).free
        needed = _size(files) - copied + _SPARE_BYTES
        if needed > free:
            raise Unavailable(
                f"BACKUP_TARGET is not set, and a backup on this disk needs {needed / 1e9:.1f} GB of {free / 1e9:.1f} GB that "
                "are free. Name a folder on another disk or a bucket in BACKUP_TARGET; or, with a backup of your own: "
                "make upgrade BACKUP=no. Nothing was changed."
            )
        folder.mkdir(mode=0o700, exist_ok=True)
        self.report(
            "BACKUP_TARGET is not set, so the backup stays on this disk: against a failed upgrade, not against a broken disk."
        )
        return folder

    def _hand_over(self, studio: RunningStudio) -> tuple[str, Contract]:
        """The schema before, and what the database says of itself afterwards."""
        env = {**studio.environment, **self.env}
        owner_url = self._owner_url(env)
        before = read_schema(owner_url).revision
        self.report("3 of 4: migrating the database; the old version runs on")
        if not self.checkout.to:
            self.report("  Its code was exchanged under it: jobs that begin before it takes over may fail. TO=… avoids that.")
        try:
            self._migrate(owner_url, env, beside=True)
        except Conflict:
            self.report("  The old version would not run on the new schema, so it is stopped for as long as this takes.")
            return self._hand_over_stopped(studio, before)
        after = read_schema(owner_url)
        self.report("4 of 4: the new version takes over")
        self.checkout.switch()
        try:
            if studio.can_restart:
                studio_process.restart(studio, self._folder)
            else:
                studio_process.stop(studio, self._folder)
                studio_process.start(studio, self._folder, checkout=self.checkout.root, python=self.checkout.python)
        except StudioError as error:
            raise Unavailable(f"{error.message}\n{self._go_back(studio, before, after)}") from error
        return before, after

    def _hand_over_stopped(self, studio: RunningStudio, before: str) -> tuple[str, Contract]:
        studio_process.stop(studio, self._folder)
        try:
            _, after = self._migrate_stopped()
        except StudioError as error:
            raise Unavailable(f"{error.message}\n{self._start_old(studio)}") from error
        self.report("4 of 4: the new version starts")
        self.checkout.switch()
        studio_process.start(studio, self._folder, checkout=self.checkout.root, python=self.checkout.python)
        return before, after

    def _migrate_stopped(self) -> tuple[str, Contract]:
        self.report("3 of 4: migrating the database")
        with stack.start(self._folder, env=self.env) as servers:
            owner_url = servers.urls["DATABASE_OWNER_URL"]
            before = read_schema(owner_url).revision
            self._migrate(owner_url, self.env, beside=False)
            return before, read_schema(owner_url)

    def _migrate(self, owner_url: str, env: Mapping[str, str], *, beside: bool) -> None:
        app, worker = environment.login_passwords(read_json(self._folder / "secrets.json"), env)
        migrate(owner_url, app_password=app, worker_password=worker, beside=beside)

    def _owner_url(self, env: Mapping[str, str]) -> str:
        if url := env.get("DATABASE_OWNER_URL") or env.get("DATABASE_URL"):
            return url
        port = read_json(self._folder / "run.json")["ports"]["postgres"]
        return postgres.url(int(port), read_json(self._folder / "secrets.json")["STUDIO_OWNER_PASSWORD"])

    def _go_back(self, studio: RunningStudio, before: str, after: Contract) -> str:
        """The new version did not start: the old one again, if its code is here and the schema serves it."""
        if after.serves_since > before:
            return "The new schema does not serve the old version: restore the backup to go back (docs/operate.md)."
        if not studio_process.is_locked(self._folder):
            self.checkout.put_back()
            return self._start_old(studio)
        return "Something still runs there: stop it, then start the old version."

    def _start_old(self, studio: RunningStudio) -> str:
        code = self.checkout.root if self.checkout.to else self._code_before()
        if code is None:
            return "The old version is stopped, and the database is as it serves it. Check out its code, then `make run`."
        try:
            studio_process.start(studio, self._folder, checkout=code, python=self.checkout.python)
        except StudioError as error:
            return f"The old version was started again and did not come up: {error.message}"
        return f"The old version runs again, from {code}."

    def _code_before(self) -> Path | None:
        """The old version's code, laid out beside the new one, which was pulled over it."""
        commit, folder = code_before(self.checkout.root, self._folder), self.checkout.root / "var" / "upgrade" / "before"
        if not commit:
            return None
        git = ["git", "-C", str(self.checkout.root), "worktree"]
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([*git, "prune"], check=False)
        if subprocess.run([*git, "add", "--quiet", "--detach", str(folder), commit], check=False).returncode:
            return None
        if (self.checkout.root / ".env").is_file():
            (folder / ".env").symlink_to(self.checkout.root / ".env")
        return folder


def _schemas(before: str, after: Contract) -> str:
    if before == after.revision:
        return f"The schema is {after.revision}, as before."
    change = f"The schema went from {before or 'nothing'} to {after.revision}"
    return f"{change}, which serves versions written for {after.serves_since} or newer."


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())

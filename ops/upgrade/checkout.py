"""The folder that people start the studio from: its code and `.venv` are exchanged for the new ones, and put back."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from backend.errors import Unavailable
from ops.local_stack.state import read_json


@dataclass
class Checkout:
    """`venv`: with the new version's packages; may be the one that is used already. `to`: the version to check out; "": the
    code is here already. `commit`: what `to` stood for when its code was fetched and the database prepared for it."""

    root: Path
    venv: Path
    to: str = ""
    commit: str = ""
    _old_name: str = ""
    """The branch of before, or its commit where there is none."""
    _old_commit: str = ""
    _old_venv: Path | None = None

    @property
    def python(self) -> Path:
        return self.root / ".venv" / "bin" / "python"

    def switch(self) -> None:
        """Raises Unavailable; then everything is as it was."""
        if self.to:
            old = self._git("rev-parse", "--abbrev-ref", "HEAD")
            self._old_commit = self._git("rev-parse", "HEAD")
            self._old_name = old if old != "HEAD" else self._old_commit
            self._check_out(self.to)
            self._bring_forward()
        try:
            self._switch_venv()
        except OSError as error:
            self.put_back()
            raise Unavailable(f"The new packages could not be put in place: {error}. The old version is as it was.") from error

    def put_back(self) -> bool:
        """Whether the old code is here again."""
        if self._old_venv is not None:
            link = self.root / ".venv"
            link.unlink(missing_ok=True)
            self._old_venv.rename(link)
            self._old_venv = None
        if self.to and self._old_commit:
            self._check_out(self._old_name)
            if self._git("rev-parse", "HEAD") != self._old_commit:  # its branch was brought forward here
                self._git("reset", "--hard", "--quiet", self._old_commit)
        return bool(self.to)

    def _switch_venv(self) -> None:
        link = self.root / ".venv"
        if self.venv.resolve() == link.resolve():
            return
        old, new = self.root / ".venv.before-upgrade", self.root / ".venv.new"
        if old.is_symlink():
            old.unlink()
        elif old.exists():
            raise FileExistsError(f"{old} is there from an earlier upgrade; remove it")
        stamp = self.venv / ".installed-run"
        stamp.write_text(stamp.read_text().split(" ")[0] + " .venv")  # as `make run` will look for it
        new.unlink(missing_ok=True)
        new.symlink_to(os.path.relpath(self.venv, self.root))
        link.rename(old)
        new.rename(link)
        self._old_venv = old

    def _bring_forward(self) -> None:
        """A local branch that is behind the fetched one is moved to what the database was prepared for; where it went its own
        way, that commit is checked out without a branch."""
        if self.commit and self._git("rev-parse", "HEAD") != self.commit:
            self._git("merge", "--ff-only", "--quiet", self.commit)
            if self._git("rev-parse", "HEAD") != self.commit:
                self._check_out(self.commit)

    def _check_out(self, version: str) -> None:
        done = subprocess.run(
            ["git", "checkout", "--quiet", version], cwd=self.root, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise Unavailable(f"git could not check out {version}: {done.stderr.strip()}")

    def _git(self, *arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=self.root, capture_output=True, text=True, check=False).stdout.strip()


def commit_of(code: Path) -> str:
    """That is checked out in the folder; "" where it is no checkout."""
    argv = ["git", "rev-parse", "HEAD"]
    return subprocess.run(argv, cwd=code, capture_output=True, text=True, check=False).stdout.strip()


def code_before(root: Path, folder: Path) -> str:
    """The commit that the running studio was started from, or that the last `git pull` came from; "" if nobody knows."""
    noted = str(read_json(folder / "run.json").get("commit") or "")
    return (
        noted
        or subprocess.run(
            ["git", "rev-parse", "--verify", "--quiet", "ORIG_HEAD"], cwd=root, capture_output=True, text=True, check=False
        ).stdout.strip()
    )

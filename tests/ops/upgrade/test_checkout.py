"""The folder that people start the studio from, as git has it after `make upgrade TO=…`."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ops.upgrade.checkout import Checkout, commit_of

AUTHOR = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *AUTHOR, *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


def commit(folder: Path, text: str) -> str:
    (folder / "code.py").write_text(text)
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", text)
    return commit_of(folder)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """(the origin, a clone on its branch main)."""
    origin, clone = tmp_path / "origin", tmp_path / "clone"
    origin.mkdir()
    git(origin, "init", "--quiet", "-b", "main")
    commit(origin, "old")
    git(tmp_path, "clone", "--quiet", str(origin), str(clone))
    (clone / ".venv").mkdir()
    return origin, clone


def test_a_branch_behind_its_origin_is_brought_to_what_the_database_was_prepared_for(folders: tuple[Path, Path]) -> None:
    origin, clone = folders
    old, new = commit_of(clone), commit(origin, "new")
    git(clone, "fetch", "--quiet")
    checkout = Checkout(clone, clone / ".venv", "main", new)
    checkout.switch()
    assert (commit_of(clone), git(clone, "rev-parse", "--abbrev-ref", "HEAD")) == (new, "main")
    assert checkout.put_back()
    assert (commit_of(clone), git(clone, "rev-parse", "--abbrev-ref", "HEAD")) == (old, "main")


def test_a_branch_that_went_its_own_way_is_left_alone(folders: tuple[Path, Path]) -> None:
    origin, clone = folders
    own, new = commit(clone, "own"), commit(origin, "new")
    git(clone, "fetch", "--quiet")
    checkout = Checkout(clone, clone / ".venv", "main", new)
    checkout.switch()
    assert (commit_of(clone), git(clone, "rev-parse", "main")) == (new, own)
    checkout.put_back()
    assert (commit_of(clone), git(clone, "rev-parse", "--abbrev-ref", "HEAD")) == (own, "main")

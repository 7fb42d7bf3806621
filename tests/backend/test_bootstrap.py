"""Processes that are started apart say in a sentence which settings they lack, and what is wrong with one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from backend.bootstrap import Role, bootstrap
from backend.errors import Invalid, Unavailable
from backend.settings import ROOT, Settings


@pytest.mark.parametrize(
    ("role", "name"),
    [("studio", "DATABASE_URL"), ("worker", "WORKER_DATABASE_URL"), ("worker", "REDIS_URL"), ("studio", "S3_SECRET"),
     ("worker", "SECRET_KEYS")],
)  # fmt: skip
def test_a_missing_setting_is_named(settings: Settings, role: Role, name: str) -> None:
    with pytest.raises(Invalid, match=f"^Not set: {name}.*On many machines"):
        bootstrap(settings.replace(**{name: ""}), role=role)


@pytest.mark.parametrize(
    ("url", "kind", "told"),
    [("studio", Invalid, "WORKER_DATABASE_URL is not a URL. It looks like postgresql://"),
     ("postgresql://a:b@127.0.0.1:9/studio", Unavailable, "refused.*correct WORKER_DATABASE_URL")],
)  # fmt: skip
def test_a_wrong_database_url_is_told(settings: Settings, url: str, kind: Any, told: str) -> None:
    with pytest.raises(kind, match=told):
        bootstrap(settings.replace(WORKER_DATABASE_URL=url), role="worker")


STUDIO = [str(Path(sys.executable).with_name("streamlit")), "run", "studio/shell/server.py", "--server.headless", "true"]
WORKER = [sys.executable, "-m", "workers.main", "--queues", "gpu"]


@pytest.mark.parametrize(("argv", "name"), [(STUDIO, "DATABASE_URL"), (WORKER, "WORKER_DATABASE_URL")])
def test_by_hand_it_is_the_sentence_alone(argv: list[str], name: str, tmp_path: Path) -> None:
    """As the README says to start them. The variables are there but empty, so that no .env of this machine speaks."""
    env = {key: "" for key in ("DATABASE_URL", "WORKER_DATABASE_URL", "REDIS_URL", "S3_ENDPOINT", "SECRET_KEYS")}
    env |= {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "STREAMLIT_SERVER_PORT": "0"}
    done = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert done.stderr.startswith(f"Not set: {name} "), done.stderr
    assert "Traceback" not in done.stderr

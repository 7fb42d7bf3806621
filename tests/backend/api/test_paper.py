"""The scripts of docs/API.md, each run against a studio; and its list of error codes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.routing import Mount

from backend.accounts import passwords
from backend.api import error_catalogue
from backend.app import App
from tests.factories.account import Tenant, make_person
from tests.servers.in_thread import ThreadedServer
from tests.servers.sandbox import SandboxServer
from tests.support.inline_worker import working
from tests.support.rest_api import rest_api

PAPER = Path(__file__).resolve().parents[3] / "docs" / "API.md"
PASSWORD = "correct horse battery"


def script(language: str) -> str:
    [text] = re.findall(rf"```{language}\n(.*?)```", PAPER.read_text("utf-8"), re.DOTALL)
    return str(text)


@pytest.fixture
def studio(app: App, workspace: Tenant, tmp_path: Path) -> Iterator[dict[str, str]]:
    """What the scripts need to know, as environment variables."""
    person = make_person(app.db, workspace.id, "editor", password_hash=passwords.hash_password(SecretStr(PASSWORD)))
    server = ThreadedServer("studio")
    with SandboxServer(tmp_path / "sandbox") as sandbox:
        connected = replace(app, settings=app.settings.replace(**sandbox.settings()))
        with working(connected, workspace):
            server.start(Starlette(routes=[Mount("/api", app=rest_api(connected))]))
            try:
                yield {"STUDIO": server.url, "EMAIL": person.email, "PASSWORD": PASSWORD}
            finally:
                server.stop()


@pytest.mark.parametrize("language", ["python", "sh"])
def test_from_login_to_a_published_post(studio: dict[str, str], language: str) -> None:
    command = [sys.executable, "-c", script("python")] if language == "python" else ["bash", "-c", script("sh")]
    environment = {**os.environ, **studio, "no_proxy": "127.0.0.1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip().startswith("http")


def test_the_list_of_error_codes_is_complete() -> None:
    rows = "\n".join(f"| `{entry.code}` | {entry.status} | {entry.meaning} |" for entry in error_catalogue.catalogue())
    assert rows in PAPER.read_text("utf-8"), f"write below “Error codes”:\n{rows}"

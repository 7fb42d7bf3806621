"""A real n8n on a database of its own: its command line, its process, and what became of its executions."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import psycopg
from sqlalchemy import make_url

from backend.kit import child
from backend.kit.ids import new_secret
from tests.n8n.exports import Export
from tests.n8n.installation import Installation
from tests.support.wait import until

_START_S, _CLI_S = 240.0, 300.0
_QUIET = {
    "N8N_DIAGNOSTICS_ENABLED": "false",
    "N8N_VERSION_NOTIFICATIONS_ENABLED": "false",
    "N8N_TEMPLATES_ENABLED": "false",
    "N8N_PERSONALIZATION_ENABLED": "false",
    "N8N_HIRING_BANNER_ENABLED": "false",
    "EXTERNAL_FRONTEND_HOOKS_URLS": "",
    "N8N_DIAGNOSTICS_CONFIG_FRONTEND": "",
    "N8N_DIAGNOSTICS_CONFIG_BACKEND": "",
}
"""It asks nobody outside (docs/contracts/n8n.md, 1)."""


class N8n:
    """`database_url`: an empty database and its login. Files and settings lie in `folder`."""

    def __init__(self, installation: Installation, *, database_url: str, folder: Path, port: int, broker_port: int) -> None:
        self.installation, self.folder, self.port = installation, folder, port
        self.url, self.log = f"http://127.0.0.1:{port}", folder / "n8n.log"
        self._dsn = database_url.replace("+psycopg", "")
        self._process: child.Child | None = None
        self._webhooks = 0
        folder.mkdir(parents=True, exist_ok=True)
        database = make_url(database_url)
        own = {
            "NODE_COMPILE_CACHE": str(installation.node.parent.parent.parent / f"compiled-{installation.version}"),
            "N8N_USER_FOLDER": str(folder),
            "N8N_ENCRYPTION_KEY": new_secret(),
            "N8N_LISTEN_ADDRESS": "127.0.0.1",
            "N8N_PORT": str(port),
            "N8N_RUNNERS_BROKER_PORT": str(broker_port),
            "N8N_SECURE_COOKIE": "false",
            "N8N_DISABLE_UI": "true",
            "WEBHOOK_URL": f"{self.url}/",
            "GENERIC_TIMEZONE": "Europe/Rome",
            "DB_TYPE": "postgresdb",
            "DB_POSTGRESDB_HOST": str(database.host),
            "DB_POSTGRESDB_PORT": str(database.port),
            "DB_POSTGRESDB_DATABASE": str(database.database),
            "DB_POSTGRESDB_USER": str(database.username),
            "DB_POSTGRESDB_PASSWORD": str(database.password),
        }
        node_folder = f"{installation.node.parent}{os.pathsep}{os.environ['PATH']}"
        self._env: Mapping[str, str] = {"PATH": node_folder, "HOME": str(folder), "no_proxy": "127.0.0.1", **_QUIET, **own}

    def cli(self, *args: str) -> str:
        """Runs one of its commands and returns what it printed. Fails when the command fails, or says that it did."""
        command = [str(self.installation.node), str(self.installation.program), *args]
        done = subprocess.run(
            command, env=dict(self._env), cwd=self.folder, capture_output=True, text=True, timeout=_CLI_S, check=False
        )
        output = done.stdout + done.stderr
        assert done.returncode == 0, output[-4000:]
        assert "GOT ERROR" not in output, output[-4000:]
        return output

    def take_in(self, credentials: list[dict[str, Any]], workflows: list[Export], published: list[str]) -> None:
        """Imports credentials (with their secrets) and workflows as `n8n import:*` does, then publishes these ids."""
        secrets, exports = self.folder / "credentials.json", self.folder / "workflows"
        secrets.write_text(json.dumps(credentials))
        self.cli("import:credentials", f"--input={secrets}")
        secrets.unlink()
        exports.mkdir()
        for workflow in workflows:
            (exports / f"{workflow['id']}.json").write_text(json.dumps(workflow))
        self.cli("import:workflow", "--separate", f"--input={exports}")
        kinds = [node["type"] for workflow in workflows if workflow["id"] in published for node in workflow["nodes"]]
        self._webhooks = kinds.count("n8n-nodes-base.webhook")
        for workflow_id in published:
            self.cli("publish:workflow", f"--id={workflow_id}")

    def copies(self) -> dict[str, Export]:
        """What the daily copy of docs/n8n.md holds: workflows by id."""
        folder = self.folder / "backup"
        self.cli("export:workflow", "--backup", f"--output={folder}/")
        copies = [json.loads(path.read_text()) for path in folder.glob("*.json")]
        return {copy["id"]: copy for copy in copies}

    def start(self) -> None:
        with self.log.open("ab") as log:
            command = [str(self.installation.node), str(self.installation.program), "start"]
            self._process = child.spawn(command, env=self._env, cwd=self.folder, stdout=log, stderr=log)
        until(self._is_ready, _START_S, what="n8n's start")

    def stop(self) -> None:
        if self._process is not None:
            child.stop(self._process, grace_s=20)
            self._process = None

    def run(self, workflow_id: str, path: str, *, seconds: float = 300.0, **request: Any) -> str:
        """Calls the webhook of a published workflow and waits for the end of the execution. Returns its status."""
        before = set(self.executions(workflow_id))
        answer = httpx.post(f"{self.url}/webhook/{path}", timeout=60, **request)
        assert answer.status_code == 200, (answer.status_code, answer.text, child.tail(self.log, 30))
        return self.wait_for_end(workflow_id, before, seconds=seconds)

    def wait_for_end(self, workflow_id: str, before: set[int], *, seconds: float = 300.0) -> str:
        """The status of the first execution of the workflow that is not among `before`, once it has ended."""

        def ended() -> str:
            executions = self.executions(workflow_id)
            new = [status for number, status in executions.items() if number not in before]
            return new[0] if new and new[0] not in ("new", "running", "waiting") else ""

        return until(ended, seconds, what=f"the end of {workflow_id}")

    def executions(self, workflow_id: str) -> dict[int, str]:
        """Execution number -> status, oldest first."""
        with psycopg.connect(self._dsn) as connection:
            query = 'SELECT id, status FROM execution_entity WHERE "workflowId" = %s ORDER BY id'
            return {int(row[0]): str(row[1]) for row in connection.execute(query, [workflow_id])}

    def errors(self) -> str:
        """What its failed executions say, for a failed test's reader."""
        query = """SELECT e."workflowId", d.data FROM execution_entity e JOIN execution_data d ON d."executionId" = e.id
            WHERE e.status IN ('error', 'crashed') ORDER BY e.id"""
        with psycopg.connect(self._dsn) as connection:
            return "\n".join(f"{row[0]}: {str(row[1])[:3000]}" for row in connection.execute(query))  # type: ignore[arg-type]

    def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, child.tail(self.log, 60)
        try:
            ready = httpx.get(f"{self.url}/healthz/readiness", timeout=5).status_code == 200
            serving = "json" in httpx.get(f"{self.url}/webhook/nowhere", timeout=5).headers.get("content-type", "")
        except httpx.HTTPError:
            return False
        return ready and serving and self._count_webhooks() == self._webhooks

    def _count_webhooks(self) -> int:
        """Of published workflows that listen by now: it answers before they do."""
        with psycopg.connect(self._dsn) as connection:
            row = connection.execute("SELECT count(*) FROM webhook_entity").fetchone()
            return int(row[0]) if row else 0

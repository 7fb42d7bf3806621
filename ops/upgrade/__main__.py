"""`python -m ops.upgrade`: what `bin/upgrade.py` runs with the new version's code and packages."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from dotenv import dotenv_values
from pydantic import ValidationError

from backend.errors import StudioError
from backend.settings import ROOT, Settings
from ops.upgrade import studio_process
from ops.upgrade.checkout import Checkout, commit_of
from ops.upgrade.upgrade import Upgrade


def main() -> int:
    """The exit code: 0; 1 with a sentence on standard error that says what is so now."""
    env = {name: value for name, value in dotenv_values(ROOT / ".env").items() if value is not None} | dict(os.environ)
    root, to = Path(env.get("UPGRADE_CHECKOUT") or ROOT), env.get("UPGRADE_TO", "")
    checkout = Checkout(root, Path(env.get("UPGRADE_VENV") or ".venv"), to, commit_of(ROOT) if to else "")
    started = time.monotonic()
    try:
        settings = Settings.read()
        folder = settings.data_dir.resolve()
        upgrade = Upgrade(settings, env, checkout, studio_process.find(folder, checkout.root), report=_print_line)
        outcome = upgrade.run()
    except ValidationError as error:
        _print_line(f"A setting does not fit the new version, so nothing was changed. `make doctor` names it.\n{error}")
        return 1
    except StudioError as error:
        _print_line(error.message)
        return 1
    print(f"{outcome} It took {time.monotonic() - started:.0f} s.")
    return 0


def _print_line(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())

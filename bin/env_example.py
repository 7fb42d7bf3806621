"""Prints .env.example from backend/settings.py (a test checks that the file is up to date)."""

from __future__ import annotations

import inspect
import json
import re
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pydantic import SecretStr

from backend.settings import ROOT, Settings

HEAD = """\
# Copy to .env and uncomment what you want to change; nothing here is needed for `make run`.
# Times are seconds unless the name says otherwise; sizes are bytes. An empty URL means: the server that `make run` starts.
"""
STACK = """
# Programs of the embedded servers; default: the installed wheels, then PATH
#EMBEDDED_POSTGRES_BIN=
#EMBEDDED_VALKEY_BIN=
#EMBEDDED_WEED_BIN=
"""
COMPOSE = """
# docker compose up (2.23 or newer): set these (make each with: openssl rand -hex 24), and SECRET_KEYS (openssl rand -base64 32)
#POSTGRES_PASSWORD=
#REDIS_PASSWORD=
# … and STUDIO_APP_PASSWORD, STUDIO_WORKER_PASSWORD, S3_SECRET from above; PUBLIC_URL where people reach it
"""


def env_example() -> str:
    lines = [HEAD.rstrip("\n")]
    for line in inspect.getsource(Settings).splitlines():
        if heading := re.fullmatch(r"    # (.+)", line):
            lines += ["", f"# {heading[1]}"]
        elif (match := re.match(r"    (\w+): ", line)) and match[1] in Settings.model_fields:
            lines.append(_line(match[1]))
    return "\n".join(lines) + "\n" + STACK + COMPOSE


def _line(name: str) -> str:
    field = Settings.model_fields[name]
    variable = str(field.validation_alias or name).upper()
    note = f"  # {field.description}" if field.description else ""
    return f"#{variable}={_env_text(field.default)}{note}"


def _env_text(value: Any) -> str:
    match value:
        case None:
            return ""
        case SecretStr():
            return value.get_secret_value()
        case Path():
            return f"./{value.relative_to(ROOT)}"
        case tuple():
            return ",".join(map(str, value))
        case bool():
            return json.dumps(value)
    return str(value)


if __name__ == "__main__":
    sys.stdout.write(env_example())

"""Prints .env.example from backend/settings (a test checks that the file is up to date)."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from backend.settings import ROOT, Settings
from backend.settings.section import SettingsSection, other_name

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

# … and with --profile with-nginx (docs/deploy.md)
#TLS_FOLDER=./infra/nginx/tls  # fullchain.pem and privkey.pem
#STUDIO_BIND=0.0.0.0  # 127.0.0.1: the studio is reached through nginx alone; with --scale studio=3 also PORT=8501-8509
#HTTPS_PORT=443
#HTTP_PORT=80
#DOCKER_SUBNET=172.28.0.0/24
#NGINX_ADDRESS=172.28.0.250  # in that network; its X-Forwarded-For is believed

# … and with --profile backup: BACKUP_TARGET from above, or
#BACKUP_FOLDER=./var/backup  # a folder on another disk that uid 1000 may write to

# … and with --profile monitoring (infra/monitoring/README.md): METRICS_TOKEN from above, and
#GRAFANA_PASSWORD=  # of its user admin
#ALERT_WEBHOOK_URL=  # who is told of alerts, as Alertmanager's JSON: n8n, a chat; without one they are on its page alone
#MONITORING_BIND=127.0.0.1

# … and with --profile n8n (docs/n8n.md)
#N8N_POSTGRES_PASSWORD=
#N8N_OWNER_MANAGED_BY_ENV=false  # true: the next two make the owner; false: the first visitor of its page does
#N8N_OWNER_EMAIL=
#N8N_OWNER_PASSWORD_HASH=  # bcrypt, in single quotes
#N8N_PUBLIC_URL=http://localhost:5678/  # where browsers and webhooks reach it
#N8N_TIMEZONE=Europe/Rome
#N8N_BIND=127.0.0.1
"""


def env_example() -> str:
    return "\n".join([HEAD.rstrip("\n"), *_section_lines(Settings)]) + "\n" + STACK + COMPOSE


def _section_lines(section: type[SettingsSection]) -> Iterator[str]:
    """A heading, the section's own settings, then the sections within."""
    fields = section.model_fields.values()
    yield from ("", f"# {(section.__doc__ or '').splitlines()[0]}")
    yield from (_line(field) for field in fields if field.alias)
    for field in fields:
        if not field.alias:
            yield from _section_lines(cast(type[SettingsSection], field.annotation))


def _line(field: FieldInfo) -> str:
    notes = [field.description or "", f"also: {other_name(field)}" if other_name(field) else ""]
    note = "; ".join(filter(None, notes))
    return f"#{field.alias}={_env_text(field.default)}{f'  # {note}' if note else ''}"


def _env_text(value: Any) -> str:
    match value:
        case None:
            return ""
        case SecretStr():
            return value.get_secret_value()
        case Path():
            return f"./{value.relative_to(ROOT)}"
        case tuple() | frozenset():
            return ",".join(map(str, value))
        case bool():
            return json.dumps(value)
    return str(value)


if __name__ == "__main__":
    sys.stdout.write(env_example())

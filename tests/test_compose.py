"""docker-compose.yml starts what `make run` starts; .env.example names every setting."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path
from typing import Any

import pytest
import yaml

from ops.local_stack import seaweed, services, valkey

ROOT = Path(__file__).parent.parent
SANDBOX: dict[str, Any] = {
    "folder": "/data/sandbox",
    "host": "0.0.0.0",
    "port": 8600,
    "public_url": "${SANDBOX_PUBLIC_URL:-http://localhost:8600}",
}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "docker-compose.yml").read_text()))


def test_its_processes_are_those_of_the_supervisor(compose: dict[str, Any]) -> None:
    own_services = [
        services.studio_service(host="0.0.0.0", port=8501),
        *services.worker_services(stop_grace_s=20),
        services.sandbox_service(**SANDBOX),
        services.backup_service(owner_url=""),
    ]
    assert {service.name: ["python", *service.args] for service in own_services} == {
        service.name: compose["services"][service.name]["command"] for service in own_services
    }
    assert " ".join(services.migrate_args()) in compose["services"]["migrate"]["command"][-1]


def test_its_servers_run_with_the_measured_settings(compose: dict[str, Any]) -> None:
    weed = compose["services"]["seaweedfs"]
    assert {*seaweed.DISABLED_OPTIONS, *seaweed.SIZE_OPTIONS, "mini", "-s3.config=/s3.json"} <= set(weed["command"])
    assert weed["environment"] == seaweed.MEMORY_ENV
    identities = compose["configs"]["s3"]["content"].replace("${S3_KEY:-studio}", "k").replace("${S3_SECRET:?}", "s")
    assert json.loads(identities) == seaweed.identities(seaweed.S3Access(key="k", secret="s", bucket="b", region="r"))
    config = compose["configs"]["valkey"]["content"].splitlines()
    assert {*valkey.ALWAYS, "appendfsync everysec", "requirepass ${REDIS_PASSWORD:?}"} <= set(config)
    # Postgres 18's image keeps its data one folder higher than before.
    assert compose["services"]["postgres"]["volumes"] == ["postgres:/var/lib/postgresql"]
    assert compose["services"]["postgres"]["stop_signal"] == "SIGINT"


def test_only_pages_for_people_are_published_and_every_image_is_pinned(compose: dict[str, Any]) -> None:
    published = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}
    assert set(published) == {"studio", "sandbox", "n8n", "nginx", "prometheus", "alertmanager", "grafana"}
    open_to_all = {name for name, ports in published.items() if not all("_BIND:-127" in p or "_HOST:-127" in p for p in ports)}
    assert open_to_all == {"studio", "nginx"}
    images = {service["image"] for service in compose["services"].values()} - {"influencerai-studio"}
    assert all(re.search(r":v?\d[\d.]*(-alpine)?$", image) for image in images)


def test_only_migrations_and_backups_hold_the_owner_login(compose: dict[str, Any]) -> None:
    holders = [
        name for name, service in compose["services"].items() if service.get("environment", {}).get("DATABASE_OWNER_URL")
    ]
    assert holders == ["migrate", "backup"]


def test_every_required_variable_is_in_the_example() -> None:
    example = (ROOT / ".env.example").read_text()
    required = set(re.findall(r"\$\{(\w+):\?\}", (ROOT / "docker-compose.yml").read_text()))
    assert {name for name in required if not re.search(rf"\b{name}\b", example)} == set()


def test_the_example_is_complete() -> None:
    env_example = runpy.run_path(str(ROOT / "bin" / "env_example.py"))["env_example"]
    assert (ROOT / ".env.example").read_text() == env_example(), "run `make env-example`"


def test_n8n_starts_only_when_asked_for_with_a_database_and_a_login_of_its_own(compose: dict[str, Any]) -> None:
    services_by_name, n8n = compose["services"], compose["services"]["n8n"]
    assert {name for name, service in services_by_name.items() if service.get("profiles") == ["n8n"]} == {"n8n", "n8n-database"}
    environment = n8n["environment"]
    assert environment["DB_TYPE"] == "postgresdb"
    assert (environment["DB_POSTGRESDB_DATABASE"], environment["DB_POSTGRESDB_USER"]) == ("n8n", "n8n")
    assert not [name for name in environment if name.startswith("N8N_BASIC_AUTH")]
    assert not [value for value in environment.values() if "POSTGRES_PASSWORD:?" in value]
    conditions = {name: link["condition"] for name, link in n8n["depends_on"].items()}
    assert conditions["postgres"] == conditions["valkey"] == "service_healthy"
    assert set(n8n["volumes"]) == {"n8n_data:/home/node/.n8n", "./workflows/n8n:/workflows:ro"}
    assert "n8n_data" in compose["volumes"]


def test_the_compose_file_is_whole_without_the_variables_of_n8n(compose: dict[str, Any]) -> None:
    """Compose fills in the variables of all profiles, also of those that do not start."""
    text = (ROOT / "docker-compose.yml").read_text()
    assert re.findall(r"\$\{(N8N_\w+):\?", text) == []
    assert "studio" in compose["x-app"]["environment"]["ALLOWED_HOSTS"]  # the name that n8n calls it by

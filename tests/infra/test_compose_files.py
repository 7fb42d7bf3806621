"""docker-compose.yml and what it mounts: valid by the Compose Specification, whole with every profile, and nginx keeps a
browser at one studio."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.cookiejar import CookieJar
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

import jsonschema
import pytest
import yaml

from tests.infra.nginx import nginx_before
from tests.infra.programs import ROOT, of_venv, run

FILES = ("docker-compose.yml", "infra/docker-compose.dev.yml")
OWN = ("studio", "worker-cpu", "worker-gpu", "sandbox", "migrate")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / FILES[0]).read_text()))


@pytest.mark.parametrize("file", FILES)
def test_it_fits_the_compose_specification(file: str) -> None:
    schema = json.loads((ROOT / "tests/infra/schemas/compose-spec.json").read_text())
    jsonschema.validate(yaml.safe_load((ROOT / file).read_text()), schema)


def test_every_mounted_file_named_volume_and_service_is_there(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        sources = [volume.split(":")[0] for volume in service.get("volumes", ()) if ":" in volume]
        for source in sources:
            if source.startswith("./"):
                assert (ROOT / source).exists(), f"{name} mounts {source}"
            elif source[0] not in "/$":
                assert source in compose["volumes"], f"{name} uses {source}"
        assert set(service.get("depends_on", ())) <= set(compose["services"]), name
        assert {config["source"] for config in service.get("configs", ())} <= set(compose["configs"]), name


def test_nothing_of_a_profile_is_needed_without_it(compose: dict[str, Any]) -> None:
    """Compose fills in the variables of all profiles, also of those that do not start."""
    always = {name: service for name, service in compose["services"].items() if "profiles" not in service}
    set_anyway = set(re.findall(r"\$\{(\w+):\?", json.dumps(always)))
    for name, service in compose["services"].items():
        if profiles := service.get("profiles"):
            required = set(re.findall(r"\$\{(\w+):\?", json.dumps(service))) - set_anyway
            assert not required, f"{name} ({profiles}) requires {required}"
        else:
            needed = [compose["services"][other] for other in service.get("depends_on", ())]
            assert not any("profiles" in other for other in needed), name


def test_our_own_containers_can_write_to_data_and_tmp_alone(compose: dict[str, Any]) -> None:
    for name in OWN:
        service = compose["services"][name]
        assert service["read_only"] is True
        assert [volume.rpartition(":")[2] for volume in service["volumes"]] == ["/data", "/tmp"]
        assert service["cap_drop"] == ["ALL"]


def test_the_override_for_development_changes_only_services_that_exist(compose: dict[str, Any]) -> None:
    override = yaml.safe_load((ROOT / FILES[1]).read_text())["services"]
    assert set(override) <= set(compose["services"])
    assert all(port.startswith("127.0.0.1:") for service in override.values() for port in service.get("ports", ()))


def test_yaml_is_tidy() -> None:
    files = [*FILES, "infra", *(str(path) for path in (ROOT / ".github").rglob("*.yml"))]

    run(of_venv("yamllint"), "--strict", *files)


def test_the_image_is_built_by_the_rules_of_hadolint() -> None:
    run(of_venv("hadolint"), "--failure-threshold", "info", "Dockerfile")
    text = (ROOT / "Dockerfile").read_text()
    assert re.findall(r"^USER (.+)$", text, re.MULTILINE) == ["1000:1000"]
    assert all(re.search(r":\d+\.\d+\.\d+", base) for base in re.findall(r"^FROM (\S+)", text, re.MULTILINE))


class Upstream(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps({"port": self.server.server_port, "headers": dict(self.headers)}).encode()  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), Upstream) for _ in range(3)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    with nginx_before([server.server_port for server in servers], tmp_path_factory.mktemp("nginx")) as url:
        yield url
    for server in servers:
        server.shutdown()
        server.server_close()


def _browser() -> OpenerDirector:
    return build_opener(HTTPCookieProcessor(CookieJar()))


def _asked(browser: OpenerDirector, url: str | Request) -> dict[str, Any]:
    with browser.open(url, timeout=5) as response:
        return dict(json.load(response))


def test_a_browser_stays_with_one_studio_and_browsers_spread(nginx: str) -> None:
    ports = []
    for _ in range(24):
        browser = _browser()
        asked = {_asked(browser, f"{nginx}{path}")["port"] for path in ("/", "/_stcore/stream", "/api/events", "/media/x")}
        assert len(asked) == 1
        ports += asked
    assert len(set(ports)) == 3


def test_the_studio_learns_who_asks_and_cannot_be_told_otherwise(nginx: str) -> None:
    asked_with = {"X-Forwarded-For": "203.0.113.7", "Connection": "Upgrade", "Upgrade": "websocket"}
    answer = _asked(_browser(), Request(f"{nginx}/_stcore/stream", headers=asked_with))
    headers = {name.lower(): value for name, value in answer["headers"].items()}
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["x-forwarded-proto"] == "https"
    assert headers["upgrade"] == "websocket"


def test_figures_are_not_for_people_outside(nginx: str) -> None:
    with pytest.raises(OSError, match="404"):
        _browser().open(f"{nginx}/metrics", timeout=5)

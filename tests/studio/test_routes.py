"""Which addresses the studio's process answers besides its pages."""

from __future__ import annotations

import pytest
from starlette.routing import Mount, Route

from backend import api
from backend.app import App
from studio.shell.routes import routes


def paths(app: App, **settings: bool) -> set[str]:
    rest_api = api.create_api(lambda: app)
    found = routes(app.settings.replace(**settings), lambda: app, rest_api, api.McpDoor(rest_api))
    return {route.path for route in found if isinstance(route, Route | Mount)}


@pytest.mark.parametrize(
    ("setting", "path"),
    [
        ("SWAGGER_ENABLED", "/api/docs"),
        ("ORCHESTRATOR_PATHS", "/orchestrate/start"),
        ("STYLEFORGE_PATHS", "/generate"),
        ("MCP_ENABLED", "/mcp"),
    ],
)
def test_a_setting_ends_addresses_and_leaves_the_others(app: App, setting: str, path: str) -> None:
    on, off = paths(app, **{setting: True}), paths(app, **{setting: False})
    assert path in on - off
    assert {"/api", "/health", "/ready", "/metrics"} <= off < on

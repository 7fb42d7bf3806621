"""Which addresses the studio's process answers besides its pages."""

from __future__ import annotations

import pytest
from starlette.routing import Mount, Route

from backend import api
from backend.app import App
from studio.shell.routes import routes
from tests.support.rest_api import rest_api


def paths(app: App, **settings: bool) -> set[str]:
    server = rest_api(app)
    opened = routes(app.settings.replace(**settings), lambda: app, server, api.McpDoor(server))
    return {route.path for route in opened if isinstance(route, Route | Mount)}


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

"""The page of the API's operations: our own files, a strict policy."""

from __future__ import annotations

import re

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from studio.shell.api_docs import api_docs_routes
from studio.shell.headers import SecurityHeaders


def test_the_page_loads_only_our_own_files_and_runs_nothing_inline() -> None:
    with TestClient(Starlette(routes=api_docs_routes(), middleware=[Middleware(SecurityHeaders)])) as client:
        page = client.get("/api/docs")
        assert page.status_code == 200
        rules = dict(rule.split(" ", 1) for rule in page.headers["content-security-policy"].split("; "))
        assert (rules["default-src"], rules["script-src"], rules["connect-src"]) == ("'none'", "'self'", "'self'")
        assert "unsafe" not in page.headers["content-security-policy"]
        assert re.findall(r"<script[^>]*>(.+?)</script>", page.text) == []
        loaded = [path for path in re.findall(r'(?:src|href)="([^"]+)"', page.text) if not path.startswith("../assets")]
        assert len(loaded) == 3
        for path in loaded:
            assert "//" not in path
            answer = client.get(f"/api/{path}")
            assert answer.status_code == 200, path
            assert answer.headers["content-type"].split(";")[0] in {"text/css", "text/javascript"}
        assert "openapi.json" in client.get("/api/docs/start.js").text

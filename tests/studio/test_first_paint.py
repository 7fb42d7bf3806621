"""Streamlit's index page gets its colour and its server's address; nothing else is touched."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from studio.shell.first_paint import FirstPaint
from studio.ui.design.tokens import COLORS

INDEX = "<!DOCTYPE html><html><head><title>x</title></head><body>" + "é" * 2000 + "</body></html>"


def index(_: Request) -> Response:
    return HTMLResponse(INDEX, headers={"etag": '"1"'})


def test_the_page_has_its_colour_before_any_script_runs() -> None:
    routes = [
        Route("/gallery", index),
        Route("/api/page", index),
        Route("/data", lambda _: JSONResponse({"a": "<head>"})),
    ]
    app = Starlette(routes=routes, middleware=[Middleware(FirstPaint), Middleware(GZipMiddleware)])
    with TestClient(app) as client:
        page = client.get("/gallery", headers={"accept": "text/html,*/*", "if-none-match": '"1"'})
        assert page.status_code == 200
        assert page.text.index(COLORS["page"].dark) < page.text.index("BACKEND_BASE_URL") < page.text.index("<title>")
        assert page.text.endswith("é</body></html>")
        assert "etag" not in page.headers
        assert client.get("/api/page", headers={"accept": "text/html"}).text == INDEX
        assert client.get("/data", headers={"accept": "text/html"}).json() == {"a": "<head>"}
        assert client.get("/gallery", headers={"accept": "*/*"}).text == INDEX

"""/api/docs: the API's operations in Swagger UI, whose files lie here; nothing comes from elsewhere, nothing runs inline."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

VENDOR = Path(__file__).parent / "vendor"
_VERSION = "5.35.0"
_FILES = (f"swagger-ui-{_VERSION}.css", f"swagger-ui-bundle-{_VERSION}.js")
_YEAR_S = 31_536_000
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
# Addresses are relative to /api/docs, so that they hold behind a proxy that adds a path of its own.
_PAGE = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API · InfluencerAI Studio</title>
<link rel="icon" href="../assets/favicon.png">
<link rel="stylesheet" href="docs/{_FILES[0]}">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/{_FILES[1]}"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""
# Keys typed into “Authorize” are forgotten with the page. Swagger UI shows the cookie's scheme too, which browsers send anyway.
_SCRIPT = """SwaggerUIBundle({
  url: 'openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  docExpansion: 'none',
  filter: true,
  persistAuthorization: false,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
  layout: 'BaseLayout',
  requestInterceptor(request) {
    const workspace = new URLSearchParams(location.search).get('ws')
    if (workspace && !request.headers.Authorization && !request.headers['X-API-Key']) request.headers['X-Workspace'] = workspace
    return request
  },
})
"""


def api_docs_routes() -> list[Route]:
    """Before the API's own mount, because they lie under /api."""
    files = [Route(f"/api/docs/{name}", _vendored(name)) for name in _FILES]
    return [Route("/api/docs", _page), Route("/api/docs/start.js", _script), *files]


async def _page(request: Request) -> Response:
    return HTMLResponse(_PAGE, headers={"content-security-policy": _POLICY})


async def _script(request: Request) -> Response:
    return Response(_SCRIPT, media_type="text/javascript")


def _vendored(name: str) -> Callable[[Request], Awaitable[Response]]:
    async def send_file(request: Request) -> Response:
        return FileResponse(VENDOR / name, headers={"cache-control": f"public, max-age={_YEAR_S}, immutable"})

    return send_file

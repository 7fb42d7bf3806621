"""The page before Streamlit has started: in the colour it will have, and told where its server is."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LIGHT, DARK = "#fdfcff", "#15121d"
"""`backgroundColor` of .streamlit/config.toml."""
HEAD = f"""<head>
    <style>
      html {{ color-scheme: light dark; background: light-dark({LIGHT}, {DARK}) }}
      [data-testid="stSidebar"] [data-testid="stSkeleton"] {{ visibility: hidden; height: 24px; min-height: 0 }}
    </style>
    <script>
      const here = location.origin + "/"
      window.__streamlit = {{ BACKEND_BASE_URL: here, MAIN_PAGE_BASE_URL: here }}
    </script>"""
"""A white frame before a dark page hurts the eyes, and so do 25 grey bars before the menu. Without the address Streamlit
tries `/<page>/_stcore/health` first."""
_OURS = ("/api/", "/assets/", "/_stcore/")


class FirstPaint:
    """Plain ASGI. Changes Streamlit's own index page alone; everything else passes untouched."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or "text/html" not in Headers(scope=scope).get("accept", "") or _ours(scope["path"]):
            await self.app(scope, receive, send)
            return
        # Whole and as it is now: neither compressed nor “not modified”, which would be about the file.
        left_out = (b"accept-encoding", b"if-none-match", b"if-modified-since", b"range")
        scope = {**scope, "headers": [pair for pair in scope["headers"] if pair[0] not in left_out]}
        begun: Message | None = None
        body = b""

        async def answered(message: Message) -> None:
            nonlocal begun, body
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("content-type", "").startswith("text/html"):
                    begun = message
                    return
            if begun is None or message["type"] != "http.response.body":
                await send(message)
                return
            body += message.get("body", b"")
            if message.get("more_body"):
                return
            whole, headers = body.replace(b"<head>", HEAD.encode(), 1), MutableHeaders(scope=begun)
            if scope["method"] != "HEAD":
                headers["content-length"] = str(len(whole))
            for name in ("etag", "last-modified", "accept-ranges"):
                del headers[name]
            await send(begun)
            await send({"type": "http.response.body", "body": whole})

        await self.app(scope, receive, answered)


def _ours(path: str) -> bool:
    return path.startswith(_OURS)

"""Patches Streamlit's index page, so that it has the design's tokens and the theme's background from the start, knows its
server's address and reaches under the edges of a phone's screen."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from studio.ui.design.stylesheet import stylesheet
from studio.ui.design.tokens import COLORS

LIGHT, DARK = COLORS["page"]
HEAD = f"""<head>
    <meta name="theme-color" media="(prefers-color-scheme: light)" content="{LIGHT}">
    <meta name="theme-color" media="(prefers-color-scheme: dark)" content="{DARK}">
    <style>
      {stylesheet()}
      html {{ color-scheme: light dark; background: var(--color-page) }}
      [data-testid="stSidebar"] [data-testid="stSkeleton"] {{ visibility: hidden; height: 24px; min-height: 0 }}
    </style>
    <script>
      const theme = document.cookie.match(/(?:^|; )studio_theme=(light|dark|system)/)?.[1]
      if (theme) {{
        if (theme !== "system") {{
          document.documentElement.style.colorScheme = theme
          for (const meta of document.querySelectorAll("meta[name=theme-color]"))
            meta.content = theme === "dark" ? "{DARK}" : "{LIGHT}"
        }}
        const name = theme[0].toUpperCase() + theme.slice(1)
        try {{ localStorage.setItem(`stActiveTheme-${{location.pathname}}-v2`, JSON.stringify(name)) }} catch {{ }}
      }}
      const here = location.origin + "/"
      window.__streamlit = {{ BACKEND_BASE_URL: here, MAIN_PAGE_BASE_URL: here }}
    </script>"""
"""The style has the design's tokens and avoids a white flash before a dark page, as does telling Streamlit the theme that this
person chose: the cookie is that of studio/shell/reader_script, the key Streamlit's own; without storage the page follows the
system. The style hides the 25 grey skeleton bars before the menu too. Without the address Streamlit tries
`/<page>/_stcore/health` first, which costs a failed request."""
_VIEWPORT = (b"shrink-to-fit=no", b"viewport-fit=cover")
"""Streamlit's, which browsers ignore since 2016, and ours: the page reaches to the edges, and CSS knows how far is safe."""
_OTHER_PATHS = ("/api/", "/assets/", "/_stcore/")


class FirstPaint:
    """Plain ASGI. Changes only Streamlit's index page; everything else passes untouched. `more_head`: HTML for its head."""

    def __init__(self, app: ASGIApp, more_head: str = "") -> None:
        self.app = app
        self.head = f"{HEAD}{more_head}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] != "http"
            or "text/html" not in Headers(scope=scope).get("accept", "")
            or _is_not_a_page(scope["path"])
        ):
            await self.app(scope, receive, send)
            return
        # The inner app must send the whole page uncompressed: a 304 or a range would be about the unpatched file.
        dropped_headers = (b"accept-encoding", b"if-none-match", b"if-modified-since", b"range")
        scope = {**scope, "headers": [pair for pair in scope["headers"] if pair[0] not in dropped_headers]}
        start_message: Message | None = None
        body = b""

        async def send_changed(message: Message) -> None:
            nonlocal start_message, body
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("content-type", "").startswith("text/html"):
                    start_message = message
                    return
            if start_message is None or message["type"] != "http.response.body":
                await send(message)
                return
            body += message.get("body", b"")
            if message.get("more_body"):
                return
            whole = body.replace(*_VIEWPORT, 1).replace(b"<head>", self.head, 1)
            headers = MutableHeaders(scope=start_message)
            if scope["method"] != "HEAD":
                headers["content-length"] = str(len(whole))
            for name in ("etag", "last-modified", "accept-ranges"):
                del headers[name]
            await send(start_message)
            await send({"type": "http.response.body", "body": whole})

        await self.app(scope, receive, send_changed)


def _is_not_a_page(path: str) -> bool:
    return path.startswith(_OTHER_PATHS)

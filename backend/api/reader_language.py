"""The studio's own pages get answers in the language of whoever looks at them; every program gets English."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.language import LANGUAGES, Reader, reading

HEADER = "x-studio-language"
"""Sent by studio/ui/shared/api.js."""


class ReaderLanguage:
    """Plain ASGI; what runs in threads for the request knows the reader too."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        language = Headers(scope=scope).get(HEADER, "en") if scope["type"] == "http" else "en"
        if language == "en" or language not in LANGUAGES:
            await self.app(scope, receive, send)
            return
        with reading(Reader(language)):
            await self.app(scope, receive, send)

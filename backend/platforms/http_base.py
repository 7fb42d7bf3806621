"""What the wires of platforms have in common: did a request arrive, what came back as JSON. Nothing is sent twice here."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import httpx

CONNECT_S = 10.0
_NUMBER = re.compile(r"\d+(\.\d+)?")


class ConnectError(Exception):
    """The request did not arrive: nothing was done."""


class ResponseLost(Exception):
    """The request may have arrived and its answer did not come back whole: it may have been done."""


class HttpClient:
    """One server. Thread-safe. `timeout_s`: silence until an answer counts as lost. Redirects are answers, not followed."""

    def __init__(self, url: str, *, timeout_s: float) -> None:
        self.url = url.rstrip("/")
        self._http = httpx.Client(timeout=httpx.Timeout(timeout_s, connect=min(CONNECT_S, timeout_s)), trust_env=True)

    def close(self) -> None:
        self._http.close()

    def send(
        self,
        method: str,
        path: str,
        *,
        token: str = "",
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        body: Any = None,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """`path`: below our URL, or a whole address that the server gave. Raises Away, Lost; any status is an answer."""
        url = path if "://" in path else f"{self.url}{path}"
        heads = {**({"Authorization": f"Bearer {token}"} if token else {}), **(headers or {})}
        content = data
        if body is not None:
            content = json.dumps(body, ensure_ascii=False).encode()
            heads.setdefault("Content-Type", "application/json; charset=UTF-8")
        try:
            return self._http.request(method, url, params=query, data=form, content=content, headers=heads)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.InvalidURL, httpx.UnsupportedProtocol) as no:
            raise ConnectError(str(no) or type(no).__name__) from no
        except (httpx.TransportError, httpx.DecodingError, httpx.TooManyRedirects) as cut:
            raise ResponseLost(str(cut) or type(cut).__name__) from cut


def json_object(response: httpx.Response) -> dict[str, Any]:
    """The JSON object of an answer, {} when it is none. Numbers of 64 bits stay whole."""
    try:
        found = response.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def part(value: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The object under `name`, {} when there is none."""
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def seconds(value: object) -> float | None:
    """Of a Retry-After header or a number; None when it is neither."""
    text = str(value).strip() if value is not None else ""
    return float(text) if _NUMBER.fullmatch(text) else None


def whole(value: object) -> int | None:
    """A whole number of zero or more, also as text."""
    text = str(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else ""
    return int(text) if text.isdecimal() else None

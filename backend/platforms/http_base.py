"""HTTP for the platform clients: whether a request arrived, and answers as JSON. Nothing is retried here, because publishing
twice is worse than failing."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import httpx

CONNECT_S = 10.0
_NUMBER = re.compile(r"\d+(\.\d+)?")


class PlatformApiError(Exception):
    """An error answer of a platform's API. Each client has its own class, which also says what the platform said."""

    http_status: int


class ConnectError(Exception):
    """The request did not arrive: nothing was done."""


class ResponseLost(Exception):
    """The request may have arrived and its answer did not come back whole: it may have been done."""


class HttpClient:
    """Calls one server. Thread-safe. `timeout_s`: silence after which an answer counts as lost. Redirects are not followed."""

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
        """`path`: below our URL, or a whole URL that the server gave. Returns any status. Raises ConnectError, ResponseLost."""
        url = path if "://" in path else f"{self.url}{path}"
        request_headers = {**({"Authorization": f"Bearer {token}"} if token else {}), **(headers or {})}
        content = data
        if body is not None:
            content = json.dumps(body, ensure_ascii=False).encode()
            request_headers.setdefault("Content-Type", "application/json; charset=UTF-8")
        try:
            return self._http.request(method, url, params=query, data=form, content=content, headers=request_headers)
        except (
            httpx.ConnectError,
            httpx.ConnectTimeout,
            httpx.PoolTimeout,
            httpx.InvalidURL,
            httpx.UnsupportedProtocol,
        ) as error:
            raise ConnectError(str(error) or type(error).__name__) from error
        except (httpx.TransportError, httpx.DecodingError, httpx.TooManyRedirects) as error:
            raise ResponseLost(str(error) or type(error).__name__) from error


def json_object(response: httpx.Response) -> dict[str, Any]:
    """The JSON object of an answer; {} when it is none. 64-bit ids stay exact."""
    try:
        value = response.json()
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def sub_object(value: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The object under `name`, {} when there is none."""
    entry = value.get(name)
    return entry if isinstance(entry, dict) else {}


def parse_seconds(value: object) -> float | None:
    """Seconds in a Retry-After header, or a number; None for anything else."""
    text = str(value).strip() if value is not None else ""
    return float(text) if _NUMBER.fullmatch(text) else None


def non_negative_int(value: object) -> int | None:
    """An integer >= 0, also from text; None for anything else."""
    text = str(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else ""
    return int(text) if text.isdecimal() else None

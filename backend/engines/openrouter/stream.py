"""Server-sent events as in the standard (html.spec.whatwg.org, 9.2.6), with comments reported.

httpx-sse drops comments, which servers send as keep-alives; without them a waiting job could not be cancelled.
"""

from __future__ import annotations

from collections.abc import Iterator


def sse_events(parts: Iterator[bytes]) -> Iterator[str | None]:
    """The data of each event; None for a comment. An event at the very end counts also without its empty line."""
    data: list[str] = []
    for line in sse_lines(parts):
        if not line:
            if any(data):  # an event without data is none
                yield "\n".join(data)
            data = []
        elif line.startswith(":"):
            yield None
        elif line.startswith("data:"):
            data.append(line[5:].removeprefix(" "))
    if any(data):
        yield "\n".join(data)


def sse_lines(parts: Iterator[bytes]) -> Iterator[str]:
    """Lines that end with LF, CR or CRLF only: httpx's also split at U+2028, which may occur in the JSON."""
    remainder, after_cr, first = b"", False, True
    for part in parts:
        chunk = part[1:] if after_cr and part.startswith(b"\n") else part
        after_cr = part.endswith(b"\r")
        complete = (remainder + chunk).splitlines()
        remainder = complete.pop() if complete and not chunk.endswith((b"\n", b"\r")) else b""
        if first and complete:
            complete[0], first = complete[0].removeprefix(b"\xef\xbb\xbf"), False
        for line in complete:
            yield line.decode("utf-8", "replace")
    if remainder:
        yield remainder.decode("utf-8", "replace")

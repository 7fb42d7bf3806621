"""Server-sent events, as the standard reads them (html.spec.whatwg.org, 9.2.6), with comments told apart.

httpx-sse says nothing of comments, and they are what a server sends while it works: whoever waits could not be stopped then.
"""

from __future__ import annotations

from collections.abc import Iterator


def events(parts: Iterator[bytes]) -> Iterator[str | None]:
    """The data of each event; None for a comment. An event at the very end counts also without its empty line."""
    data: list[str] = []
    for line in lines(parts):
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


def lines(parts: Iterator[bytes]) -> Iterator[str]:
    """They end with LF, CR or CRLF and nothing else: httpx's own also end at U+2028, which may stand in an answer's JSON."""
    rest, after_cr, first = b"", False, True
    for part in parts:
        more = part[1:] if after_cr and part.startswith(b"\n") else part
        after_cr = part.endswith(b"\r")
        whole = (rest + more).splitlines()
        rest = whole.pop() if whole and not more.endswith((b"\n", b"\r")) else b""
        if first and whole:
            whole[0], first = whole[0].removeprefix(b"\xef\xbb\xbf"), False
        for line in whole:
            yield line.decode("utf-8", "replace")
    if rest:
        yield rest.decode("utf-8", "replace")

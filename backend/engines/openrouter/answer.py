"""Reads one answer, streamed or whole. What had arrived when it failed decides whether it counts as paid."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Any

import httpx

from backend.engines.openrouter.client_models import (
    Completion,
    LlmErrorBody,
    Piece,
    answer_ending,
    parse_amount,
    parse_object,
    token_count,
)

_ID_PATTERN = re.compile(r'"id"\s*:\s*"(gen-[\w-]+)"')
_SURROGATES = re.compile("[\ud800-\udfff]")
_REASONING = ("reasoning", "reasoning_content", "reasoning_details")
_USAGE_COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens")


class LlmResponseLost(Exception):
    """The request arrived but its answer was lost or broken: it may have been paid.

    `id`: the generation, to look up its cost, or "". `cost_usd`: the cost the server reported; None: it did not.
    """

    def __init__(self, why: str, *, id: str = "", cost_usd: Decimal | None = None) -> None:
        super().__init__(why)
        self.id, self.cost_usd = id, cost_usd


class LlmRefused(Exception):
    """The server refused before generating anything: nothing is paid (openrouter.md, 7)."""

    def __init__(self, problem: LlmErrorBody) -> None:
        super().__init__(f"{problem.code} {problem.kind} {problem.message}".strip())
        self.problem = problem


class AnswerReader:
    """Collects what has arrived of one answer."""

    def __init__(self) -> None:
        self.id = self.model = self.finish = self.native = ""
        self.parts: list[str] = []
        self.refusal: list[str] = []
        self.calls: dict[Any, list[str]] = {}
        self.usage: dict[str, Any] = {}
        self._usage_is_last = False
        """Usage reported before the end is less than what is finally billed, so only the last report counts."""
        self._has_content = self._ended = False
        self._pending_surrogate = ""

    def stream(self, parts: Iterator[bytes]) -> Iterator[Piece]:
        sse = sse_events(parts)
        for event in sse:
            if event is None:  # comments (openrouter.md, 5): keep-alives
                yield Piece("", self.id)
                continue
            for data in _documents(event):
                if data.strip() == "[DONE]":
                    self._ended = True
                    # Read to the end, or the connection cannot be reused. Errors no longer matter: the answer is complete.
                    with suppress(httpx.TransportError):
                        for _ in sse:
                            pass
                    return
                yield Piece(self._read_document(data), self.id)
        if not self.finish:
            raise LlmResponseLost("the stream ended in the middle", id=self.id)

    def whole(self, response: httpx.Response) -> str:
        body = bytearray()
        try:
            for part in response.iter_bytes():
                body += part
            text = self._read_document(bytes(body))
        except httpx.TransportError:
            self._find_id(bytes(body))
            raise
        self._ended = True
        return text

    def completion(self) -> Completion:
        """The completed answer. Raises LlmResponseLost when it never came to its end."""
        if not self.finish and not (self._ended and self._has_content):
            raise LlmResponseLost("the answer has no end", id=self.id)
        usage = self.usage if self._usage_is_last or not self.finish else {}
        token_counts = token_count(usage, "prompt_tokens"), token_count(usage, "completion_tokens")
        calls = ["".join(parts) for parts in self.calls.values()]
        return Completion(
            self.id,
            self.model,
            "".join(self.parts),
            answer_ending(self.finish, self.native),
            *token_counts,
            parse_amount(usage.get("cost")),
            refusal="".join(self.refusal),
            arguments=calls[0] if len(calls) == 1 else "",
        )

    def _read_document(self, data: str | bytes) -> str:
        try:
            document = parse_object(data)
        except ValueError as invalid:
            self._find_id(data)
            raise LlmResponseLost("the answer is no JSON", id=self.id) from invalid
        choices = document.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
        raw_message = choice.get("message") or choice.get("delta")
        message = raw_message if isinstance(raw_message, dict) else {}
        self.id = str(document.get("id") or self.id)
        self.model = str(document.get("model") or self.model)
        self.finish = str(choice.get("finish_reason") or self.finish)
        self.native = str(choice.get("native_finish_reason") or self.native)
        text = self._joined(_text_of(message.get("content")))
        self.parts.append(text)
        if isinstance(message.get("refusal"), str):
            self.refusal.append(message["refusal"])
        self._read_tool_calls(message)
        self._has_content |= bool(text or self.refusal or self.calls or any(message.get(name) for name in _REASONING))
        usage = document.get("usage")
        if isinstance(usage, dict):
            self.usage, self._usage_is_last = usage, bool(self.finish)
        if (error := document.get("error") or choice.get("error")) or self.finish == "error":
            self._raise_error(error or {"message": "the model failed"}, last=isinstance(usage, dict))
        return text

    def _raise_error(self, error: object, *, last: bool) -> None:
        """Raises LlmRefused if nothing was generated or counted yet, else LlmResponseLost: then it may have been paid."""
        problem = LlmErrorBody.read(error, status=200)
        cost = parse_amount(self.usage.get("cost")) if last else None
        if (
            self._has_content
            or cost
            or parse_amount(self.usage.get("cost"))
            or any(token_count(self.usage, name) for name in _USAGE_COUNTS)
        ):
            raise LlmResponseLost(f"it failed in the middle: {problem.message}", id=self.id, cost_usd=cost or None)
        raise LlmRefused(problem)

    def _joined(self, text: str) -> str:
        """Joins surrogate pairs that were split over two pieces of JSON: a high surrogate waits for the next piece."""
        if not self._pending_surrogate and not _SURROGATES.search(text):
            return text
        text, self._pending_surrogate = self._pending_surrogate + text, ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self._pending_surrogate = text[:-1], text[-1]
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "ignore")

    def _read_tool_calls(self, message: dict[str, Any]) -> None:
        tool_calls = message.get("tool_calls")
        calls = [call for call in tool_calls if isinstance(call, dict)] if isinstance(tool_calls, list) else []
        if isinstance(message.get("function_call"), dict):
            calls.append({"function": message["function_call"]})
        for n, call in enumerate(calls):
            function = call.get("function")
            arguments = function.get("arguments") if isinstance(function, dict) else None
            arguments_text = (
                arguments if isinstance(arguments, str) else json.dumps(arguments, default=str) if arguments else ""
            )
            self.calls.setdefault(call.get("index", n), []).append(arguments_text)

    def _find_id(self, data: str | bytes) -> None:
        text = data if isinstance(data, str) else data.decode("utf-8", "replace")
        self.id = self.id or (match.group(1) if (match := _ID_PATTERN.search(text)) else "")


def _documents(event: str) -> list[str]:
    """The JSON documents in an event: usually one, also over several lines.

    Servers that leave out the empty line between events send several, one per line.
    """
    if "\n" not in event:
        return [event]
    try:
        parse_object(event)
    except ValueError:
        return event.split("\n")
    return [event]


def _text_of(content: object) -> str:
    """The text of a content that is a string or a list of parts; other parts are ignored (openrouter.md, 9)."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else [content] if isinstance(content, dict) else []
    texts = [part if isinstance(part, str) else _text_part(part) for part in parts]
    return "".join(texts)


def _text_part(part: object) -> str:
    text = part.get("text") if isinstance(part, dict) and part.get("type", "text") in ("text", "output_text") else None
    return text if isinstance(text, str) else ""


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

"""Reading one answer, streamed or whole, in every legal shape. What had come when it failed decides whether it was paid."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Any

import httpx

from backend.engines.openrouter.client_models import Completion, Piece, Problem, amount, ending, loads, tokens
from backend.engines.openrouter.stream import events

_ID = re.compile(r'"id"\s*:\s*"(gen-[\w-]+)"')
_HALVES = re.compile("[\ud800-\udfff]")
_REASONING = ("reasoning", "reasoning_content", "reasoning_details")
_PAID_BY = ("prompt_tokens", "completion_tokens", "total_tokens")


class Lost(Exception):
    """The request arrived and its answer cannot be used: it may have been paid.

    `id`: to ask what it cost, or "". `cost_usd`: what the server said that it cost; None: it did not say.
    """

    def __init__(self, why: str, *, id: str = "", cost_usd: Decimal | None = None) -> None:
        super().__init__(why)
        self.id, self.cost_usd = id, cost_usd


class Refusal(Exception):
    """The server said no before it made anything: nothing is paid (openrouter.md, 7)."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.code} {problem.kind} {problem.message}".strip())
        self.problem = problem


class Answer:
    """What has arrived of one answer."""

    def __init__(self) -> None:
        self.id = self.model = self.finish = self.native = ""
        self.parts: list[str] = []
        self.refusal: list[str] = []
        self.calls: dict[Any, list[str]] = {}
        self.usage: dict[str, Any] = {}
        self._usage_is_last = False
        """Running figures of an answer that goes on are less than what is billed in the end."""
        self._made = self._ended = False
        self._half = ""

    def stream(self, parts: Iterator[bytes]) -> Iterator[Piece]:
        found = events(parts)
        for event in found:
            if event is None:  # comments (openrouter.md, 5): they say that it lives
                yield Piece("", self.id)
                continue
            for data in _documents(event):
                if data.strip() == "[DONE]":
                    self._ended = True
                    # Read to its end, for only then the connection serves the next call; all that counts has been said.
                    with suppress(httpx.TransportError):
                        for _ in found:
                            pass
                    return
                yield Piece(self._take(data), self.id)
        if not self.finish:
            raise Lost("the stream ended in the middle", id=self.id)

    def whole(self, response: httpx.Response) -> str:
        body = bytearray()
        try:
            for part in response.iter_bytes():
                body += part
            text = self._take(bytes(body))
        except httpx.TransportError:
            self._look(bytes(body))
            raise
        self._ended = True
        return text

    def completion(self) -> Completion:
        """Raises Lost when nothing was finished."""
        if not self.finish and not (self._ended and self._made):
            raise Lost("the answer has no end", id=self.id)
        usage = self.usage if self._usage_is_last or not self.finish else {}
        used = tokens(usage, "prompt_tokens"), tokens(usage, "completion_tokens")
        calls = ["".join(parts) for parts in self.calls.values()]
        return Completion(
            self.id, self.model, "".join(self.parts), ending(self.finish, self.native), *used, amount(usage.get("cost")),
            refusal="".join(self.refusal), arguments=calls[0] if len(calls) == 1 else "",
        )  # fmt: skip

    def _take(self, data: str | bytes) -> str:
        try:
            said = loads(data)
        except ValueError as broken:
            self._look(data)
            raise Lost("the answer is no JSON", id=self.id) from broken
        choices = said.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
        found = choice.get("message") or choice.get("delta")
        message = found if isinstance(found, dict) else {}
        self.id = str(said.get("id") or self.id)
        self.model = str(said.get("model") or self.model)
        self.finish = str(choice.get("finish_reason") or self.finish)
        self.native = str(choice.get("native_finish_reason") or self.native)
        text = self._joined(_text_of(message.get("content")))
        self.parts.append(text)
        if isinstance(message.get("refusal"), str):
            self.refusal.append(message["refusal"])
        self._call(message)
        self._made |= bool(text or self.refusal or self.calls or any(message.get(name) for name in _REASONING))
        usage = said.get("usage")
        if isinstance(usage, dict):
            self.usage, self._usage_is_last = usage, bool(self.finish)
        if (error := said.get("error") or choice.get("error")) or self.finish == "error":
            self._failed(error or {"message": "the model failed"}, last=isinstance(usage, dict))
        return text

    def _failed(self, error: object, *, last: bool) -> None:
        """Nothing made and nothing counted: a refusal like any other. Else it was paid: what the error says, if it says it."""
        problem = Problem.read(error, status=200)
        cost = amount(self.usage.get("cost")) if last else None
        if self._made or cost or amount(self.usage.get("cost")) or any(tokens(self.usage, name) for name in _PAID_BY):
            raise Lost(f"it failed in the middle: {problem.message}", id=self.id, cost_usd=cost or None)
        raise Refusal(problem)

    def _joined(self, text: str) -> str:
        """JSON may hold the halves of a character in two pieces: the first one waits for the second."""
        if not self._half and not _HALVES.search(text):
            return text
        text, self._half = self._half + text, ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "ignore")

    def _call(self, message: dict[str, Any]) -> None:
        found = message.get("tool_calls")
        calls = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
        if isinstance(message.get("function_call"), dict):
            calls.append({"function": message["function_call"]})
        for n, call in enumerate(calls):
            function = call.get("function")
            said = function.get("arguments") if isinstance(function, dict) else None
            told = said if isinstance(said, str) else json.dumps(said, default=str) if said else ""
            self.calls.setdefault(call.get("index", n), []).append(told)

    def _look(self, data: str | bytes) -> None:
        text = data if isinstance(data, str) else data.decode("utf-8", "replace")
        self.id = self.id or (found.group(1) if (found := _ID.search(text)) else "")


def _documents(event: str) -> list[str]:
    """One, also over several lines. Servers that leave out the empty line between two events send several."""
    if "\n" not in event:
        return [event]
    try:
        loads(event)
    except ValueError:
        return event.split("\n")
    return [event]


def _text_of(content: object) -> str:
    """A text, or parts of which those of text count (openrouter.md, 9)."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else [content] if isinstance(content, dict) else []
    texts = [part if isinstance(part, str) else _text_part(part) for part in parts]
    return "".join(texts)


def _text_part(part: object) -> str:
    said = part.get("text") if isinstance(part, dict) and part.get("type", "text") in ("text", "output_text") else None
    return said if isinstance(said, str) else ""

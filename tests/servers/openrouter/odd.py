"""Odd but legal ways to answer, each with its own bill: what servers, proxies and models really send.

An odd answer is made of the whole one that a healthy server would give. `cost`: what is billed for it, of what the whole one
costs; nothing, where openrouter.md, 7 says that a failed-empty reply is not charged.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Whole = dict[str, Any]
CUT = "cut"
"""In a stream: the connection ends here, without the end of the answer."""


@dataclass(frozen=True)
class Odd:
    """`stream`: bytes (or CUT) of an event stream; `body`: of a JSON answer (then `stream` is not used)."""

    stream: Callable[[Whole], Iterator[bytes | str]] | None = None
    body: Callable[[Whole], bytes] | None = None
    cost: Decimal = Decimal(1)


def event(chunk: dict[str, Any], end: str = "\n\n") -> bytes:
    return f"data: {json.dumps(chunk)}{end}".encode()


def delta(whole: Whole, values: dict[str, Any] | None = None, *, finish: str | None = None, **more: Any) -> dict[str, Any]:
    head = {"id": whole["id"], "object": "chat.completion.chunk", "created": whole["created"], "model": whole["model"]}
    return {**head, "choices": [{"index": 0, "delta": values or {}, "finish_reason": finish}], **more}


def text_of(whole: Whole) -> str:
    return str(whole["choices"][0]["message"]["content"])


def halves(whole: Whole) -> list[str]:
    text = text_of(whole)
    return [text[: len(text) // 2], text[len(text) // 2 :]]


def usage(whole: Whole, share: int = 1) -> dict[str, Any]:
    """`share` 2: running figures, of which half has been spent so far."""
    values = dict(whole["usage"])
    if share > 1:
        values |= {"completion_tokens": values["completion_tokens"] // share}
        values |= {"cost": values["cost"] / share} if "cost" in values else {}
    return values


FAILED = {"code": 502, "message": "Provider disconnected"}
DONE = b"data: [DONE]\n\n"


def ended(whole: Whole, finish: str = "stop") -> Iterator[bytes]:
    yield event(delta(whole, finish=finish))
    yield event({**delta(whole), "choices": [], "usage": usage(whole)})
    yield DONE


def streamed(*deltas: dict[str, Any], finish: str = "stop") -> Callable[[Whole], Iterator[bytes | str]]:
    """A stream of such deltas, finished as it should be."""

    def made(whole: Whole) -> Iterator[bytes | str]:
        yield b": OPENROUTER PROCESSING\n\n"
        for delta_ in deltas:
            yield event(delta(whole, delta_))
        yield from ended(whole, finish)

    return made


def failing(*deltas: dict[str, Any], cut: bool = False, **more: Any) -> Callable[[Whole], Iterator[bytes | str]]:
    """A stream of such deltas that ends with an error, or with nothing."""

    def made(whole: Whole) -> Iterator[bytes | str]:
        yield b": OPENROUTER PROCESSING\n\n"
        for delta_ in deltas:
            yield event(delta(whole, delta_))
        if cut:
            yield CUT
        else:
            error_fields = {name: usage(whole, 1) if value == "usage" else value for name, value in more.items()}
            yield event(delta(whole, finish="error", error=FAILED, **error_fields))

    return made


def answered(message: dict[str, Any], finish: str = "stop") -> Callable[[Whole], bytes]:
    """A whole answer with such a message."""

    def made(whole: Whole) -> bytes:
        choice = {**whole["choices"][0], "message": {"role": "assistant", **message}, "finish_reason": finish}
        return json.dumps({**whole, "choices": [choice]}).encode()

    return made


def _parts(whole: Whole, *, stream: bool) -> Any:
    parts = [[{"type": "text", "text": half}] for half in halves(whole)]
    return parts if stream else [*parts[0], {"type": "thinking", "thinking": "hm"}, *parts[1]]


def _text(whole: Whole, end: str) -> Iterator[bytes | str]:
    """The text in two pieces with such a line end, each event over several lines of data."""
    for half in halves(whole):
        lines = json.dumps(delta(whole, {"content": half}), indent=1).split("\n")
        yield "".join(f"data: {line}{end}" for line in lines).encode() + end.encode()
    for part in ended(whole):
        yield part.replace(b"\n", end.encode())


def _some(whole: Whole, *after: bytes | str) -> Iterator[bytes | str]:
    for half in halves(whole):
        yield event(delta(whole, {"content": half}))
    yield from after


def _running(whole: Whole, *after: bytes | str) -> Iterator[bytes | str]:
    yield event(delta(whole, {"content": halves(whole)[0]}, usage=usage(whole, 4)))
    yield from after


def _spoken(whole: Whole, pieces: list[str]) -> Iterator[bytes | str]:
    for piece in pieces:
        yield event(delta(whole, {"content": piece}))
    yield from ended(whole)


def _called(whole: Whole) -> Iterator[bytes | str]:
    first, second = halves(whole)
    for n, call in enumerate((first, second)):
        name = {"name": "answer"} if n == 0 else {}
        yield event(delta(whole, {"tool_calls": [{"index": 0, "id": "call_1", "function": {**name, "arguments": call}}]}))
    yield from ended(whole, "tool_calls")


def _without(whole: Whole, *names: str) -> bytes:
    """A whole answer whose usage lacks such figures; all of it without a name."""
    usage_left = {name: value for name, value in whole["usage"].items() if name not in names} if names else None
    values = {name: value for name, value in whole.items() if name != "usage"} | ({"usage": usage_left} if usage_left else {})
    return json.dumps(values).encode()


def _error(whole: Whole, **more: Any) -> bytes:
    return json.dumps({"error": FAILED, **more}).encode()


_NO = "I'm sorry, but I can't help with that request."
_FREE = Decimal(0)
_REASONED = {"reasoning": "Let me think about this."}
MODES: dict[str, Odd] = {
    # answers as good as any
    "parts": Odd(body=lambda w: answered({"content": _parts(w, stream=False)})(w)),
    "parts_streamed": Odd(lambda w: streamed(*({"content": part} for part in _parts(w, stream=True)))(w)),
    "tool_call": Odd(
        body=lambda w: answered(
            {
                "content": None,
                "tool_calls": [{"id": "1", "type": "function", "function": {"name": "a", "arguments": text_of(w)}}],
            },
            "tool_calls",
        )(w)
    ),
    "tool_call_streamed": Odd(_called),
    "reasoning_then_text": Odd(lambda w: streamed(_REASONED, *({"content": half} for half in halves(w)))(w)),
    "think": Odd(lambda w: _spoken(w, ["<th", "ink>\nShe {loves} trams", ".</think>\n\n", *halves(w)])),
    "think_left_open": Odd(lambda w: _spoken(w, ["She loves trams.</think>", *halves(w)])),
    "prose_brace": Odd(body=lambda w: answered({"content": f"Here you are for {{Bella}}:\n{text_of(w)}\nDone {{really}}."})(w)),
    "data_lines": Odd(lambda w: _text(w, "\n")),
    "cr": Odd(lambda w: _text(w, "\r")),
    "crlf": Odd(lambda w: _text(w, "\r\n")),
    "done_without_finish": Odd(lambda w: _some(w, DONE)),
    "no_done": Odd(lambda w: _some(w, event(delta(w, finish="stop", usage=usage(w))))),
    "no_usage": Odd(body=_without),
    "no_usage_streamed": Odd(lambda w: _some(w, event(delta(w, finish="stop")), DONE)),
    "no_cost": Odd(body=lambda w: _without(w, "cost", "is_byok", "cost_details")),
    "running_usage": Odd(lambda w: _running(w, event(delta(w, {"content": halves(w)[1]}, usage=usage(w, 2))), *ended(w))),
    "running_usage_then_end": Odd(lambda w: _running(w, event(delta(w, {"content": halves(w)[1]}, finish="stop")))),
    # answers that cannot be kept, paid all the same
    "length": Odd(lambda w: streamed({"content": halves(w)[0]}, finish="length")(w)),
    "content_filter": Odd(lambda w: streamed({"content": halves(w)[0]}, finish="content_filter")(w)),
    "refusal": Odd(body=answered({"content": None, "refusal": _NO})),
    "refusal_streamed": Odd(streamed({"refusal": "I'm sorry, "}, {"refusal": "I can't."})),
    "says_no": Odd(streamed({"content": _NO})),
    "empty": Odd(body=answered({"content": ""})),
    "reasoning_only": Odd(streamed(_REASONED, {"reasoning_content": "And more."})),
    "think_unclosed": Odd(streamed({"content": "<think>She loves trams"}, finish="length")),
    # failures that are billed
    "reasoning_error": Odd(failing(_REASONED, _REASONED)),
    "details_error": Odd(failing({"reasoning_details": [{"type": "reasoning.text", "text": "hm"}]})),
    "tool_call_error": Odd(failing({"tool_calls": [{"index": 0, "function": {"name": "a", "arguments": '{"cap'}}]})),
    "text_error": Odd(lambda w: failing({"content": halves(w)[0]})(w)),
    "text_error_with_cost": Odd(lambda w: failing({"content": halves(w)[0]}, usage="usage")(w)),
    "running_usage_error": Odd(lambda w: _running(w, event(delta(w, finish="error", error=FAILED)))),
    "prompt_billed_error": Odd(lambda w: failing(usage="usage")(w)),
    "err200_billed": Odd(body=lambda w: _error(w, id=w["id"], usage=usage(w))),
    "finish_error_alone": Odd(lambda w: _some(w, event(delta(w, finish="error")))),
    "cut_mid": Odd(lambda w: _some(w, CUT)),
    "cut_after_reasoning": Odd(failing(_REASONED, cut=True)),
    "cut_after_finish": Odd(lambda w: _some(w, event(delta(w, finish="stop")), CUT)),
    "end_mid": Odd(lambda w: _some(w)),
    "html_under_200": Odd(body=lambda w: b"<html>Bad gateway</html>"),
    # failures that are not
    "err200_free": Odd(body=_error, cost=_FREE),
    "error_before_anything": Odd(failing(), cost=_FREE),
}
GOOD = tuple(MODES)[: tuple(MODES).index("length")]

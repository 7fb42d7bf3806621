"""Checks whether a paid answer is usable, and builds the request for a second try. Pure."""

from __future__ import annotations

from dataclasses import replace

from backend.engines.text.answers import parse_answer
from backend.engines.text.port import (
    AnswerCutOff,
    EmptyAnswer,
    ModelRefused,
    Reply,
    TextRequest,
    UnreadableAnswer,
    UnusableAnswer,
)
from backend.engines.text.refusals import is_refusal
from backend.errors import Rejected
from backend.kit.texts import clipped

_MAX_QUOTE_BYTES = 200
"""Bytes of a refusal that are quoted to people."""
_OTHER_MODEL = "Whoever runs the studio can also set another model."
_RETRY_INSTRUCTION = "\nYour last answer could not be read. Answer with the JSON alone: no other words, nothing cut off."


def check_answer(reply: Reply, request: TextRequest, *, may_be_cut: bool = False) -> UnusableAnswer | None:
    """The error if the answer is unusable, else None. `may_be_cut`: the caller can continue a truncated answer."""
    text = reply.text.strip()
    if reply.ending == "refused":
        return _refused(reply, text)
    if request.answer is not None:
        try:
            parse_answer(text, request.answer)
        except Rejected as error:
            return _refused(reply, text) or _broken(reply, error)
        is_open = any(text.count(begins) > text.count(ends) for begins, ends in ("{}", "[]"))
        return _cut(reply) if reply.ending == "cut" and is_open else None  # items after the last complete one are missing
    if refused := _refused(reply, text):
        return refused
    if reply.ending == "cut" and not (may_be_cut and text):
        return _cut(reply)
    return None if text else _empty(reply)


def retry_request(request: TextRequest) -> TextRequest:
    """The request with twice the tokens; for JSON also reworded, as the same wording may be answered from the cache."""
    question = request.question + (_RETRY_INSTRUCTION if request.answer is not None else "")
    return replace(request, question=question, max_tokens=2 * request.max_tokens)


def _refused(reply: Reply, text: str) -> ModelRefused | None:
    refusal = reply.refusal.strip() or (text if is_refusal(text) else "")
    if reply.ending != "refused" and not refusal:
        return None
    reason = f"“{clipped(' '.join(refusal.split()), _MAX_QUOTE_BYTES)}”" if refusal else "its safety filter stopped the answer."
    return ModelRefused(f"The model refused: {reason} Say it in other words. {_OTHER_MODEL}", reply)


def _broken(reply: Reply, error: Rejected) -> UnusableAnswer:
    if reply.ending == "cut":
        return _cut(reply)
    return UnreadableAnswer(error.message, reply, **error.data) if reply.text.strip() else _empty(reply)


def _cut(reply: Reply) -> AnswerCutOff:
    return AnswerCutOff(
        f"The model's answer was cut off: it had no more room. Try again, or ask for less at once. {_OTHER_MODEL}", reply
    )


def _empty(reply: Reply) -> EmptyAnswer:
    return EmptyAnswer(f"The model gave no words, though it was paid. Try again. {_OTHER_MODEL}", reply)

"""Whether an answer that was paid can be kept, and how it is asked for a second time. Pure."""

from __future__ import annotations

from dataclasses import replace

from backend.engines.text.answers import parse
from backend.engines.text.port import CutOff, ModelRefused, Nothing, Reply, TextRequest, Unreadable, Unusable
from backend.engines.text.refusals import is_refusal
from backend.errors import Rejected
from backend.kit.texts import clipped

_SHOWN = 200
"""Bytes of a refusal that people are shown."""
_OTHER = "Whoever runs the studio can also set another model."
_ONCE_MORE = "\nYour last answer could not be read. Answer with the JSON alone: no other words, nothing cut off."


def judged(reply: Reply, request: TextRequest, *, may_be_cut: bool = False) -> Unusable | None:
    """Why it cannot be kept; None: it can. `may_be_cut`: whoever asks goes on where the answer ends."""
    said = reply.text.strip()
    if reply.ending == "refused":
        return _refused(reply, said)
    if request.answer is not None:
        try:
            parse(said, request.answer)
        except Rejected as error:
            return _refused(reply, said) or _broken(reply, error)
        open_ones = any(said.count(begins) > said.count(ends) for begins, ends in ("{}", "[]"))
        return _cut(reply) if reply.ending == "cut" and open_ones else None  # what follows the last whole item is missing
    if refused := _refused(reply, said):
        return refused
    if reply.ending == "cut" and not (may_be_cut and said):
        return _cut(reply)
    return None if said else _nothing(reply)


def second_try(request: TextRequest) -> TextRequest:
    """With twice the room; where JSON was asked for, in other words too (the same words may be answered from memory)."""
    question = request.question + (_ONCE_MORE if request.answer is not None else "")
    return replace(request, question=question, max_tokens=2 * request.max_tokens)


def _refused(reply: Reply, said: str) -> ModelRefused | None:
    words = reply.refusal.strip() or (said if is_refusal(said) else "")
    if reply.ending != "refused" and not words:
        return None
    told = f"“{clipped(' '.join(words.split()), _SHOWN)}”" if words else "its safety filter stopped the answer."
    return ModelRefused(f"The model refused: {told} Say it in other words. {_OTHER}", reply)


def _broken(reply: Reply, error: Rejected) -> Unusable:
    if reply.ending == "cut":
        return _cut(reply)
    return Unreadable(error.message, reply, **error.data) if reply.text.strip() else _nothing(reply)


def _cut(reply: Reply) -> CutOff:
    return CutOff(f"The model's answer was cut off: it had no more room. Try again, or ask for less at once. {_OTHER}", reply)


def _nothing(reply: Reply) -> Nothing:
    return Nothing(f"The model gave no words, though it was paid. Try again. {_OTHER}", reply)

"""Reads a language model's answer: as the requested shape, a refusal, usable or not; and the request for a second try. Pure.

Models wrap JSON in prose and code fences and leave trailing commas. Of refusals written as plain text only short answers that
begin with one count: missing a refusal is better than rejecting a good text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, TypeVar, get_args, get_origin

import json_repair
from pydantic import BaseModel, ValidationError

from backend.engines.ports.text import (
    AnswerCutOff,
    EmptyAnswer,
    ModelRefused,
    Reply,
    TextRequest,
    UnreadableAnswer,
    UnusableAnswer,
)
from backend.errors import Rejected
from backend.kit.texts import clipped
from backend.language import tr_lazy

T = TypeVar("T", bound=BaseModel)
_FENCED = re.compile(r"```[a-zA-Z]*\s*\n(.*?)(?:```|\Z)", re.DOTALL)
_STARTS = re.compile(r"[{\[]")
_MAX_STARTS = 200
_READER = json.JSONDecoder(strict=False)
_UNREADABLE_MESSAGE = tr_lazy(
    "The model's answer was not in the form that was asked for. Try again; if it goes on like that, "
    "whoever runs the studio can set another model."
)


def parse_answer(text: str, shape: type[T]) -> T:
    """The answer as `shape`. Raises Rejected when no JSON in it fits, even repaired; truncated JSON never fits."""
    try:
        return shape.model_validate_json(text)
    except ValidationError as error:
        first_error = error
    fits = (_fit(value, shape, alone) for alone in (False, True) for value in _values(text, alone=alone))
    if fitting := next((value for value in fits if value is not None), None):
        return fitting
    raise Rejected(_UNREADABLE_MESSAGE, detail=f"{first_error}: {text[:500]}") from first_error


def _values(text: str, *, alone: bool) -> Iterator[object]:
    """Candidate values: fenced blocks first, then any JSON in the text; each as it is, then repaired.

    `alone`: values that are items of the shape's list: consecutive objects are tried as a list. Truncated text gives nothing
    then, because later items would be missing.
    """
    if alone and text.count("{") > text.count("}"):
        return
    for part in (*_FENCED.findall(text), text):
        values = list(_decoded(part))
        if alone and len(values) > 1:
            yield [value for value in values if isinstance(value, dict)]
        yield from values
        yield from _repaired(part)


def _decoded(text: str) -> Iterator[object]:
    """JSON values starting at each brace or bracket, nested ones included."""
    for start in [match.start() for match in _STARTS.finditer(text)][:_MAX_STARTS]:
        try:
            yield _READER.raw_decode(text, start)[0]
        except (ValueError, RecursionError):
            continue


def _repaired(text: str) -> Iterator[object]:
    """Repaired JSON from each of the first braces to the last one. Text after it is ignored, unless the JSON is truncated."""
    last = max(text.rfind("}"), text.rfind("]"))
    if text[last + 1 :].strip(" \r\n\t,;`") and text.count("{") > text.count("}"):
        return
    for start in [match.start() for match in _STARTS.finditer(text, 0, max(last, 0))][:3]:
        try:
            yield json_repair.loads(text[start : last + 1])
        except (ValueError, RecursionError):
            continue


def _fit(value: object, shape: type[T], alone: bool) -> T | None:
    try:
        return shape.model_validate(_as_list(value, shape) if alone else value)
    except (ValidationError, RecursionError):
        return None


def _as_list(value: object, shape: type[BaseModel]) -> object:
    """Wraps a bare list or single item as {"variants": […]}, if the shape has only that list field."""
    (name, field), *more = shape.model_fields.items()
    if more or get_origin(field.annotation) is not list or value in ({}, []):
        return None
    (item,) = get_args(field.annotation)
    if isinstance(value, dict) and not issubclass(item, BaseModel):
        return None
    return {name: value if isinstance(value, list) else [value]}


def response_schema(shape: type[BaseModel]) -> dict[str, Any]:
    """The schema for `response_format`: strict, every field required, no others.

    The class name is part of the request and of the cache key.
    """
    return {"name": shape.__name__, "strict": True, "schema": _strict(shape.model_json_schema())}


def _strict(schema: dict[str, Any]) -> dict[str, Any]:
    parts = {name: _strict(part) if isinstance(part, dict) else part for name, part in schema.items()}
    if schema.get("type") == "object" and "properties" in schema:
        parts |= {"additionalProperties": False, "required": list(schema["properties"])}
    if schema.get("type") == "string":  # strict servers reject length limits; pydantic checks them
        parts = {name: part for name, part in parts.items() if name not in ("minLength", "maxLength")}
    return parts


MAX_LENGTH = 400
"""Characters. A longer answer is a text, whatever it begins with."""
_ENGLISH = (
    r"(?:(?:i'?m|i am|we'?re) (?:very |so |really )?(?:sorry|afraid),? |sorry,? |i apologi[sz]e,? |unfortunately,? )?"
    r"(?:but )?(?:as an ai(?: language)?(?: model| assistant)?,? )?"
    r"(?:i|we)(?: (?:can'?t|can ?not|won'?t|am unable to|am not able to|must decline to|have to decline to)"
    r"|'m (?:unable|not able) to) "
    r"(?:(?:help|assist)(?: you)? (?:with|in|by) (?:that|this|it|your|those|these|such|creating|writing|generating|any|the)"
    r"|(?:comply|fulfil|fulfill|complete|continue)(?: with)? (?:that|this|your|the) request"
    r"|(?:create|generate|provide|produce|describe|identify|answer|write|complete|engage (?:in|with)) "
    r"(?:that|such|this (?:kind|type|sort|content|request|person|picture|image|material)|people|"
    r"anyone|any|explicit|sexual|harmful|content|the (?:person|people|text|image|picture|post)))"
)
_OTHERS = (
    r"(?:mi dispiace|spiacente|mi spiace|purtroppo),? (?:ma )?non (?:posso|sono in grado di) "
    r"(?:aiutar|assister|soddisfare|fornir|creare|generare|scrivere (?:quest|conten)|completare|rispondere a quest)",
    r"non (?:posso|sono in grado di) (?:aiutar\w*|assister\w*|soddisfare) (?:con|in|la|quest)",
    r"(?:lo siento|lamentablemente|disculpa),? (?:pero )?no puedo "
    r"(?:ayudar|asistir|cumplir|proporcionar|crear|generar|escribir (?:es|conten)|completar|responder a es)",
    r"no puedo (?:ayudarte|ayudarle|ayudar) con",
    r"(?:je suis (?:vraiment )?désolée?|désolée?|malheureusement),? (?:mais )?je ne (?:peux|suis pas en mesure) "
    r"(?:malheureusement )?(?:pas |de )?(?:vous |t')?"
    r"(?:aider|répondre à cette|fournir|créer|générer|écrire (?:ce|de)|satisfaire)",
    r"(?:es )?tut mir (?:sehr )?leid,? (?:aber )?(?:dabei|damit|das|diese\w*|ich) .{0,60}?\b(?:nicht|keine)\b.{0,40}"
    r"(?:helfen|erfüllen|erstellen|beantworten|unterstützen|nachkommen|generieren|schreiben|behilflich)",
    r"(?:dabei|damit) kann ich (?:dir|ihnen|euch)? ?(?:leider )?nicht (?:weiter)?helfen",
    r"(?:desculpe|sinto muito|lamento|infelizmente),? (?:mas )?(?:eu )?não posso (?:ajud|atender|fornecer|criar|gerar|cumprir)",
    r"(?:het spijt me|sorry),? (?:maar )?(?:ik kan|daar kan ik|hier kan ik) .{0,40}niet .{0,20}(?:helpen|voldoen|maken)",
    r"(?:przepraszam|przykro mi),? (?:ale )?nie mogę (?:pomóc|spełnić|wykonać)",
    r"(?:извините|простите|к сожалению),? (?:но )?я не могу (?:помочь|выполнить|создать|ответить на этот)",
    r"申し訳(?:ありません|ございません|ないです)が、?.{0,40}(?:できません|お手伝い|お答え|いたしかねます)",
    r"(?:很|非常)?(?:抱歉|对不起|對不起)[，,]? ?我(?:无法|不能|無法)(?:协助|帮助|提供|满足|完成|生成|回答|協助|幫助)",
    r"죄송(?:하지만|합니다)[,.]? ?.{0,40}(?:도와드릴 수 없|도울 수 없|제공할 수 없|응할 수 없)",
)
_PUNCTUATION = re.compile(r"\s*[,.;:!\u2013\u2014-]+\s+")
_REFUSAL = re.compile(rf"\W*(?:{'|'.join((_ENGLISH, *_OTHERS))})", re.IGNORECASE)


def is_refusal(text: str) -> bool:
    normalized = _PUNCTUATION.sub(", ", " ".join(text.replace("\u2019", "'").split()))
    return len(normalized) <= MAX_LENGTH and "{" not in normalized and bool(_REFUSAL.match(normalized))


_MAX_QUOTE_BYTES = 200
"""Bytes of a refusal that are quoted to people."""
_OTHER_MODEL = tr_lazy("Whoever runs the studio can also set another model.")
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
    return ModelRefused(
        tr_lazy("The model refused: {reason} Rephrase it. {other_model}", reason=reason, other_model=_OTHER_MODEL),
        reply,
    )


def _broken(reply: Reply, error: Rejected) -> UnusableAnswer:
    if reply.ending == "cut":
        return _cut(reply)
    return UnreadableAnswer(error.message, reply, **error.data) if reply.text.strip() else _empty(reply)


def _cut(reply: Reply) -> AnswerCutOff:
    return AnswerCutOff(
        tr_lazy(
            "The model's answer was cut off: it had no more room. Try again, or ask for less at once. {other_model}",
            other_model=_OTHER_MODEL,
        ),
        reply,
    )


def _empty(reply: Reply) -> EmptyAnswer:
    return EmptyAnswer(
        tr_lazy("The model answered with nothing, though it was paid. Try again. {other_model}", other_model=_OTHER_MODEL),
        reply,
    )

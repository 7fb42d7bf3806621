"""Asking for texts, looking at them, and having what is broken repaired once. Knows no tables.

`ask` puts one named question: in a job each is a step, so that an answer is paid for once however often the job is tried.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from pydantic import BaseModel

from backend.engines.text.answers import parse
from backend.engines.text.port import Brief, Reply, TextRequest, Use
from backend.errors import Rejected
from backend.influencers import InfluencerCard
from backend.writing import boundaries, checks, prompts, sponsoring
from backend.writing.answers import ONE, Idea, Ideas, Text, Texts
from backend.writing.prompts import Asked
from backend.writing.schemas import Bill, IdeasOrder, Note, Part, Parts, WriteOrder
from backend.writing.tidying import captioned, prompted, tagged, tidy

T = TypeVar("T", bound=BaseModel)
Ask = Callable[[str, TextRequest], Reply]
REPAIR = 7919
"""Further on in the offline writer's lists: a repaired text begins elsewhere."""
_A_TEXT, _AN_IDEA, _LONGEST = 400, 220, 8000
"""Tokens."""


@dataclass(frozen=True, slots=True)
class About:
    """Whose words: the influencer, the captions that new ones differ from, what a learned style says, how many there were."""

    card: InfluencerCard
    recent: tuple[str, ...] = ()
    voice: str = ""
    written: int = 0


@dataclass(frozen=True, slots=True)
class Composed:
    parts: Parts
    notes: tuple[Note, ...]


def request_texts(about: About, order: WriteOrder, n: int) -> TextRequest:
    """What is asked first; also what an estimate goes by."""
    asked = prompts.texts(about.card, order, n=n, recent=about.recent, voice=about.voice)
    tokens = min(_LONGEST, n * (_A_TEXT + order.length))
    return _request("writing", asked, Texts, _brief(about, order.topic, order, n=n), tokens)


def request_ideas(about: About, order: IdeasOrder, first: int, n: int, had: Sequence[str]) -> TextRequest:
    asked = prompts.ideas(about.card, order, first=first, n=n, had=had, voice=about.voice)
    brief = replace(_brief(about, order.topic, order, n=n), first_day=first, kinds=order.kinds)
    return _request("planning", asked, Ideas, brief, min(_LONGEST, n * _AN_IDEA))


def compose(ask: Ask, about: About, order: WriteOrder, *, n: int = 1) -> tuple[list[Composed], Bill]:
    """`n` texts. Those that break a rule are asked for once more; what is broken even then is noted.

    Raises Rejected when the answer cannot be read twice, and what `ask` raises.
    """
    card = about.card
    said, bill = _read(ask, "text", request_texts(about, order, n), Texts)
    if not said.variants:
        raise Rejected("The model gave no text. Try again, or say the topic in other words.")
    made = [tidy(one, card, order) for one in said.variants[:n]]
    notes = [checks.check(parts, order, card.persona, card.language) for parts in made]
    broken = [at for at, found in enumerate(notes) if found]
    if not broken:
        return [Composed(parts, ()) for parts in made], bill
    mended, more = _mend(ask, about, order, [(made[at], notes[at]) for at in broken], n)
    for at, parts in zip(broken, mended, strict=False):
        made[at], notes[at] = _better(made[at], notes[at], parts, order, card)
    return [Composed(parts, tuple(found)) for parts, found in zip(made, notes, strict=True)], bill + more


def anew(ask: Ask, about: About, order: WriteOrder, parts: Parts, which: Part) -> tuple[Composed, Bill]:
    """One part again, the others kept; repaired once as whole texts are. Raises as `compose`."""
    card = about.card
    asked, brief = prompts.part(card, order, parts, which, voice=about.voice), _brief(about, order.topic, order)
    request = _request("writing", asked, ONE[which], brief, _A_TEXT + order.length)
    said, bill = _read(ask, which, request, ONE[which])
    first = _with(parts, which, getattr(said, which), card, order)
    notes = checks.check(first, order, card.persona, card.language)
    wrong = [note for note in notes if note.part == which]
    if not wrong:
        return Composed(first, tuple(notes)), bill
    told = "; ".join(note.sentence for note in wrong)
    again = Asked(asked.system, f"{asked.question}\nThis was wrong: {told} Write it without that.")
    retry = _request("writing", again, ONE[which], replace(brief, variant=brief.variant + REPAIR), _A_TEXT + order.length)
    said, more = _read(ask, f"{which}-repair", retry, ONE[which])
    second = _with(parts, which, getattr(said, which), card, order)
    best, found = _better(first, notes, second, order, card)
    return Composed(best, tuple(found)), bill + more


def plan(ask: Ask, about: About, order: IdeasOrder, *, first: int, n: int, had: Sequence[str]) -> tuple[list[Idea], Bill]:
    """Ideas for days `first` on, one a day. Days that the model left out are missing."""
    said, bill = _read(ask, f"days-{first}", request_ideas(about, order, first, n, had), Ideas)
    days = {idea.day: idea for idea in reversed(said.ideas) if first <= idea.day < first + n}
    return [days[day] for day in sorted(days)], bill


def _mend(
    ask: Ask, about: About, order: WriteOrder, broken: list[tuple[Parts, list[Note]]], n: int
) -> tuple[list[Parts], Bill]:
    asked = prompts.repair(about.card, order, broken, voice=about.voice)
    brief = replace(_brief(about, order.topic, order, n=len(broken)), variant=about.written + REPAIR)
    tokens = min(_LONGEST, len(broken) * (_A_TEXT + order.length))
    said, bill = _read(ask, "repair", _request("writing", asked, Texts, brief, tokens), Texts)
    return [tidy(one, about.card, order) for one in said.variants], bill


def _better(
    before: Parts, wrong: Sequence[Note], after: Parts, order: WriteOrder, card: InfluencerCard
) -> tuple[Parts, list[Note]]:
    """The repaired text unless it breaks more; rules that hold now stay on record as repaired."""
    still = checks.check(after, order, card.persona, card.language)
    if len(still) > len(wrong):
        return before, list(wrong)
    left = {(note.part, note.rule) for note in still}
    mended = [replace(note, repaired=True) for note in wrong if (note.part, note.rule) not in left]
    return after, [*still, *mended]


def _with(parts: Parts, which: Part, said: object, card: InfluencerCard, order: WriteOrder) -> Parts:
    match which:
        case "hashtags":
            value: object = tagged(list(said))  # type: ignore[call-overload]
        case "caption":
            value = captioned(str(said), card, order)[:5000]
        case "picture":
            value = prompted(str(said), card)[:2000]
        case _:
            value = " ".join(str(said).split())[:500]
    return Parts(**{**parts.model_dump(), which: value})


def _read(ask: Ask, name: str, request: TextRequest, shape: type[T]) -> tuple[T, Bill]:
    """The answer in its shape; one that cannot be read is asked for once more, in other words (the same are remembered)."""
    reply = ask(name, request)
    try:
        return parse(reply.text, shape), _bill(reply)
    except Rejected:
        again = ask(f"{name}-again", replace(request, question=prompts.unreadable(request.question)))
        return parse(again.text, shape), _bill(reply) + _bill(again)


def _bill(reply: Reply) -> Bill:
    return Bill(reply.model, reply.paid_usd, (reply.generation_id,) if reply.generation_id else ())


def _request(use: Use, asked: Asked, shape: type[BaseModel], brief: Brief, tokens: int) -> TextRequest:
    return TextRequest(use, asked.system, asked.question, max_tokens=tokens, answer=shape, brief=brief)


def _brief(about: About, topic: str, order: WriteOrder | IdeasOrder, *, n: int = 1) -> Brief:
    card, persona = about.card, about.card.persona
    avoid = (*persona.never_say, *(phrase for line in persona.dont for phrase in boundaries.phrases(line)))
    room = len(sponsoring.tag(card.language)) + 1 if order.sponsored else 0
    return Brief(
        topic, card.language, name=card.name, tone=f"{order.style} {persona.tone}".strip(), topics=persona.topics,
        variant=about.written, n=n, most=order.length - room, avoid=avoid, bio=persona.bio, recent=about.recent,
    )  # fmt: skip


__all__ = ["About", "Ask", "Composed", "Text", "anew", "compose", "plan", "request_ideas", "request_texts"]

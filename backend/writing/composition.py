"""Asking for texts, looking at them, and having what is broken repaired once. Knows no tables.

`ask` puts one named question: in a job each is a step, so that an answer is paid for once however often the job is tried.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from pydantic import BaseModel

from backend.budgets import OverBudget
from backend.engines.prompt_forms import NATURAL, PromptForm
from backend.engines.text.answers import parse
from backend.engines.text.offline_pictures import from_slots
from backend.engines.text.port import Brief, Reply, ReplyLost, TextRequest, Unusable, Use
from backend.errors import Rejected
from backend.influencers import InfluencerCard
from backend.kit.texts import clipped
from backend.writing import boundaries, checks, prompts, sponsorship
from backend.writing.answers import ONE, Idea, Ideas, PicturePrompt, Text, Texts
from backend.writing.content_types import CONTENT_TYPES
from backend.writing.normalize import captioned, prompted, tagged, tidy
from backend.writing.prompts import Asked
from backend.writing.schemas import IdeasOrder, LlmCost, Note, Part, Parts, WriteOrder

T = TypeVar("T", bound=BaseModel)
Pictured = TypeVar("Pictured", Text, Idea, PicturePrompt)
Ask = Callable[[str, TextRequest], Reply]
REPAIR = 7919
"""Further on in the offline writer's lists: a repaired text begins elsewhere."""
_A_TEXT, _AN_IDEA, _LONGEST = 400, 220, 8000
"""Tokens."""
EARLIER = 300
"""Bytes of an earlier text that new ones are to differ from."""
_HOOK, _ALT, _PICTURE, _TAG, _SENTENCE, _NOTES = 360, 900, 700, 60, 240, 8
"""Bytes that are shown of each part of a text that is to be repaired, and of each of so many notes."""


@dataclass(frozen=True, slots=True)
class About:
    """Whose words: the influencer, the captions that new ones differ from, what a learned style says, how many there were.

    `prompts`: how the checkpoint that draws for them wants its picture prompts.
    """

    card: InfluencerCard
    recent: tuple[str, ...] = ()
    voice: str = ""
    written: int = 0
    prompts: PromptForm = NATURAL


@dataclass(frozen=True, slots=True)
class Composed:
    parts: Parts
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class CheckedIdea:
    """`notes`: the rules it breaks, a second try included."""

    idea: Idea
    notes: tuple[Note, ...] = ()


def request_texts(about: About, order: WriteOrder, n: int) -> TextRequest:
    """What is asked first; also what an estimate goes by."""
    recent = [_shown(one, EARLIER) for one in about.recent]
    asked = prompts.texts(about.card, order, n=n, recent=recent, voice=about.voice, form=about.prompts)
    tokens = min(_LONGEST, n * (_A_TEXT + order.length))
    return _request("writing", asked, Texts, _brief(about, order.topic, order, n=n), tokens)


def request_repair(about: About, order: WriteOrder, broken: Sequence[tuple[Parts, Sequence[Note]]]) -> TextRequest:
    """The texts that broke a rule, asked for anew; each is shown as far as needed, so that this has a price beforehand."""
    shown = [(_clipped(parts, order), _few(notes)) for parts, notes in broken]
    asked = prompts.repair(about.card, order, shown, voice=about.voice, form=about.prompts)
    brief = replace(_brief(about, order.topic, order, n=len(broken)), variant=about.written + REPAIR)
    return _request("writing", asked, Texts, brief, min(_LONGEST, len(broken) * (_A_TEXT + order.length)))


def request_ideas(
    about: About, order: IdeasOrder, first: int, n: int, had: Sequence[str], dates: Mapping[int, date] | None = None
) -> TextRequest:
    """`dates`: day of the plan -> its date, where it is not one post a day from `order.first` on."""
    known = order.dates(first, n) if dates is None else dates
    shown = [_shown(one, EARLIER) for one in had]
    asked = prompts.ideas(about.card, order, first=first, n=n, had=shown, dates=known, voice=about.voice, form=about.prompts)
    brief = replace(_brief(about, order.topic, order, n=n), first_day=first, kinds=order.kinds)
    return _request("planning", asked, Ideas, brief, min(_LONGEST, n * _AN_IDEA))


def request_ideas_repair(first: TextRequest, broken: Sequence[tuple[int, str, Sequence[Note]]]) -> TextRequest:
    """The ideas of `first` that broke a rule (day, hook, notes), asked for anew."""
    shown = [(day, _shown(hook, _HOOK), _few(notes)) for day, hook, notes in broken]
    asked = prompts.ideas_again(Asked(first.system, first.question), shown)
    brief = replace(first.brief, variant=first.brief.variant + REPAIR) if first.brief else None
    return replace(first, system=asked.system, question=asked.question, brief=brief)


def compose(ask: Ask, about: About, order: WriteOrder, *, n: int = 1) -> tuple[list[Composed], LlmCost]:
    """`n` texts. Those that break a rule are asked for once more; what is broken even then is noted, and so it stays when no
    better text comes: the first one is paid. Raises what `ask` raises.
    """
    card = about.card
    said, bill = _read(ask, "text", request_texts(about, order, n), Texts)
    made = [tidy(_drawable(about, order.topic, one), card, order) for one in said.variants[:n]]
    notes = [checks.check(parts, order, card.persona, card.language) for parts in made]
    broken = [at for at, found in enumerate(notes) if found]
    if not broken:
        return [Composed(parts, ()) for parts in made], bill
    again = request_repair(about, order, [(made[at], notes[at]) for at in broken])
    mended, more = _mended(ask, "repair", again, Texts)
    better = [tidy(_drawable(about, order.topic, one), card, order) for one in mended.variants] if mended else []
    for at, parts in zip(broken, better, strict=False):
        made[at], notes[at] = _better(made[at], notes[at], parts, order, card)
    return [Composed(parts, tuple(found)) for parts, found in zip(made, notes, strict=True)], bill + more


def regenerate_part(ask: Ask, about: About, order: WriteOrder, parts: Parts, which: Part) -> tuple[Composed, LlmCost]:
    """One part again, the others kept; repaired once as whole texts are. Raises as `compose`."""
    card = about.card
    asked = prompts.part(card, order, parts, which, voice=about.voice, form=about.prompts)
    brief = _brief(about, order.topic, order)
    request = _request("writing", asked, ONE[which], brief, _A_TEXT + order.length)
    said, bill = _read(ask, which, request, ONE[which])
    if isinstance(said, PicturePrompt):
        said = _drawable(about, order.topic, said)
    first = _with(parts, which, getattr(said, which), card, order)
    notes = checks.check(first, order, card.persona, card.language)
    wrong = [note for note in notes if note.part == which]
    if not wrong:
        return Composed(first, tuple(notes)), bill
    told = "; ".join(note.sentence for note in wrong)
    again = Asked(asked.system, f"{asked.question}\nThis was wrong: {told} Write it without that.")
    retry = _request("writing", again, ONE[which], replace(brief, variant=brief.variant + REPAIR), _A_TEXT + order.length)
    mended, more = _mended(ask, f"{which}-repair", retry, ONE[which])
    if mended is None:
        return Composed(first, tuple(notes)), bill + more
    second = _with(parts, which, getattr(mended, which), card, order)
    best, found = _better(first, notes, second, order, card)
    return Composed(best, tuple(found)), bill + more


def plan(
    ask: Ask,
    about: About,
    order: IdeasOrder,
    *,
    first: int,
    n: int,
    had: Sequence[str],
    dates: Mapping[int, date] | None = None,
) -> tuple[list[CheckedIdea], LlmCost]:
    """Ideas for days `first` on, one a day; those that break a rule are asked for once more, what is broken even then is noted.

    Days that the model left out are missing. `dates` as in `request_ideas`.
    """
    request = request_ideas(about, order, first, n, had, dates)
    answer, bill = _read(ask, f"days-{first}", request, Ideas)
    ideas = _by_day(about, order, answer, range(first, first + n))
    broken = [(day, checked.idea.hook, checked.notes) for day, checked in sorted(ideas.items()) if checked.notes]
    if broken:
        mended, more = _mended(ask, f"days-{first}-repair", request_ideas_repair(request, broken), Ideas)
        bill += more
        again = _by_day(about, order, mended, [day for day, *_ in broken]) if mended else {}
        for day, checked in again.items():
            if len(checked.notes) < len(ideas[day].notes):
                ideas[day] = checked
    return [ideas[day] for day in sorted(ideas)], bill


def _by_day(about: About, order: IdeasOrder, answer: Ideas, days: Collection[int]) -> dict[int, CheckedIdea]:
    card = about.card
    return {
        idea.day: CheckedIdea(
            _drawable(about, idea.topic, idea),
            tuple(checks.idea_notes(idea.hook, idea.topic, card.persona, order, card.language)),
        )
        for idea in reversed(answer.ideas)
        if idea.day in days
    }


def _drawable(about: About, topic: str, said: Pictured) -> Pictured:
    """With a picture prompt in the words that the checkpoint knows, where a model took others."""
    form, at = about.prompts, about.written + getattr(said, "day", 0)
    known = form.known(said.picture) or (from_slots(form, topic, at) if form.form == "slots" else "")
    return said.model_copy(update={"picture": known})


def _clipped(parts: Parts, order: WriteOrder) -> Parts:
    return Parts(
        hook=_shown(parts.hook, _HOOK), caption=_shown(parts.caption, 3 * order.length + 200),
        hashtags=tuple(_shown(tag, _TAG) for tag in parts.hashtags), alt_text=_shown(parts.alt_text, _ALT),
        picture=_shown(parts.picture, _PICTURE),
    )  # fmt: skip


def _few(notes: Sequence[Note]) -> list[Note]:
    return [replace(note, sentence=_shown(note.sentence, _SENTENCE)) for note in notes[:_NOTES]]


def _shown(text: str, n_bytes: int) -> str:
    """As it stands in a prompt, where angle brackets are longer ones."""
    return clipped(text.replace("<", "‹").replace(">", "›"), n_bytes)


def longest_repair(about: About, order: WriteOrder, n: int) -> TextRequest:
    """No repair of `n` texts is longer: for an estimate."""
    tags = tuple("#" + "x" * 99 for _ in range(checks.MOST_TAGS))
    parts = Parts(hook="x" * 500, caption="x" * 5000, hashtags=tags, alt_text="x" * 1000, picture="x" * 2000)
    return request_repair(about, order, [(parts, [Note("hashtags", "length", "x" * _SENTENCE)] * _NOTES)] * n)


def longest_ideas_repair(first: TextRequest, day: int, n: int) -> TextRequest:
    """The same of the ideas for `n` days from `day` on."""
    note = Note("hook", "length", "x" * _SENTENCE)
    return request_ideas_repair(first, [(one, "x" * _HOOK, [note] * _NOTES) for one in range(day, day + n)])


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


def _read(ask: Ask, name: str, request: TextRequest, shape: type[T]) -> tuple[T, LlmCost]:
    reply = ask(name, request)
    return parse(reply.text, shape), bill_of(reply)


def _mended(ask: Ask, name: str, request: TextRequest, shape: type[T]) -> tuple[T | None, LlmCost]:
    """None when nothing usable came of it, or there is no money left for it."""
    try:
        return _read(ask, name, request, shape)
    except Unusable as error:
        return None, bill_of(error.reply)
    except (ReplyLost, Rejected, OverBudget):
        return None, LlmCost()


def bill_of(reply: Reply) -> LlmCost:
    return LlmCost(reply.model, reply.paid_usd, reply.generation_ids)


def _request(use: Use, asked: Asked, shape: type[BaseModel], brief: Brief, tokens: int) -> TextRequest:
    return TextRequest(use, asked.system, asked.question, max_tokens=tokens, answer=shape, brief=brief)


def _brief(about: About, topic: str, order: WriteOrder | IdeasOrder, *, n: int = 1) -> Brief:
    card, persona = about.card, about.card.persona
    avoid = (*persona.never_say, *(phrase for line in persona.dont for phrase in boundaries.phrases(line)))
    room = len(sponsorship.tag(card.language)) + 1 if order.sponsored else 0
    return Brief(
        topic, card.language, name=card.name, tone=f"{order.style} {persona.tone}".strip(), topics=persona.topics,
        variant=about.written, n=n, most=order.length - room, avoid=avoid, bio=persona.bio, recent=about.recent,
        goal=order.goal, call_to_action=order.call_to_action, sponsor=order.sponsor if order.sponsored else "",
        must_say=order.must_say, hook_most=CONTENT_TYPES[order.content_type].hook, prompts=about.prompts,
    )  # fmt: skip


__all__ = [
    "EARLIER",
    "About",
    "Ask",
    "Composed",
    "Text",
    "bill_of",
    "compose",
    "longest_ideas_repair",
    "longest_repair",
    "plan",
    "regenerate_part",
    "request_ideas",
    "request_texts",
]  # fmt: skip

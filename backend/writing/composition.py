"""Asks a model for texts, checks them and has broken ones repaired once. Knows no tables.

`ask` sends one named question: in a job each is a step, so that an answer is paid for once however often the job is tried.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from pydantic import BaseModel

from backend.budgets import OverBudget
from backend.engines.local.offline_writer.picture_prompts import from_slots
from backend.engines.ports.prompt_forms import NATURAL, PromptForm
from backend.engines.ports.text import Brief, Reply, ReplyLost, TextRequest, UnusableAnswer, Use
from backend.engines.ports.text_answers import parse_answer
from backend.errors import Rejected
from backend.influencers import InfluencerCard
from backend.kit.texts import clipped
from backend.writing import checks, prompts, rules
from backend.writing.answers import PART_ANSWERS, Idea, Ideas, PicturePrompt, Text, Texts
from backend.writing.content_types import CONTENT_TYPES
from backend.writing.normalize import normalize_caption, normalize_hashtags, normalize_picture_prompt, normalize_text
from backend.writing.prompts import ModelPrompt
from backend.writing.schemas import BrokenRule, IdeasOrder, LlmCost, Part, TextParts, WriteOrder

T = TypeVar("T", bound=BaseModel)
WithPicture = TypeVar("WithPicture", Text, Idea, PicturePrompt)
AskModel = Callable[[str, TextRequest], Reply]
REPAIR_VARIANT_OFFSET = 7919
"""Added to the variant for a repair, so that the offline writer takes other entries of its lists."""
_TEXT_TOKENS, _IDEA_TOKENS, _MAX_TOKENS = 400, 220, 8000
"""Tokens."""
EARLIER_TEXT_BYTES = 300
"""So many bytes of an earlier text that new ones are to differ from are shown."""
_HOOK_BYTES, _ALT_BYTES, _PICTURE_BYTES, _HASHTAG_BYTES, _SENTENCE_BYTES, _MAX_NOTES = 360, 900, 700, 60, 240, 8
"""Bytes of each part of a broken text that a repair shows, and of the sentence of each of at most so many broken rules."""


@dataclass(frozen=True, slots=True)
class WritingContext:
    """What a text is written from: the influencer, recent captions that new ones differ from, the learned style's instructions
    (`voice`), and how many texts there are already (`written`).

    `prompts`: the form of picture prompts that their base model takes.
    """

    card: InfluencerCard
    recent: tuple[str, ...] = ()
    voice: str = ""
    written: int = 0
    prompts: PromptForm = NATURAL


@dataclass(frozen=True, slots=True)
class CheckedText:
    parts: TextParts
    notes: tuple[BrokenRule, ...]


@dataclass(frozen=True, slots=True)
class CheckedIdea:
    """`notes`: the rules it breaks, after a second try."""

    idea: Idea
    notes: tuple[BrokenRule, ...] = ()


def build_texts_request(context: WritingContext, order: WriteOrder, n: int) -> TextRequest:
    """The first question of `compose_texts`; estimates use it too."""
    recent = [_clip_for_prompt(caption, EARLIER_TEXT_BYTES) for caption in context.recent]
    prompt = prompts.texts_prompt(context.card, order, n=n, recent=recent, voice=context.voice, form=context.prompts)
    tokens = min(_MAX_TOKENS, n * (_TEXT_TOKENS + order.length))
    return _build_request("writing", prompt, Texts, _build_brief(context, order.topic, order, n=n), tokens)


def build_repair_request(
    context: WritingContext, order: WriteOrder, broken: Sequence[tuple[TextParts, Sequence[BrokenRule]]]
) -> TextRequest:
    """The question for the texts that broke a rule. Each is clipped, so that the price is known beforehand."""
    clipped_texts = [(_clip_parts(parts, order), _clip_notes(notes)) for parts, notes in broken]
    prompt = prompts.repair_prompt(context.card, order, clipped_texts, voice=context.voice, form=context.prompts)
    brief = replace(_build_brief(context, order.topic, order, n=len(broken)), variant=context.written + REPAIR_VARIANT_OFFSET)
    return _build_request("writing", prompt, Texts, brief, min(_MAX_TOKENS, len(broken) * (_TEXT_TOKENS + order.length)))


def build_ideas_request(
    context: WritingContext,
    order: IdeasOrder,
    first: int,
    n: int,
    earlier_hooks: Sequence[str],
    dates: Mapping[int, date] | None = None,
) -> TextRequest:
    """`dates`: day of the plan -> its date, where it is not one post a day from `order.first` on."""
    dates_by_day = order.dates(first, n) if dates is None else dates
    clipped_hooks = [_clip_for_prompt(hook, EARLIER_TEXT_BYTES) for hook in earlier_hooks]
    prompt = prompts.ideas_prompt(
        context.card,
        order,
        first=first,
        n=n,
        earlier_hooks=clipped_hooks,
        dates=dates_by_day,
        voice=context.voice,
        form=context.prompts,
    )
    brief = replace(_build_brief(context, order.topic, order, n=n), first_day=first, kinds=order.kinds)
    return _build_request("planning", prompt, Ideas, brief, min(_MAX_TOKENS, n * _IDEA_TOKENS))


def build_ideas_repair_request(
    first_request: TextRequest, broken: Sequence[tuple[int, str, Sequence[BrokenRule]]]
) -> TextRequest:
    """The question for the ideas of `first_request` that broke a rule (day, hook, broken rules)."""
    clipped_ideas = [(day, _clip_for_prompt(hook, _HOOK_BYTES), _clip_notes(notes)) for day, hook, notes in broken]
    prompt = prompts.ideas_repair_prompt(ModelPrompt(first_request.system, first_request.question), clipped_ideas)
    brief = (
        replace(first_request.brief, variant=first_request.brief.variant + REPAIR_VARIANT_OFFSET)
        if first_request.brief
        else None
    )
    return replace(first_request, system=prompt.system, question=prompt.question, brief=brief)


def compose_texts(
    ask: AskModel, context: WritingContext, order: WriteOrder, *, n: int = 1
) -> tuple[list[CheckedText], LlmCost]:
    """Writes `n` texts. Those that break a rule are asked for once more; rules broken even then are noted.

    The first answer stays when no better one comes, since it is paid for. Raises what `ask` raises.
    """
    card = context.card
    answer, cost = _ask_and_parse(ask, "text", build_texts_request(context, order, n), Texts)
    texts = [normalize_text(_with_drawable_prompt(context, order.topic, text), card, order) for text in answer.variants[:n]]
    notes = [checks.check_text(parts, order, card.persona, card.language) for parts in texts]
    broken = [at for at, text_notes in enumerate(notes) if text_notes]
    if not broken:
        return [CheckedText(parts, ()) for parts in texts], cost
    repair_request = build_repair_request(context, order, [(texts[at], notes[at]) for at in broken])
    repaired, repair_cost = _ask_for_repair(ask, "repair", repair_request, Texts)
    repaired_texts = (
        [normalize_text(_with_drawable_prompt(context, order.topic, text), card, order) for text in repaired.variants]
        if repaired
        else []
    )
    for at, parts in zip(broken, repaired_texts, strict=False):
        texts[at], notes[at] = _choose_better(texts[at], notes[at], parts, order, card)
    return [CheckedText(parts, tuple(text_notes)) for parts, text_notes in zip(texts, notes, strict=True)], cost + repair_cost


def regenerate_part(
    ask: AskModel, context: WritingContext, order: WriteOrder, parts: TextParts, part: Part
) -> tuple[CheckedText, LlmCost]:
    """Writes one part again and keeps the others; repaired once as whole texts are. Raises as `compose_texts`."""
    card = context.card
    prompt = prompts.part_prompt(card, order, parts, part, voice=context.voice, form=context.prompts)
    brief = _build_brief(context, order.topic, order)
    request = _build_request("writing", prompt, PART_ANSWERS[part], brief, _TEXT_TOKENS + order.length)
    answer, cost = _ask_and_parse(ask, part, request, PART_ANSWERS[part])
    if isinstance(answer, PicturePrompt):
        answer = _with_drawable_prompt(context, order.topic, answer)
    first_parts = _replace_part(parts, part, getattr(answer, part), card, order)
    notes = checks.check_text(first_parts, order, card.persona, card.language)
    part_notes = [note for note in notes if note.part == part]
    if not part_notes:
        return CheckedText(first_parts, tuple(notes)), cost
    problems = "; ".join(note.sentence for note in part_notes)
    retry_prompt = ModelPrompt(prompt.system, f"{prompt.question}\nThis was wrong: {problems} Write it without that.")
    retry = _build_request(
        "writing",
        retry_prompt,
        PART_ANSWERS[part],
        replace(brief, variant=brief.variant + REPAIR_VARIANT_OFFSET),
        _TEXT_TOKENS + order.length,
    )
    repaired, repair_cost = _ask_for_repair(ask, f"{part}-repair", retry, PART_ANSWERS[part])
    if repaired is None:
        return CheckedText(first_parts, tuple(notes)), cost + repair_cost
    repaired_parts = _replace_part(parts, part, getattr(repaired, part), card, order)
    best, best_notes = _choose_better(first_parts, notes, repaired_parts, order, card)
    return CheckedText(best, tuple(best_notes)), cost + repair_cost


def generate_ideas(
    ask: AskModel,
    context: WritingContext,
    order: IdeasOrder,
    *,
    first: int,
    n: int,
    earlier_hooks: Sequence[str],
    dates: Mapping[int, date] | None = None,
) -> tuple[list[CheckedIdea], LlmCost]:
    """Writes ideas for `n` days from day `first` on, one a day. Ideas that break a rule are asked for once more; rules broken
    even then are noted.

    Days that the model left out are missing. `dates` as in `build_ideas_request`.
    """
    request = build_ideas_request(context, order, first, n, earlier_hooks, dates)
    answer, cost = _ask_and_parse(ask, f"days-{first}", request, Ideas)
    ideas = _ideas_by_day(context, order, answer, range(first, first + n))
    broken = [(day, checked.idea.hook, checked.notes) for day, checked in sorted(ideas.items()) if checked.notes]
    if broken:
        repaired, repair_cost = _ask_for_repair(ask, f"days-{first}-repair", build_ideas_repair_request(request, broken), Ideas)
        cost += repair_cost
        repaired_ideas = _ideas_by_day(context, order, repaired, [day for day, *_ in broken]) if repaired else {}
        for day, checked in repaired_ideas.items():
            if len(checked.notes) < len(ideas[day].notes):
                ideas[day] = checked
    return [ideas[day] for day in sorted(ideas)], cost


def _ideas_by_day(context: WritingContext, order: IdeasOrder, answer: Ideas, days: Collection[int]) -> dict[int, CheckedIdea]:
    card = context.card
    return {
        idea.day: CheckedIdea(
            _with_drawable_prompt(context, idea.topic, idea),
            tuple(checks.check_idea(idea.hook, idea.topic, card.persona, order, card.language)),
        )
        for idea in reversed(answer.ideas)
        if idea.day in days
    }


def _with_drawable_prompt(context: WritingContext, topic: str, answer: WithPicture) -> WithPicture:
    """Replaces a picture prompt by one in words that the base model knows, where the model took others."""
    form, variant = context.prompts, context.written + getattr(answer, "day", 0)
    picture = form.known_phrases(answer.picture) or (from_slots(form, topic, variant) if form.form == "slots" else "")
    return answer.model_copy(update={"picture": picture})


def _clip_parts(parts: TextParts, order: WriteOrder) -> TextParts:
    return TextParts(
        hook=_clip_for_prompt(parts.hook, _HOOK_BYTES),
        caption=_clip_for_prompt(parts.caption, 3 * order.length + 200),
        hashtags=tuple(_clip_for_prompt(tag, _HASHTAG_BYTES) for tag in parts.hashtags),
        alt_text=_clip_for_prompt(parts.alt_text, _ALT_BYTES),
        picture=_clip_for_prompt(parts.picture, _PICTURE_BYTES),
    )


def _clip_notes(notes: Sequence[BrokenRule]) -> list[BrokenRule]:
    return [replace(note, sentence=_clip_for_prompt(note.sentence, _SENTENCE_BYTES)) for note in notes[:_MAX_NOTES]]


def _clip_for_prompt(text: str, n_bytes: int) -> str:
    """Clipped to `n_bytes` as it stands in a prompt, where angle brackets are replaced by longer characters."""
    return clipped(text.replace("<", "‹").replace(">", "›"), n_bytes)


def build_longest_repair_request(context: WritingContext, order: WriteOrder, n: int) -> TextRequest:
    """The longest repair that `n` texts can need, for an estimate."""
    tags = tuple("#" + "x" * 99 for _ in range(checks.MAX_HASHTAGS))
    parts = TextParts(hook="x" * 500, caption="x" * 5000, hashtags=tags, alt_text="x" * 1000, picture="x" * 2000)
    return build_repair_request(
        context, order, [(parts, [BrokenRule("hashtags", "length", "x" * _SENTENCE_BYTES)] * _MAX_NOTES)] * n
    )


def build_longest_ideas_repair_request(first_request: TextRequest, day: int, n: int) -> TextRequest:
    """The longest repair that the ideas for `n` days from `day` on can need."""
    note = BrokenRule("hook", "length", "x" * _SENTENCE_BYTES)
    return build_ideas_repair_request(
        first_request, [(nth_day, "x" * _HOOK_BYTES, [note] * _MAX_NOTES) for nth_day in range(day, day + n)]
    )


def _choose_better(
    before: TextParts, notes_before: Sequence[BrokenRule], after: TextParts, order: WriteOrder, card: InfluencerCard
) -> tuple[TextParts, list[BrokenRule]]:
    """The repaired text, unless it breaks more rules; rules that hold now are noted as repaired."""
    notes_after = checks.check_text(after, order, card.persona, card.language)
    if len(notes_after) > len(notes_before):
        return before, list(notes_before)
    remaining = {(note.part, note.rule) for note in notes_after}
    repaired = [replace(note, repaired=True) for note in notes_before if (note.part, note.rule) not in remaining]
    return after, [*notes_after, *repaired]


def _replace_part(parts: TextParts, part: Part, answer_value: object, card: InfluencerCard, order: WriteOrder) -> TextParts:
    match part:
        case "hashtags":
            value: object = normalize_hashtags(list(answer_value))  # type: ignore[call-overload]
        case "caption":
            value = normalize_caption(str(answer_value), card, order)[:5000]
        case "picture":
            value = normalize_picture_prompt(str(answer_value), card)[:2000]
        case _:
            value = " ".join(str(answer_value).split())[:500]
    return TextParts(**{**parts.model_dump(), part: value})


def _ask_and_parse(ask: AskModel, name: str, request: TextRequest, shape: type[T]) -> tuple[T, LlmCost]:
    reply = ask(name, request)
    return parse_answer(reply.text, shape), llm_cost_of(reply)


def _ask_for_repair(ask: AskModel, name: str, request: TextRequest, shape: type[T]) -> tuple[T | None, LlmCost]:
    """The repaired answer; None when it cannot be used, or there is no money left for it."""
    try:
        return _ask_and_parse(ask, name, request, shape)
    except UnusableAnswer as error:
        return None, llm_cost_of(error.reply)
    except (ReplyLost, Rejected, OverBudget):  # the first answer is paid for and stays
        return None, LlmCost()


def llm_cost_of(reply: Reply) -> LlmCost:
    return LlmCost(reply.model, reply.paid_usd, reply.generation_ids)


def _build_request(use: Use, prompt: ModelPrompt, shape: type[BaseModel], brief: Brief, tokens: int) -> TextRequest:
    return TextRequest(use, prompt.system, prompt.question, max_tokens=tokens, answer=shape, brief=brief)


def _build_brief(context: WritingContext, topic: str, order: WriteOrder | IdeasOrder, *, n: int = 1) -> Brief:
    card, persona = context.card, context.card.persona
    avoid = (*persona.never_say, *(phrase for line in persona.dont for phrase in rules.named_phrases(line)))
    room = len(rules.disclosure_tag(card.language)) + 1 if order.sponsored else 0
    return Brief(
        topic,
        card.language,
        name=card.name,
        tone=f"{order.style} {persona.tone}".strip(),
        topics=persona.topics,
        variant=context.written,
        n=n,
        most=order.length - room,
        avoid=avoid,
        bio=persona.bio,
        recent=context.recent,
        goal=order.goal,
        call_to_action=order.call_to_action,
        sponsor=order.sponsor if order.sponsored else "",
        must_say=order.must_say,
        hook_most=CONTENT_TYPES[order.content_type].hook,
        prompts=context.prompts,
    )


__all__ = [
    "EARLIER_TEXT_BYTES",
    "AskModel",
    "CheckedText",
    "Text",
    "WritingContext",
    "build_ideas_request",
    "build_longest_ideas_repair_request",
    "build_longest_repair_request",
    "build_texts_request",
    "compose_texts",
    "generate_ideas",
    "llm_cost_of",
    "regenerate_part",
]

"""The jobs: learn a style from its PDFs; write a text in it. Each answer of a model is a step: a retry never pays twice."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from backend import budgets, events
from backend.db.tables import StyleSource, StyleText, WritingStyle
from backend.db.transactions import SystemCaller
from backend.engines.text.port import CutOff, TextRequest
from backend.errors import Conflict, Invalid, NotFound, Rejected
from backend.jobs.context import JobContext
from backend.writing_styles import copy_check, lengths, pdf_ingest, queries, requests
from backend.writing_styles.rules import STEADY_WORDS, too_little
from backend.writing_styles.schemas import StyleCard, StyleTextCard, TrainingPayload, WritingPayload
from backend.writing_styles.similarity import Similarity
from backend.writing_styles.stylometry import measure
from backend.writing_styles.words import count

_SHOWN_EVERY_S = 0.7


def train(ctx: JobContext, payload: TrainingPayload) -> dict[str, Any]:
    """Result: files read and refused, words, pages. Raises Invalid when there is too little to learn from."""
    pdf_ingest.read_all(ctx, payload.style_id)
    with ctx.transaction() as tx:
        style = queries.get(tx, payload.style_id)
        source, refused = queries.source_text(tx, style.id), pdf_ingest.refused(tx, style.id)
        read = StyleSource.style_id == style.id, StyleSource.state == "read"
        files, pages = tx.execute(select(func.count(), func.coalesce(func.sum(StyleSource.pages), 0)).where(*read)).one()
    if not files:
        told = " ".join(f"{name}: {why}" for name, why in refused[:3])
        raise Invalid(f"None of the files could be read. {told}".strip())
    ctx.progress(0, 0, "measuring")
    card = measure(source, pages=pages, sources=files)
    if sentence := too_little(card.words):
        raise Invalid(sentence)
    ctx.check()
    card = card.model_copy(update={"apart": Similarity(source, card.language).apart()})
    ctx.step("keep", lambda: partial(_learned, style.id, card))
    return {"files": files, "refused": len(refused), "words": card.words, "pages": card.pages}


def _learned(style_id: str, card: StyleCard, tx: Session) -> dict[str, Any]:
    now = func.clock_timestamp()
    change = update(WritingStyle).where(WritingStyle.id == style_id)
    tx.execute(change.values(card=card.model_dump(mode="json"), trained_at=now, last_activity_at=now))
    events.record(tx, "style.trained", "style", style_id, {"words": card.words})
    return {}


def write(ctx: JobContext, payload: WritingPayload) -> dict[str, Any]:
    """Result: words, score, longest run shared with the source. Raises Rejected when it stays copied."""
    with ctx.transaction() as tx:
        wish = queries.text(tx, payload.text_id)
        style, source = queries.get(tx, wish.style_id), queries.source_text(tx, wish.style_id)
    if style.card is None:
        raise Conflict("This style has not learned anything yet. Train it on one or more PDFs first, then write with it.")
    author = _Author(ctx, wish, style.card)
    text, shared = author.written(), copy_check.Shared()
    notes: list[str] = []
    if (shared := copy_check.longest(text, source)).copied:
        ctx.log(f"{shared.run} words in a row stand in the source; written once more", level="warning")
        text = author.rewritten(text, [one.words for one in copy_check.runs(text, source) if one.copied])
        if (shared := copy_check.longest(text, source)).copied:
            raise Rejected(
                f"The text repeats {shared.run} words in a row of the source, also after it was written anew: "
                f"“{_short(shared.words)}”. Ask for another topic, or say it in your own words."
            )
        notes.append("A first version copied from the source; it was written anew.")
    ctx.progress(0, 0, "comparing with the source")
    score = Similarity(source, style.card.language).score(text) if wish.language in ("", style.card.language) else None
    notes += _notes(wish, style.card, text, score, cut=author.cut)
    done = _Done(text, count(text), score, shared, notes, author.model, author.cost_usd)
    ctx.step("keep", lambda: partial(_keep, wish, done))
    return {"words": done.words, "score": score, "shared_run": shared.run, "model": author.model}


@dataclass(frozen=True, slots=True)
class _Done:
    text: str
    words: int
    score: float | None
    shared: copy_check.Shared
    notes: list[str]
    model: str
    cost_usd: Decimal


@dataclass
class _Author:
    """Asks, counts and goes on until the text has its length. What comes is shown in the row's draft."""

    ctx: JobContext
    wish: StyleTextCard
    card: StyleCard
    model: str = ""
    cost_usd: Decimal = field(default=Decimal(0))
    cut: bool = False
    """The last answer was cut off; the half sentence at its end is left out."""

    def written(self) -> str:
        text = self._asked("draft", self._request(self.wish.words_wanted))
        for n in range(requests.CONTINUED):
            if self.model == "offline" or not (missing := lengths.missing(text, self.wish.words_wanted)):
                break
            asked = requests.going_on(self._request(missing), text, missing)
            text = f"{text} {self._asked(f'more-{n}', asked, before=text)}".strip()
        return lengths.trimmed(text, self.wish.words_wanted)

    def rewritten(self, text: str, copied: list[str]) -> str:
        asked = requests.rewriting(self._request(self.wish.words_wanted), text, copied)
        return lengths.trimmed(self._asked("rewrite", asked), self.wish.words_wanted)

    def _request(self, words: int) -> TextRequest:
        wish = self.wish
        return requests.request(
            self.card, wish.topic, words=words, wanted=wish.words_wanted, language=wish.language, variant=wish.variant
        )

    def _asked(self, step: str, request: TextRequest, *, before: str = "") -> str:
        told = self.ctx.step(step, partial(self._ask, request, before)) or {}
        self.model, self.cost_usd = told["model"], self.cost_usd + Decimal(told["cost_usd"])
        self.cut = bool(told.get("cut"))
        return str(told["text"]).strip()

    def _ask(self, request: TextRequest, before: str) -> dict[str, Any]:
        ctx, show = self.ctx, _Shown(self.ctx, self.wish, before)
        mine = SystemCaller(ctx.tenant_id, ctx.user_id)
        about = budgets.About("style", job_id=ctx.job_id, attempt_id=ctx.attempt_id)
        reply = budgets.complete(ctx.app, mine, request, about=about, check=ctx.check, on_text=show.heard, allow_truncated=True)
        show.now()
        cut = reply.ending == "cut"
        text = lengths.without_rest(reply.text) if cut else reply.text
        if not text:
            raise CutOff("The model's answer was cut off in its first sentence. Try again, or ask for fewer words.", reply)
        return {"text": text, "model": reply.model, "cost_usd": str(reply.paid_usd), "cut": cut}


@dataclass
class _Shown:
    """Words as they come, written into the row every now and then for whoever looks on."""

    ctx: JobContext
    wish: StyleTextCard
    text: str
    _last: float = 0.0

    def __post_init__(self) -> None:
        self.text = f"{self.text} " if self.text else ""

    def heard(self, words: str) -> None:
        self.text += words
        if time.monotonic() - self._last >= _SHOWN_EVERY_S:
            self.now()

    def now(self) -> None:
        self._last = time.monotonic()
        with self.ctx.transaction() as tx:
            tx.execute(update(StyleText).where(StyleText.id == self.wish.id).values(draft=self.text))
        wanted = self.wish.words_wanted
        self.ctx.progress(min(count(self.text), wanted), wanted, "writing")


def _keep(wish: StyleTextCard, done: _Done, tx: Session) -> dict[str, Any]:
    values = {
        "text": done.text, "draft": "", "words": done.words, "score": done.score, "shared_run": done.shared.run,
        "shared_words": done.shared.words, "notes": done.notes, "model": done.model, "cost_usd": done.cost_usd,
    }  # fmt: skip
    kept = update(StyleText).where(StyleText.id == wish.id, StyleText.deleted_at.is_(None)).returning(StyleText.id)
    if tx.scalar(kept.values(**values, finished_at=func.clock_timestamp())) is None:
        raise NotFound("The text was deleted while it was written.")
    tx.execute(update(WritingStyle).where(WritingStyle.id == wish.style_id).values(last_activity_at=func.clock_timestamp()))
    return {}


def _notes(wish: StyleTextCard, card: StyleCard, text: str, score: float | None, *, cut: bool) -> list[str]:
    notes = []
    if lengths.missing(text, wish.words_wanted):
        why = "the model's last answer was cut off" if cut else "the model ended it here"
        notes.append(f"It is shorter than the {wish.words_wanted:,} words asked for: {why}.")
    if card.thin:
        notes.append(f"The source has {card.words:,} words; under {STEADY_WORDS:,} its measures are unsteady.")
    if score is None and wish.language not in ("", card.language):
        notes.append("No score: the text is in another language than its source.")
    elif score is None:
        notes.append("No score: too little text to compare.")
    return notes


def _short(words: str) -> str:
    found = words.split()
    return " ".join(found[:20]) + (" …" if len(found) > 20 else "")

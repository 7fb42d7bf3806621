"""The jobs: learn a style from its PDFs; write a text in it. Each answer of a model is a step, so that a retry never pays
twice.
"""

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
from backend.engines.ports.text import AnswerCutOff, TextRequest
from backend.errors import Conflict, Invalid, NotFound, Rejected
from backend.jobs.context import JobContext, no_work
from backend.language import joined, tr_lazy
from backend.writing_styles import pdf_ingest, queries, requests, similarity, words
from backend.writing_styles.rules import RELIABLE_SOURCE_WORDS, too_little_message
from backend.writing_styles.schemas import StyleProfile, StyleTextCard, StyleTrainingPayload, StyleWritingPayload
from backend.writing_styles.similarity import Similarity
from backend.writing_styles.stylometry import measure
from backend.writing_styles.words import count_words

_SAVE_DRAFT_EVERY_S = 0.7


def train(ctx: JobContext, payload: StyleTrainingPayload) -> dict[str, Any]:
    """Learns a style. Result: {files: read, refused, words, pages}. Raises Invalid when there is too little text."""
    pdf_ingest.read_all(ctx, payload.style_id)
    with ctx.transaction() as tx:
        style = queries.get(tx, payload.style_id)
        source, refused = queries.source_text(tx, style.id), pdf_ingest.refused_files(tx, style.id)
        read = StyleSource.style_id == style.id, StyleSource.state == "read"
        files, pages = tx.execute(select(func.count(), func.coalesce(func.sum(StyleSource.pages), 0)).where(*read)).one()
    if not files:
        reasons = [joined(name, reason, separator=": ") for name, reason in refused[:3]]
        raise Invalid(joined(tr_lazy("None of the files could be read."), *reasons))
    ctx.progress(0, 0, tr_lazy("measuring"))
    card = measure(source, pages=pages, sources=files)
    if message := too_little_message(card.words):
        raise Invalid(message)
    ctx.check()
    card = card.model_copy(update={"apart": Similarity(source, card.language).distinctness()})
    ctx.write_step("keep", no_work, lambda tx, _: _save_profile(tx, style.id, card))
    return {"files": files, "refused": len(refused), "words": card.words, "pages": card.pages}


def _save_profile(tx: Session, style_id: str, card: StyleProfile) -> dict[str, Any]:
    now = func.clock_timestamp()
    change = update(WritingStyle).where(WritingStyle.id == style_id)
    tx.execute(change.values(card=card.model_dump(mode="json"), trained_at=now, last_activity_at=now))
    events.record(tx, "style.trained", "style", style_id, {"words": card.words})
    return {}


def write(ctx: JobContext, payload: StyleWritingPayload) -> dict[str, Any]:
    """Writes a text. Result: {words, score, sharedRun: words of the longest run shared with the source, model}.

    A text that copies from the source is written once more. Raises Rejected when it still copies.
    """
    with ctx.transaction() as tx:
        text_card = queries.text(tx, payload.text_id)
        style, source = queries.get(tx, text_card.style_id), queries.source_text(tx, text_card.style_id)
        earlier = requests.earlier_exchanges(queries.conversation(tx, style.id, before=text_card.id))
    if style.card is None:
        raise Conflict(
            tr_lazy("This style has not learned anything yet. Train it on one or more PDFs first, then write with it.")
        )
    writer = _TextWriter(ctx, text_card, style.card, earlier, style.model)
    text, shared = writer.write(), similarity.SharedRun()
    notes: list[str] = []
    if (shared := similarity.longest_shared_run(text, source)).copied:
        ctx.log(tr_lazy("{n} words in a row are in the source; rewritten", n=shared.run), level="warning")
        text = writer.rewrite(
            text, [shared_run.words for shared_run in similarity.shared_runs(text, source) if shared_run.copied]
        )
        if (shared := similarity.longest_shared_run(text, source)).copied:
            raise Rejected(
                tr_lazy(
                    "The text repeats {run} words in a row of the source, even after a rewrite: “{shorten}”. Choose "
                    "another topic, or put it in your own words.",
                    run=shared.run,
                    shorten=_shorten(shared.words),
                )
            )
        notes.append(tr_lazy("A first version copied from the source; it was rewritten."))
    ctx.progress(0, 0, tr_lazy("comparing with the source"))
    score = Similarity(source, style.card.language).score(text) if text_card.language in ("", style.card.language) else None
    notes += _notes(text_card, style.card, text, score, cut=writer.cut)
    finished = _FinishedText(text, count_words(text), score, shared, notes, writer.model, writer.cost_usd)
    ctx.write_step("keep", no_work, lambda tx, _: _save_text(tx, text_card, finished))
    return {"words": finished.words, "score": score, "sharedRun": shared.run, "model": writer.model}


@dataclass(frozen=True, slots=True)
class _FinishedText:
    text: str
    words: int
    score: float | None
    shared: similarity.SharedRun
    notes: list[str]
    model: str
    cost_usd: Decimal


@dataclass
class _TextWriter:
    """Asks the model and lets it continue until the text has its length. What comes is shown in the row's draft."""

    ctx: JobContext
    text_card: StyleTextCard
    card: StyleProfile
    earlier: requests.Exchanges
    chosen_model: str
    model: str = ""
    cost_usd: Decimal = field(default=Decimal(0))
    cut: bool = False
    """The last answer was cut off; the half sentence at its end was dropped."""

    def write(self) -> str:
        text = self._ask_in_step("draft", self._request(self.text_card.words_wanted))
        for n in range(requests.MAX_CONTINUATIONS):
            if self.model == "offline" or not (missing := words.missing_words(text, self.text_card.words_wanted)):
                break
            request = requests.continue_request(self._request(missing), text, missing)
            text = f"{text} {self._ask_in_step(f'more-{n}', request, before=text)}".strip()
        return words.trim_to_length(text, self.text_card.words_wanted)

    def rewrite(self, text: str, copied: list[str]) -> str:
        request = requests.rewrite_request(self._request(self.text_card.words_wanted), text, copied)
        return words.trim_to_length(self._ask_in_step("rewrite", request), self.text_card.words_wanted)

    def _request(self, words: int) -> TextRequest:
        text_card = self.text_card
        return requests.build_request(
            self.card,
            text_card.topic,
            words=words,
            total_words=text_card.words_wanted,
            language=text_card.language,
            variant=text_card.variant,
            earlier=self.earlier,
            model=self.chosen_model,
        )

    def _ask_in_step(self, step: str, request: TextRequest, *, before: str = "") -> str:
        answer = self.ctx.step(step, partial(self._call_model, request, before)) or {}
        self.model, self.cost_usd = answer["model"], self.cost_usd + Decimal(answer["cost_usd"])
        self.cut = bool(answer.get("cut"))
        return str(answer["text"]).strip()

    def _call_model(self, request: TextRequest, before: str) -> dict[str, Any]:
        ctx, display = self.ctx, _LiveDraft(self.ctx, self.text_card, before)
        caller = SystemCaller(ctx.tenant_id, ctx.user_id)
        purpose = budgets.CallPurpose("style", job_id=ctx.job_id, attempt_id=ctx.attempt_id)
        reply = budgets.complete(
            ctx.app, caller, request, purpose=purpose, check=ctx.check, on_text=display.on_text, allow_truncated=True
        )
        display.save()
        cut = reply.ending == "cut"
        text = words.drop_unfinished_sentence(reply.text) if cut else reply.text
        if not text:
            raise AnswerCutOff(
                tr_lazy("The model's answer was cut off in its first sentence. Try again, or ask for fewer words."), reply
            )
        return {"text": text, "model": reply.model, "cost_usd": str(reply.paid_usd), "cut": cut}


@dataclass
class _LiveDraft:
    """Saves the text that has come so far to the row's draft, at most every `_SAVE_DRAFT_EVERY_S`, so that the page can show
    it.
    """

    ctx: JobContext
    text_card: StyleTextCard
    text: str
    _saved_at: float = 0.0

    def __post_init__(self) -> None:
        self.text = f"{self.text} " if self.text else ""

    def on_text(self, text: str) -> None:
        self.text += text
        if time.monotonic() - self._saved_at >= _SAVE_DRAFT_EVERY_S:
            self.save()

    def save(self) -> None:
        self._saved_at = time.monotonic()
        with self.ctx.transaction() as tx:
            tx.execute(update(StyleText).where(StyleText.id == self.text_card.id).values(draft=self.text))
        target = self.text_card.words_wanted
        self.ctx.progress(min(count_words(self.text), target), target, tr_lazy("writing"))


def _save_text(tx: Session, text_card: StyleTextCard, finished: _FinishedText) -> dict[str, Any]:
    values = {
        "text": finished.text,
        "draft": "",
        "words": finished.words,
        "score": finished.score,
        "shared_run": finished.shared.run,
        "shared_words": finished.shared.words,
        "notes": finished.notes,
        "model": finished.model,
        "cost_usd": finished.cost_usd,
    }
    change = update(StyleText).where(StyleText.id == text_card.id, StyleText.deleted_at.is_(None)).returning(StyleText.id)
    if tx.scalar(change.values(**values, finished_at=func.clock_timestamp())) is None:
        raise NotFound(tr_lazy("The text was deleted while it was written."))
    tx.execute(
        update(WritingStyle).where(WritingStyle.id == text_card.style_id).values(last_activity_at=func.clock_timestamp())
    )
    return {}


def _notes(text_card: StyleTextCard, card: StyleProfile, text: str, score: float | None, *, cut: bool) -> list[str]:
    notes: list[str] = []
    if words.missing_words(text, text_card.words_wanted):
        notes.append(
            tr_lazy(
                "It is shorter than the {n:,} words asked for: the model's last answer was cut off.", n=text_card.words_wanted
            )
            if cut
            else tr_lazy("It is shorter than the {n:,} words asked for: the model ended it here.", n=text_card.words_wanted)
        )
    if card.has_little_source:
        notes.append(
            tr_lazy(
                "The source has {n:,} words; under {least:,} its measures are unsteady.",
                n=card.words,
                least=RELIABLE_SOURCE_WORDS,
            )
        )
    if score is None and text_card.language not in ("", card.language):
        notes.append(tr_lazy("No score: the text is in another language than its source."))
    elif score is None:
        notes.append(tr_lazy("No score: too little text to compare."))
    return notes


def _shorten(words: str) -> str:
    shown = words.split()
    return " ".join(shown[:20]) + (" …" if len(shown) > 20 else "")

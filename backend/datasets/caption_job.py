"""The job that captions: each picture is shown once, its caption and that it was paid become true together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from backend import budgets, events, influencers
from backend.budgets import OverBudget
from backend.datasets import caption_outcomes, caption_rules, checks
from backend.datasets.caption_cards import PREVIEWED, CaptionOrder, CaptionPayload
from backend.datasets.caption_rules import CaptionRules
from backend.datasets.captioning import KIND, chosen, concerned, replaceable, work
from backend.datasets.service import locked, refresh_status
from backend.db.tables import Asset, CaptionRun, Dataset, DatasetImage
from backend.db.transactions import SystemCaller
from backend.engines.caption.port import MAX_SIDE, CaptionInput, CaptionRequest, PictureCaption, PictureFacts
from backend.engines.text.port import Reply, TextRequest
from backend.errors import Cancelled, Invalid, NotFound, ShuttingDown
from backend.jobs.context import JobContext
from backend.media.images.picture_cut import Cut, Cutter

_GRACE_S = 3.0
"""Answers under way at a stop may still come in: they are paid, and remembered for the next try."""
_REFRESH_EVERY = 16


@dataclass(frozen=True, slots=True)
class Target:
    """A picture to caption as it was when the run began. `crop` None: the whole picture."""

    id: str
    version: int
    filename: str
    key: str
    crop: tuple[int, int, int, int] | None
    known: PictureFacts


def caption(ctx: JobContext, payload: CaptionPayload) -> dict[str, Any]:
    """Result: how many captions were written, kept, refused, how many of them to look at, and what it cost."""
    return _Captioning(ctx, payload).run()


class _Captioning:
    def __init__(self, ctx: JobContext, payload: CaptionPayload) -> None:
        self._ctx, self._run_id, self._dataset_id = ctx, payload.run_id, payload.dataset_id
        with ctx.transaction() as tx:
            run = tx.get(CaptionRun, payload.run_id)
            if run is None:
                raise NotFound("What should be captioned is gone. Start it again from the dataset.")
            self._order, self._preview = CaptionOrder(**run.rules), run.preview
            self._captioner = chosen(ctx.app.engines.captioners, run.captioner)
            self._rules, self._influencer_id = rules_of(tx, self._order)
        self._leaving = False
        self._cutter: Cutter | None = None

    def run(self) -> dict[str, Any]:
        ctx = self._ctx
        chosen_ones = ctx.step("choose", lambda: self._choose) or {}
        targets = self._targets(chosen_ones["ids"])
        self._total = len(chosen_ones["ids"])
        self._done = self._total - len(targets)
        ctx.start_timing(work(self._captioner, len(targets)))
        ctx.progress(self._done, self._total, "captioning")
        self._own_up()
        try:
            with ExitStack() as stack:
                if self._captioner.needs_pixels:
                    self._cutter = stack.enter_context(Cutter(processes=min(2, self._captioner.at_once)))
                for one, said in self._answers(targets):
                    self._keep(one, said)
        except OverBudget as error:
            self._refresh()
            more = f"{self._done:,} of {self._total:,} pictures are done and stay so; try again then to go on with the rest."
            raise OverBudget(f"{error.message} {more}", **error.data) from error
        except Cancelled:
            self._refresh()
            raise
        return self._finish()

    def _choose(self, tx: Session) -> dict[str, Any]:
        """Fixed once, so that another try is about the same pictures."""
        locked(tx, self._dataset_id)
        where = concerned(self._order)
        rows = tx.execute(select(DatasetImage.id, replaceable(self._order)).where(*where).order_by(DatasetImage.id)).all()
        ids = [image_id for image_id, free in rows if free]
        ids, kept = (ids[:PREVIEWED], 0) if self._preview else (ids, len(rows) - len(ids))
        tx.execute(update(CaptionRun).where(CaptionRun.id == self._run_id).values(total=len(ids), kept=kept))
        return {"ids": ids}

    def _own_up(self) -> None:
        """A model keeps no answer for who died while it spoke: such a picture is shown, and paid, once more."""
        ctx = self._ctx
        with ctx.transaction() as tx:
            lost, usd = budgets.expire(tx, job_id=ctx.job_id, attempt_id=ctx.attempt_id)
        if lost:
            told = f"{lost} answer{'s were' if lost > 1 else ' was'} under way when the worker stopped, and did not come back"
            ctx.log(f"{told}. Up to ${usd:.4f} of it may be paid twice: the costs show it as an estimate.", level="warning")

    def _targets(self, ids: Sequence[str]) -> list[Target]:
        """Those not done with yet, that are still there."""
        with self._ctx.transaction() as tx:
            judged = checks.gate(tx, self._dataset_id)
            done = caption_outcomes.done(tx, self._run_id)
            left = [image_id for image_id in ids if image_id not in done]
            query = select(DatasetImage, Asset.key, checks.framing(judged)).join(Asset, Asset.id == DatasetImage.asset_id)
            rows = tx.execute(query.where(DatasetImage.id.in_(left)).order_by(DatasetImage.id)).all()
            return [_target(row, key, framing) for row, key, framing in rows]

    def _answers(self, targets: Sequence[Target]) -> Iterator[tuple[Target, PictureCaption]]:
        """As they come, a few requests at once. When one fails, those under way are brought in before it is told."""
        waiting = _chunks(targets, self._captioner.batch)
        pool = ThreadPoolExecutor(self._captioner.at_once, thread_name_prefix="caption")
        coming: dict[Future[list[PictureCaption]], list[Target]] = {}
        failed: BaseException | None = None
        try:
            while True:
                while failed is None and len(coming) < self._captioner.at_once and (chunk := next(waiting, None)):
                    coming[pool.submit(self._look, chunk)] = chunk
                if not coming:
                    break
                ended, _ = wait(coming, timeout=0.5, return_when=FIRST_COMPLETED)
                self._ctx.check()
                for future in ended:
                    chunk = coming.pop(future)
                    if error := future.exception():
                        failed = failed or error
                    else:
                        yield from zip(chunk, future.result(), strict=True)
            if failed:
                raise failed
        except (Cancelled, ShuttingDown):
            wait(coming, timeout=_GRACE_S)
            raise
        finally:
            self._leaving = True
            pool.shutdown(wait=False, cancel_futures=True)  # what hangs settles itself, and is remembered

    def _look(self, chunk: Sequence[Target]) -> list[PictureCaption]:
        """In a thread: what the captioner says of each picture of the chunk, in order."""
        answers: dict[int, PictureCaption] = {}
        shown: dict[int, CaptionInput] = {}
        for n, one in enumerate(chunk):
            try:
                shown[n] = self._shown(one)
            except (Invalid, NotFound) as error:
                answers[n] = PictureCaption(n, refused=error.message)
        request = CaptionRequest(tuple(shown.values()), self._order.form, self._rules.fixed, self._order.look)
        places = list(shown)
        told = self._captioner.run(request, self._ask)
        try:
            for event in told if shown else ():
                self._check()
                if isinstance(event, PictureCaption):
                    answers[places[event.n]] = event
        finally:
            told.close()
        nothing = "There was no answer for this picture. Try it again."
        return [answers.get(n) or PictureCaption(n, refused=nothing) for n in range(len(chunk))]

    def _shown(self, one: Target) -> CaptionInput:
        if self._cutter is None:
            return CaptionInput(one.known)
        whole = self._ctx.workdir / f"{one.id}{PurePosixPath(one.key).suffix}"
        self._ctx.app.storage.get_file(one.key, whole)
        try:
            cut = Cut(str(whole), str(self._ctx.workdir / f"{one.id}-shown"), one.crop, "", longest=MAX_SIDE)
            return CaptionInput(one.known, self._cutter.submit(cut).result())
        finally:
            whole.unlink(missing_ok=True)

    def _ask(self, question: TextRequest) -> Reply:
        ctx = self._ctx
        about = budgets.CallPurpose(KIND, influencer_id=self._influencer_id, job_id=ctx.job_id, attempt_id=ctx.attempt_id)
        return budgets.complete(ctx.app, SystemCaller(ctx.tenant_id, ctx.user_id), question, purpose=about, check=self._check)

    def _check(self) -> None:
        if self._leaving:
            self._ctx.check()
            raise ShuttingDown("The captioning has stopped.")

    def _keep(self, one: Target, said: PictureCaption) -> None:
        composed = caption_outcomes.judged(said, self._rules)
        write: Callable[[Session], dict[str, Any]] = partial(
            caption_outcomes.keep, run_id=self._run_id, image_id=one.id, version=one.version, said=said, composed=composed,
            job_id=self._ctx.job_id, preview=self._preview,
        )  # fmt: skip
        result = self._ctx.step(one.id, lambda: write) or {}
        self._done += 1
        cost = f" (${said.cost_usd:.6f})" if said.cost_usd else ""
        self._ctx.log(f"{one.filename}: {result.get('outcome')}{cost} {composed.caption or composed.refusal}"[:300])
        for path in self._ctx.workdir.glob(f"{one.id}-shown*"):
            path.unlink()
        if self._done % _REFRESH_EVERY == 0:
            self._refresh()
        self._ctx.progress(self._done, self._total, "captioning")

    def _refresh(self) -> None:
        if not self._preview:
            with self._ctx.transaction() as tx:
                locked(tx, self._dataset_id)
                refresh_status(tx, self._dataset_id)

    def _finish(self) -> dict[str, Any]:
        self._refresh()
        with self._ctx.transaction() as tx:
            result = caption_outcomes.summary(tx, self._run_id)
            if not self._preview:
                events.record(tx, "dataset.captioned", "dataset", self._dataset_id, result)
        return result


def rules_of(tx: Session, order: CaptionOrder) -> tuple[CaptionRules, str | None]:
    """What captions of this dataset must be, and whose they are. Raises NotFound."""
    row = tx.get(Dataset, order.dataset_id)
    if row is None or row.deleted_at is not None:
        raise NotFound("The dataset was deleted meanwhile: there is nothing to caption any more.")
    fixed: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    if row.influencer_id:
        who = influencers.get(tx, row.influencer_id)
        fixed, names = caption_rules.fixed_phrases(who.look_prompt), (who.name, who.name.split()[0])
    rules = CaptionRules(row.trigger_word, order.form, order.prefix, order.suffix, order.drop, fixed, names)
    return rules, row.influencer_id


def _target(row: DatasetImage, key: str, framing: str) -> Target:
    crop = None if row.crop_x is None else (row.crop_x, row.crop_y or 0, row.crop_w or 0, row.crop_h or 0)
    width, height = (crop[2], crop[3]) if crop else (row.width, row.height)
    known = PictureFacts(framing, width, height, None if crop else row.brightness, "" if crop else row.colours)
    return Target(row.id, row.caption_version, row.filename, key, crop, known)


def _chunks(targets: Sequence[Target], size: int) -> Iterator[list[Target]]:
    source = iter(targets)
    while chunk := list(islice(source, size)):
        yield chunk

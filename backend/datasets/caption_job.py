"""The captioning job. Each picture is sent once; its caption and its cost are committed in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from backend import budgets, events, influencers
from backend.budgets import OverBudget
from backend.datasets import caption_rules, caption_runs, checks
from backend.datasets.caption_cards import PREVIEW_PICTURES, CaptionOrder, CaptionPayload
from backend.datasets.caption_rules import CaptionRules
from backend.datasets.captioning import KIND, captioning_work, find_captioner, order_conditions, replaceable
from backend.datasets.service import lock_dataset, refresh_status
from backend.db.tables import Asset, CaptionRun, Dataset, DatasetImage
from backend.db.transactions import SystemCaller
from backend.engines.ports.caption import MAX_SIDE, CaptionInput, CaptionRequest, PictureCaption, PictureFacts
from backend.engines.ports.text import Reply, TextRequest
from backend.errors import Cancelled, Invalid, NotFound, ShuttingDown
from backend.jobs.context import JobContext, no_work
from backend.language import joined, tr_lazy, tr_lazy_plural
from backend.media.images.picture_cut import Cutter, PictureCut

_GRACE_S = 3.0
"""How long a cancelled run waits for requests in flight: they are paid for, and their answers serve the next attempt."""
_OUTCOMES = {
    "written": tr_lazy("written"),
    "shown": tr_lazy("preview"),
    "kept": tr_lazy("kept"),
    "refused": tr_lazy("refused"),
    "removed": tr_lazy("removed meanwhile"),
}
"""In the log."""
_REFRESH_EVERY = 16  # pictures between two updates of the dataset's status


@dataclass(frozen=True, slots=True)
class CaptionTarget:
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
                raise NotFound(tr_lazy("What should be captioned is gone. Start it again from the dataset."))
            self._order, self._preview = CaptionOrder(**run.rules), run.preview
            self._captioner = find_captioner(ctx.app.engines.captioners, run.captioner)
            self._rules, self._influencer_id = caption_rules_for(tx, self._order)
        self._stopping = False
        self._cutter: Cutter | None = None

    def run(self) -> dict[str, Any]:
        ctx = self._ctx
        selection = ctx.write_step("choose", no_work, self._choose) or {}
        targets = self._targets(selection["ids"])
        self._total = len(selection["ids"])
        self._done = self._total - len(targets)
        ctx.start_timing(captioning_work(self._captioner, len(targets)))
        ctx.progress(self._done, self._total, tr_lazy("captioning"))
        self._expire_lost_answers()
        try:
            with ExitStack() as stack:
                if self._captioner.needs_pixels:
                    self._cutter = stack.enter_context(Cutter(processes=min(2, self._captioner.at_once)))
                for target, answer in self._run_captioner(targets):
                    self._save_answer(target, answer)
        except OverBudget as error:
            self._refresh()
            progress_text = tr_lazy(
                "{done:,} of {total:,} pictures are done and stay so; try again then to go on with the rest.",
                done=self._done,
                total=self._total,
            )
            raise OverBudget(joined(error.message, progress_text), **error.data) from error
        except Cancelled:
            self._refresh()
            raise
        return self._finish()

    def _choose(self, tx: Session, _: None) -> dict[str, Any]:
        """Runs as a step, so that a later attempt works on the same pictures."""
        lock_dataset(tx, self._dataset_id)
        where = order_conditions(self._order)
        rows = tx.execute(select(DatasetImage.id, replaceable(self._order)).where(*where).order_by(DatasetImage.id)).all()
        ids = [image_id for image_id, may_replace in rows if may_replace]
        ids, kept_count = (ids[:PREVIEW_PICTURES], 0) if self._preview else (ids, len(rows) - len(ids))
        tx.execute(update(CaptionRun).where(CaptionRun.id == self._run_id).values(total=len(ids), kept=kept_count))
        return {"ids": ids}

    def _expire_lost_answers(self) -> None:
        """Settles the calls of an attempt that died: their answers are lost, so these pictures are sent and paid once more."""
        ctx = self._ctx
        with ctx.transaction() as tx:
            lost_calls, usd = budgets.expire(tx, job_id=ctx.job_id, attempt_id=ctx.attempt_id)
        if lost_calls:
            message = tr_lazy_plural(
                "{n} answer was under way when the worker stopped, and did not come back. Up to ${usd:.4f} of it may be paid "
                "twice: the costs show it as an estimate.",
                "{n} answers were under way when the worker stopped, and did not come back. Up to ${usd:.4f} of it may be paid "
                "twice: the costs show it as an estimate.",
                lost_calls,
                usd=usd,
            )
            ctx.log(message, level="warning")

    def _targets(self, ids: Sequence[str]) -> list[CaptionTarget]:
        """The pictures that have no result yet and still exist."""
        with self._ctx.transaction() as tx:
            limits = checks.check_limits(tx, self._dataset_id)
            finished_ids = caption_runs.finished_image_ids(tx, self._run_id)
            remaining_ids = [image_id for image_id in ids if image_id not in finished_ids]
            query = select(DatasetImage, Asset.key, checks.framing_column(limits)).join(
                Asset, Asset.id == DatasetImage.asset_id
            )
            rows = tx.execute(query.where(DatasetImage.id.in_(remaining_ids)).order_by(DatasetImage.id)).all()
            return [_target(row, key, framing) for row, key, framing in rows]

    def _run_captioner(self, targets: Sequence[CaptionTarget]) -> Iterator[tuple[CaptionTarget, PictureCaption]]:
        """Answers in the order they arrive, from a few parallel requests. After a failure those in flight are still yielded
        (they are paid for), then the first error is raised."""
        chunks = _chunks(targets, self._captioner.batch)
        pool = ThreadPoolExecutor(self._captioner.at_once, thread_name_prefix="caption")
        running: dict[Future[list[PictureCaption]], list[CaptionTarget]] = {}
        first_error: BaseException | None = None
        try:
            while True:
                while first_error is None and len(running) < self._captioner.at_once and (chunk := next(chunks, None)):
                    running[pool.submit(self._caption_chunk, chunk)] = chunk
                if not running:
                    break
                finished, _ = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)
                self._ctx.check()
                for future in finished:
                    chunk = running.pop(future)
                    if error := future.exception():
                        first_error = first_error or error
                    else:
                        yield from zip(chunk, future.result(), strict=True)
            if first_error:
                raise first_error
        except (Cancelled, ShuttingDown):
            wait(running, timeout=_GRACE_S)
            raise
        finally:
            self._stopping = True
            pool.shutdown(wait=False, cancel_futures=True)  # a hanging request settles its own cost and caches its answer

    def _caption_chunk(self, chunk: Sequence[CaptionTarget]) -> list[PictureCaption]:
        """Runs in a thread. One answer for each picture of the chunk, in order."""
        answers: dict[int, PictureCaption] = {}
        pictures: dict[int, CaptionInput] = {}
        for n, target in enumerate(chunk):
            try:
                pictures[n] = self._prepare_picture(target)
            except (Invalid, NotFound) as error:
                answers[n] = PictureCaption(n, refused=error.message)
        request = CaptionRequest(tuple(pictures.values()), self._order.form, self._rules.fixed, self._order.look)
        positions = list(pictures)
        events_of_run = self._captioner.run(request, self._ask)
        try:
            for event in events_of_run if pictures else ():
                self._check()
                if isinstance(event, PictureCaption):
                    answers[positions[event.n]] = event
        finally:
            events_of_run.close()
        no_answer = tr_lazy("There was no answer for this picture. Try it again.")
        return [answers.get(n) or PictureCaption(n, refused=no_answer) for n in range(len(chunk))]

    def _prepare_picture(self, target: CaptionTarget) -> CaptionInput:
        if self._cutter is None:
            return CaptionInput(target.known)
        original = self._ctx.workdir / f"{target.id}{PurePosixPath(target.key).suffix}"
        self._ctx.app.storage.get_file(target.key, original)
        try:
            cut = PictureCut(str(original), str(self._ctx.workdir / f"{target.id}-shown"), target.crop, "", longest=MAX_SIDE)
            return CaptionInput(target.known, self._cutter.submit(cut).result())
        finally:
            original.unlink(missing_ok=True)

    def _ask(self, question: TextRequest) -> Reply:
        ctx = self._ctx
        about = budgets.CallPurpose(KIND, influencer_id=self._influencer_id, job_id=ctx.job_id, attempt_id=ctx.attempt_id)
        return budgets.complete(ctx.app, SystemCaller(ctx.tenant_id, ctx.user_id), question, purpose=about, check=self._check)

    def _check(self) -> None:
        if self._stopping:
            self._ctx.check()
            raise ShuttingDown(tr_lazy("The captioning has stopped."))

    def _save_answer(self, target: CaptionTarget, answer: PictureCaption) -> None:
        composed = caption_runs.compose_answer(answer, self._rules)

        def write(tx: Session, _: None) -> dict[str, Any]:
            return caption_runs.save_outcome(
                tx,
                run_id=self._run_id,
                image_id=target.id,
                version=target.version,
                answer=answer,
                composed=composed,
                job_id=self._ctx.job_id,
                preview=self._preview,
            )

        result = self._ctx.write_step(target.id, no_work, write) or {}
        self._done += 1
        outcome = _OUTCOMES.get(str(result.get("outcome")), "")
        cost = tr_lazy("(${usd:.6f})", usd=answer.cost_usd) if answer.cost_usd else ""
        text = composed.caption[:300] or composed.refusal
        self._ctx.log(joined(target.filename, joined(outcome, cost, text), separator=": "))
        for path in self._ctx.workdir.glob(f"{target.id}-shown*"):
            path.unlink()
        if self._done % _REFRESH_EVERY == 0:
            self._refresh()
        self._ctx.progress(self._done, self._total, tr_lazy("captioning"))

    def _refresh(self) -> None:
        if not self._preview:
            with self._ctx.transaction() as tx:
                lock_dataset(tx, self._dataset_id)
                refresh_status(tx, self._dataset_id)

    def _finish(self) -> dict[str, Any]:
        self._refresh()
        with self._ctx.transaction() as tx:
            result = caption_runs.summary(tx, self._run_id)
            if not self._preview:
                events.record(tx, "dataset.captioned", "dataset", self._dataset_id, result)
        return result


def caption_rules_for(tx: Session, order: CaptionOrder) -> tuple[CaptionRules, str | None]:
    """(rules for captions of this dataset, id of its influencer or None). Raises NotFound."""
    row = tx.get(Dataset, order.dataset_id)
    if row is None or row.deleted_at is not None:
        raise NotFound(tr_lazy("The dataset was deleted meanwhile: there is nothing to caption any more."))
    fixed: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    if row.influencer_id:
        influencer = influencers.get(tx, row.influencer_id)
        fixed, names = caption_rules.fixed_phrases(influencer.look_prompt), (influencer.name, influencer.name.split()[0])
    rules = CaptionRules(row.trigger_word, order.form, order.prefix, order.suffix, order.drop, fixed, names)
    return rules, row.influencer_id


def _target(row: DatasetImage, key: str, framing: str) -> CaptionTarget:
    crop = None if row.crop_x is None else (row.crop_x, row.crop_y or 0, row.crop_w or 0, row.crop_h or 0)
    width, height = (crop[2], crop[3]) if crop else (row.width, row.height)
    facts = PictureFacts(framing, width, height, None if crop else row.brightness, "" if crop else row.colours)
    return CaptionTarget(row.id, row.caption_version, row.filename, key, crop, facts)


def _chunks(targets: Sequence[CaptionTarget], size: int) -> Iterator[list[CaptionTarget]]:
    source = iter(targets)
    while chunk := list(islice(source, size)):
        yield chunk

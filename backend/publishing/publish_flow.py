"""One post through the phases of its platform (prepare, finalise, reconcile) until something is decided.

The process may die at any line: everything needed to continue is committed before the next call to the platform.
"""

from __future__ import annotations

import random
import time
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from backend import channels
from backend.content_plans.ownership import MISSED_AFTER
from backend.db.tables import Post, PostState
from backend.engines.ports.events import Handle, Log, Progress
from backend.errors import Invalid, NotFound, RateLimited
from backend.jobs import JobContext
from backend.language import joined, tr_lazy
from backend.platforms.errors import (
    Forbidden,
    InvalidPost,
    OutcomeUnknown,
    PlatformError,
    PrepareAgain,
    RateLimitedByPlatform,
    TokenRefused,
)
from backend.platforms.port import AccountAccess, PlatformAdapter, PostRequest, PublishAccepted, Published, Quota
from backend.publishing import attempts, decisions, media
from backend.publishing.attempts import PublishAttempt
from backend.publishing.decisions import Decision

DEFAULT_WAIT_S = 3600.0
"""Where the quota was used up by posts that are not ours: look again after an hour."""
MAX_SLEEP_S = 5.0
"""Shorter waits sleep in the thread, longer ones end the job's attempt and free the thread."""
MAX_SLEEP_TOTAL_S = 60.0
"""How long an attempt sleeps altogether."""
READY_WITHIN_S = 3600.0
"""How long the platform may process what was prepared before it is prepared again."""
MAX_TOKEN_RENEWALS = 2
"""Renewals of a refused token in one run: if the new token is refused too, the channel must be connected again."""
TOO_LATE = tr_lazy("It was not sent in the 48 hours after its time. Choose a new one, or say that you posted it.")


def quota_used_up(ctx: JobContext, label: str, channel_id: str, quota: Quota) -> RateLimitedByPlatform:
    """The error to raise; its `retry_after` is until our oldest post leaves the platform's rolling window."""
    with ctx.transaction() as tx:
        now: datetime = tx.scalars(select(func.clock_timestamp())).one()
        published = select(func.min(Post.published_at)).where(Post.channel_id == channel_id, Post.state == PostState.PUBLISHED)
        oldest = tx.scalar(
            published.where(Post.published_at > now - func.make_interval(0, 0, 0, 0, 0, 0, float(quota.window_s)))
        )
    wait_s = quota.window_s - (now - oldest).total_seconds() + 60 if oldest else DEFAULT_WAIT_S
    message = tr_lazy(
        "The account has posted {used} of {total} times that {platform} allows it now.",
        used=quota.used,
        total=quota.total or 0,
        platform=label,
    )
    return RateLimitedByPlatform(message, retry_after=max(60.0, wait_s), what="quota")


class PostHeld(Exception):
    """A stop switch is on, before anything irreversible happened. `scope`: which one."""

    def __init__(self, scope: str) -> None:
        super().__init__(scope)
        self.scope = scope


class PublishFlow:
    """Publishes one post. `hold`: a post that turns out not to be published is put on hold instead of being sent again."""

    def __init__(self, ctx: JobContext, platform: PlatformAdapter, attempt: PublishAttempt, *, hold: bool = False) -> None:
        self._ctx, self._platform, self._attempt, self._hold = ctx, platform, attempt, hold
        self._access: AccountAccess | None = None
        self._slept_s = 0.0
        self._account_checked = not attempt.new and attempt.phase == "ready"

    def run(self) -> Published | Decision:
        """Runs until the post is published or the attempt is decided.

        Raises PostHeld, RateLimited (to be continued in another attempt of the job) and what JobContext raises.
        """
        renewals = 0
        while True:
            self._ctx.check()
            try:
                step = self._reconcile() if self._attempt.phase == "submitting" else self._send()
            except PlatformError as error:
                if isinstance(error, TokenRefused) and self._access and renewals < MAX_TOKEN_RENEWALS:
                    renewals, step = renewals + 1, self._renew_token()
                else:
                    step = self._decide(error)
            if isinstance(step, Published):
                return step
            if step is None:
                continue
            if not step.goes_on:
                return step
            self._pause(step)

    def _renew_token(self) -> Decision | None:
        assert self._access
        try:
            self._access = self._open_access(refused=self._access.token)
        except PlatformError as error:
            return self._decide(error)
        return None

    def _decide(self, error: PlatformError) -> Decision:
        if self._attempt.phase == "submitting":
            return decisions.after_failed_question(error, age_s=self._submitted_age_s())
        return decisions.after_error(error, **self._retry_arguments())

    def _send(self) -> Published | Decision | None:
        """Prepares and finalises, from the phase stored with the post. None: go on with the phase as it is now."""
        attempt, platform = self._attempt, self._platform
        if attempt.post.due_at and attempts.age_s(self._ctx, attempt.post.due_at) > MISSED_AFTER.total_seconds():
            return Decision(PostState.MISSED, TOO_LATE, "late")
        waited_s = attempts.age_s(self._ctx, attempt.began_at)
        if waited_s > READY_WITHIN_S:
            raise PrepareAgain(
                tr_lazy("It was not ready for {label} within an hour. It is prepared again.", label=platform.label)
            )
        self._ctx.progress(0, 0, tr_lazy("preparing the files"))
        try:
            post, files = media.prepared_request(self._ctx, attempt.post, waited_s=waited_s)
        except Invalid as error:
            raise InvalidPost(error.message) from error
        if not self._account_checked:
            self._ctx.progress(0, 0, tr_lazy("asking {platform} about the account", platform=platform.label))
            self._check_account(post)
        if attempt.phase != "ready" or attempt.handle is None or attempt.handle.get("of") != post.fingerprint:
            self._prepare(self._with_sources(post, files))
        assert attempt.handle is not None
        status = platform.check(attempt.handle, self._token())
        match status.state:
            case "waiting":
                self._ctx.progress(0, 0, tr_lazy("waiting until it is ready on {platform}", platform=platform.label))
                minutes = int(waited_s // 60)
                so_far = tr_lazy("It has taken {minutes} minutes so far; after an hour they are sent again.", minutes=minutes)
                message = joined(status.message, so_far) if waited_s >= 120 else status.message
                return Decision(PostState.PUBLISHING, message, delay_s=status.ask_again_s, phase="ready")
            case "failed" | "gone":
                is_gone = tr_lazy("What was prepared on {platform} is gone.", platform=platform.label)
                raise status.error or PrepareAgain(status.message or is_gone)
            case "published":  # the irreversible call was made, perhaps by an earlier attempt
                attempts.mark_submitting(self._ctx, attempt, already_made=True)
                return None
        return self._finalize(self._with_sources(post, files))

    def _with_sources(self, post: PostRequest, files: media.Files) -> PostRequest:
        try:
            return media.with_sources(self._ctx, self._platform, post, files)
        except NotFound as error:
            raise InvalidPost(error.message) from error

    def _check_account(self, post: PostRequest) -> None:
        """Reads the account, as platforms require before each post. Raises when its quota is used up or the post is invalid."""
        account = self._platform.account(self._token())
        if account.quota and account.quota.left == 0:
            raise quota_used_up(self._ctx, self._platform.label, self._attempt.post.channel_id, account.quota)
        blocking = [problem for problem in self._platform.problems(post, account) if problem.blocks]
        if blocking:
            raise InvalidPost(joined(*dict.fromkeys(problem.message for problem in blocking)), detail=blocking[0].code)
        self._account_checked = True

    def _prepare(self, post: PostRequest) -> None:
        """Uploads and prepares, without anything becoming visible. Each handle is stored as soon as the platform gives it."""
        ctx, attempt = self._ctx, self._attempt
        ctx.fault_point("preparing")
        if attempt.phase != "preparing":
            attempts.set_phase(ctx, attempt, "preparing")
        log_lines: list[str] = (
            [] if attempt.handle is None or attempt.handle.get("of") != post.fingerprint else list(_platform_log(attempt))
        )
        attempts.record_sent(ctx, attempt, **_sent_summary(post), said=log_lines)
        with closing(self._platform.prepare(post, self._token(), attempt.handle)) as events:
            for event in events:
                match event:
                    case Handle():
                        attempts.save_handle(ctx, attempt, event.value)
                        ctx.fault_point("handle")
                    case Log():
                        log_lines.append(event.line)
                        attempts.record_sent(ctx, attempt, said=log_lines)
                        ctx.log(event.line)
                    case Progress():
                        ctx.progress(event.done, event.total, event.phase)
                ctx.check()
        attempts.set_phase(ctx, attempt, "ready")
        ctx.fault_point("prepared")

    def _finalize(self, post: PostRequest) -> Published | None:
        ctx, attempt = self._ctx, self._attempt
        access = self._token()
        assert attempt.handle is not None
        if switch := attempts.mark_submitting(ctx, attempt):  # after a crash from here on the platform is only asked
            raise PostHeld(switch)
        try:
            ctx.check()
        except BaseException:
            attempts.set_phase(ctx, attempt, "ready", submitted_at=None)  # safe: the call was not made
            raise
        ctx.fault_point("submitting")
        ctx.progress(0, 0, tr_lazy("publishing"))
        try:
            result = self._platform.finalize(post, attempt.handle, access)
        except OutcomeUnknown as error:
            ctx.log(error.message)
            return None
        except PlatformError:
            attempts.set_phase(ctx, attempt, "ready", submitted_at=None)  # safe: nothing became visible
            raise
        ctx.fault_point("finalized")
        if isinstance(result, Published):
            return result
        attempts.save_handle(ctx, attempt, result.handle)
        self._pause(Decision(PostState.PUBLISHING, result.message, delay_s=result.ask_again_s, phase="submitting"))
        return None

    def _reconcile(self) -> Published | Decision | None:
        ctx, attempt = self._ctx, self._attempt
        ctx.fault_point("asking")
        ctx.progress(0, 0, tr_lazy("asking {platform} whether it is published", platform=self._platform.label))
        if attempt.handle is None:
            return decisions.after_answer(decisions.HANDLE_UNREADABLE, age_s=self._submitted_age_s(), **self._retry_arguments())
        answer = self._platform.reconcile(attempt.handle, self._token(), age_s=self._submitted_age_s())
        if isinstance(answer, Published):
            return answer
        if isinstance(answer, PublishAccepted) and answer.handle != attempt.handle:
            attempts.save_handle(ctx, attempt, answer.handle)
        decision = decisions.after_answer(answer, age_s=self._submitted_age_s(), **self._retry_arguments())
        would_send = decision.state is PostState.SCHEDULED or (decision.goes_on and decision.phase == "ready")
        if self._hold and would_send:
            raise PostHeld("person")
        if decision.goes_on and decision.phase == "ready":
            attempts.set_phase(ctx, attempt, "ready", submitted_at=None, tries=attempt.post.tries + 1)
            attempt.post = replace(attempt.post, tries=attempt.post.tries + 1)
            return None
        return decision

    def _pause(self, step: Decision) -> None:
        if step.delay_s > MAX_SLEEP_S or self._slept_s + step.delay_s > MAX_SLEEP_TOTAL_S:
            attempts.update_post(self._ctx, self._attempt, error=step.message)  # shown on the post meanwhile
            raise RateLimited(step.message, retry_after=step.delay_s)
        until = time.monotonic() + step.delay_s
        self._slept_s += step.delay_s
        while (remaining := until - time.monotonic()) > 0:
            self._ctx.check()
            time.sleep(min(remaining, 0.25))

    def _token(self) -> AccountAccess:
        if self._access is None:
            self._access = self._open_access()
        return self._access

    def _open_access(self, *, refused: str = "") -> AccountAccess:
        """Raises TokenRefused also for a channel that was switched off or removed meanwhile, so that its posts wait for it."""
        post = self._attempt.post
        try:
            return channels.access(self._ctx.app, self._ctx.transaction, post.channel_id, refused=refused)
        except (Forbidden, NotFound) as error:
            with self._ctx.transaction() as tx:
                channel = channels.get(tx, post.channel_id)
            if channel.deleted_at or channel.state != "connected":
                raise TokenRefused(error.message) from error
            raise

    def _submitted_age_s(self) -> float:
        return attempts.age_s(self._ctx, self._attempt.submitted_at)

    def _retry_arguments(self) -> dict[str, Any]:
        delays = self._ctx.app.settings.publishing.retry_delays_s
        return {"tries": self._attempt.post.tries, "delays": delays, "spread": random.uniform(-1, 1)}


def _platform_log(attempt: PublishAttempt) -> list[str]:
    return [str(line) for line in attempt.sent.get("said", [])]


def _sent_summary(post: PostRequest) -> dict[str, Any]:
    files = [
        {"kind": file.kind, "mime": file.mime, "width": file.width, "height": file.height, "size": file.size}
        for file in post.media
    ]
    return {"ai_made": post.ai_made, "format": post.format, "privacy": post.privacy, "files": files}

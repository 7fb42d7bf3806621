"""The way of one post through its platform's three phases, until something is decided. Every line may be the last one run."""

from __future__ import annotations

import random
import time
from contextlib import closing
from dataclasses import replace
from typing import Any

from backend import channels
from backend.content_plans.ownership import MISSED_AFTER
from backend.db.tables import PostState
from backend.engines.events import Handle, Log, Progress
from backend.errors import Invalid, NotFound, RateLimited
from backend.jobs import JobContext
from backend.platforms.errors import Forbidden, InvalidPost, OutcomeUnknown, PlatformError, PrepareAgain, TokenRefused
from backend.platforms.port import Accepted, Access, Platform, PostRequest, Published
from backend.publishing import attempts, decisions, media, quotas
from backend.publishing.attempts import PublishAttempt
from backend.publishing.decisions import Decision

PATIENCE_S = 5.0
"""Shorter waits keep the thread, longer ones give it back."""
SITTING_S = 60.0
"""And that is how long a job sits and waits altogether."""
READY_WITHIN_S = 3600.0
"""How long what was prepared may take to become ready before it is made anew."""
RENEWALS = 2
"""The first gets a new token; the second says that it was refused too, and the channel must be connected again."""
_SO_FAR = " It has taken {} minutes so far; after an hour they are sent anew."
TOO_LATE = "It was not sent in the 48 hours after its time. Choose a new one, or say that you posted it."


class Held(Exception):
    """A stop switch was found on before anything irreversible: `scope` names it."""

    def __init__(self, scope: str) -> None:
        super().__init__(scope)
        self.scope = scope


class PublishFlow:
    """`hold`: what turns out not to be there is held instead of being sent again."""

    def __init__(self, ctx: JobContext, platform: Platform, mine: PublishAttempt, *, hold: bool = False) -> None:
        self._ctx, self._platform, self._mine, self._hold = ctx, platform, mine, hold
        self._access: Access | None = None
        self._sat = 0.0
        self._looked = not mine.new and mine.phase == "ready"

    def go(self) -> Published | Decision:
        """Raises Held, and what JobContext raises; RateLimited: it goes on later, in another attempt."""
        renewals = 0
        while True:
            self._ctx.check()
            try:
                step = self._ask() if self._mine.phase == "submitting" else self._send()
            except PlatformError as error:
                if isinstance(error, TokenRefused) and self._access and renewals < RENEWALS:
                    renewals, step = renewals + 1, self._renewed()
                else:
                    step = self._failed(error)
            if isinstance(step, Published):
                return step
            if step is None:
                continue
            if not step.goes_on:
                return step
            self._pause(step)

    def _renewed(self) -> Decision | None:
        assert self._access
        try:
            self._access = self._opened(refused=self._access.token)
        except PlatformError as error:
            return self._failed(error)
        return None

    def _failed(self, error: PlatformError) -> Decision:
        if self._mine.phase == "submitting":
            return decisions.after_asking(error, age_s=self._age())
        return decisions.after_error(error, **self._counted())

    def _send(self) -> Published | Decision | None:
        """Phases one to three, from where the row says."""
        mine, platform = self._mine, self._platform
        if mine.post.due_at and attempts.age_s(self._ctx, mine.post.due_at) > MISSED_AFTER.total_seconds():
            return Decision(PostState.MISSED, TOO_LATE, "late")
        waited = attempts.age_s(self._ctx, mine.began_at)
        if waited > READY_WITHIN_S:
            raise PrepareAgain(f"It was not ready for {platform.label} within an hour. It is prepared again.")
        self._ctx.progress(0, 0, "preparing the files")
        try:
            post, files = media.prepared(self._ctx, mine.post, waited_s=waited)
        except Invalid as error:
            raise InvalidPost(error.message) from error
        if not self._looked:
            self._ctx.progress(0, 0, f"asking {platform.label} about the account")
            self._look(post)
        if mine.phase != "ready" or mine.handle is None or mine.handle.get("of") != post.fingerprint:
            self._prepare(self._handed(post, files))
        assert mine.handle is not None
        standing = platform.check(mine.handle, self._token())
        match standing.state:
            case "waiting":
                self._ctx.progress(0, 0, f"waiting until it is ready on {platform.label}")
                said = standing.message + (_SO_FAR.format(int(waited // 60)) if waited >= 120 else "")
                return Decision(PostState.PUBLISHING, said, delay_s=standing.ask_again_s, phase="ready")
            case "failed" | "gone":
                raise standing.error or PrepareAgain(standing.message or f"What was prepared on {platform.label} is gone.")
            case "published":  # the irreversible call has happened, whoever made it
                attempts.submitting(self._ctx, mine, made=True)
                return None
        return self._finalize(self._handed(post, files))

    def _handed(self, post: PostRequest, files: media.Files) -> PostRequest:
        try:
            return media.handed(self._ctx, self._platform, post, files)
        except NotFound as error:
            raise InvalidPost(error.message) from error

    def _look(self, post: PostRequest) -> None:
        """Reads the account, as platforms want it before each post. Raises what keeps the post from going out now."""
        account = self._platform.account(self._token())
        if account.quota and account.quota.left == 0:
            raise quotas.used_up(self._ctx, self._platform.label, self._mine.post.channel_id, account.quota)
        blocking = [one for one in self._platform.problems(post, account) if one.blocks]
        if blocking:
            raise InvalidPost(" ".join(dict.fromkeys(one.message for one in blocking)), detail=blocking[0].code)
        self._looked = True

    def _prepare(self, post: PostRequest) -> None:
        """Invisible; each handle is kept the moment it is said."""
        ctx, mine = self._ctx, self._mine
        ctx.fault_point("preparing")
        if mine.phase != "preparing":
            attempts.to_phase(ctx, mine, "preparing")
        said: list[str] = [] if mine.handle is None or mine.handle.get("of") != post.fingerprint else list(_said(mine))
        attempts.note(ctx, mine, **_sent(post), said=said)
        with closing(self._platform.prepare(post, self._token(), mine.handle)) as events:
            for event in events:
                match event:
                    case Handle():
                        attempts.keep_handle(ctx, mine, event.value)
                        ctx.fault_point("handle")
                    case Log():
                        said.append(event.line)
                        attempts.note(ctx, mine, said=said)
                        ctx.log(event.line)
                    case Progress():
                        ctx.progress(event.done, event.total, event.phase)
                ctx.check()
        attempts.to_phase(ctx, mine, "ready")
        ctx.fault_point("prepared")

    def _finalize(self, post: PostRequest) -> Published | None:
        ctx, mine = self._ctx, self._mine
        access = self._token()
        assert mine.handle is not None
        if switch := attempts.submitting(ctx, mine):  # from here on a crash is answered by asking only
            raise Held(switch)
        try:
            ctx.check()
        except BaseException:
            attempts.to_phase(ctx, mine, "ready", submitted_at=None)  # surely: the call was not made
            raise
        ctx.fault_point("submitting")
        ctx.progress(0, 0, "publishing")
        try:
            found = self._platform.finalize(post, mine.handle, access)
        except OutcomeUnknown as lost:
            ctx.log(lost.message)
            return None
        except PlatformError:
            attempts.to_phase(ctx, mine, "ready", submitted_at=None)  # surely: nothing became visible
            raise
        ctx.fault_point("finalized")
        if isinstance(found, Published):
            return found
        attempts.keep_handle(ctx, mine, found.handle)
        self._pause(Decision(PostState.PUBLISHING, found.message, delay_s=found.ask_again_s, phase="submitting"))
        return None

    def _ask(self) -> Published | Decision | None:
        ctx, mine = self._ctx, self._mine
        ctx.fault_point("asking")
        ctx.progress(0, 0, f"asking {self._platform.label} what became of it")
        if mine.handle is None:
            return decisions.after_answer(decisions.FORGOTTEN, age_s=self._age(), **self._counted())
        found = self._platform.reconcile(mine.handle, self._token(), age_s=self._age())
        if isinstance(found, Published):
            return found
        if isinstance(found, Accepted) and found.handle != mine.handle:
            attempts.keep_handle(ctx, mine, found.handle)
        verdict = decisions.after_answer(found, age_s=self._age(), **self._counted())
        sends = verdict.state is PostState.SCHEDULED or (verdict.goes_on and verdict.phase == "ready")
        if self._hold and sends:
            raise Held("person")
        if verdict.goes_on and verdict.phase == "ready":
            attempts.to_phase(ctx, mine, "ready", submitted_at=None, tries=mine.post.tries + 1)
            mine.post = replace(mine.post, tries=mine.post.tries + 1)
            return None
        return verdict

    def _pause(self, step: Decision) -> None:
        if step.delay_s > PATIENCE_S or self._sat + step.delay_s > SITTING_S:
            attempts.write(self._ctx, self._mine, error=step.said)  # for whoever looks at the post meanwhile
            raise RateLimited(step.said, retry_after=step.delay_s)
        until = time.monotonic() + step.delay_s
        self._sat += step.delay_s
        while (left := until - time.monotonic()) > 0:
            self._ctx.check()
            time.sleep(min(left, 0.25))

    def _token(self) -> Access:
        if self._access is None:
            self._access = self._opened()
        return self._access

    def _opened(self, *, refused: str = "") -> Access:
        """Raises TokenRefused also for a channel that was switched off or removed meanwhile: its posts wait for it."""
        post = self._mine.post
        try:
            return channels.access(self._ctx.app, self._ctx.transaction, post.channel_id, refused=refused)
        except (Forbidden, NotFound) as error:
            with self._ctx.transaction() as tx:
                there = channels.get(tx, post.channel_id)
            if there.deleted_at or there.state != "connected":
                raise TokenRefused(error.message) from error
            raise

    def _age(self) -> float:
        return attempts.age_s(self._ctx, self._mine.submitted_at)

    def _counted(self) -> dict[str, Any]:
        delays = self._ctx.app.settings.post_retry_delays_s
        return {"tries": self._mine.post.tries, "delays": delays, "spread": random.uniform(-1, 1)}


def _said(mine: PublishAttempt) -> list[str]:
    return [str(line) for line in mine.sent.get("said", [])]


def _sent(post: PostRequest) -> dict[str, Any]:
    files = [
        {"kind": one.kind, "mime": one.mime, "width": one.width, "height": one.height, "size": one.size} for one in post.media
    ]
    return {"ai_made": post.ai_made, "format": post.format, "privacy": post.privacy, "files": files}

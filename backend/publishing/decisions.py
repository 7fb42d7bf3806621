"""What becomes of a post after each answer of a platform. Pure; the one place where that is decided.

Where            | answer                   | becomes
before, finalize | Transient                | scheduled again after 1, 5, 15, 60, 180 minutes; after 6 tries failed
                 | PrepareAgain             | the same without its handle, the first time at once
                 | RateLimitedByPlatform    | scheduled again when the platform says; not counted
                 | TokenRefused             | scheduled again; its channel must be connected again first
                 | Forbidden, InvalidPost   | failed: a person has to change something
                 | OutcomeUnknown           | asked about (never sent again before the platform says that it is not there)
reconcile        | NotPublished()           | sent again: the first time at once, then as Transient
                 | NotPublished(error)      | as the error above
                 | Accepted                 | asked again, for a day; then unknown
                 | Unknown(seconds)         | asked again, for three hours; then unknown
                 | Unknown(None)            | unknown
                 | any error                | asked again, for three hours; then unknown
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from backend.db.tables import PostState
from backend.language import Message, joined, tr_lazy
from backend.platforms import port
from backend.platforms.errors import (
    Forbidden,
    InvalidPost,
    OutcomeUnknown,
    PlatformError,
    PrepareAgain,
    RateLimitedByPlatform,
    TokenRefused,
)
from backend.platforms.port import NotPublished, PublishAccepted, Unknown

MAX_ASKING_S = 3 * 3600.0
"""How long a platform is asked what became of a post before a person has to look at the account."""
MAX_PROCESSING_S = 24 * 3600.0
"""How long a platform may process a post that it has accepted."""
DEFAULT_ASK_S = 60.0
MAX_WAIT_S = 25 * 3600.0
LOOK_AT_ACCOUNT = tr_lazy("Check the account, then say whether it is there.")
HANDLE_UNREADABLE = Unknown(
    tr_lazy("What was sent cannot be read with today's SECRET_KEYS, so the platform cannot be asked about it.")
)
Phase = Literal["", "ready", "submitting"]


@dataclass(frozen=True, slots=True)
class Decision:
    """`state` PUBLISHING: the attempt continues after `delay_s` in `phase` (`submitting` asks, `ready` sends). Any other
    state: how the attempt ends.

    `delay_s` with SCHEDULED: not before that many seconds. `counted`: it uses up one of the tries. `forget`: the handle is of
    no use any more.
    """

    state: PostState
    message: str = ""
    code: str = ""
    detail: str = ""
    delay_s: float = 0.0
    counted: bool = False
    forget: bool = False
    phase: Phase = ""

    @property
    def goes_on(self) -> bool:
        return self.state is PostState.PUBLISHING


def after_error(error: PlatformError, *, tries: int, delays: Sequence[float], spread: float = 0.0) -> Decision:
    """After an error while nothing is visible on the platform: before `finalize`, or where the error says so. Not for
    OutcomeUnknown.

    `tries`: those counted before this one. `delays`: seconds before the second, third … try. `spread`: -1 to 1, jitter of up
    to a tenth of the delay, so that posts that failed together are not retried together.
    """
    assert not isinstance(error, OutcomeUnknown)
    decision = Decision(PostState.SCHEDULED, error.message, error.code, _detail(error), phase="ready")
    match error:
        case InvalidPost() | Forbidden():
            return replace(decision, state=PostState.FAILED, counted=True, forget=True, phase="")
        case TokenRefused():
            return replace(decision, delay_s=DEFAULT_ASK_S)
        case RateLimitedByPlatform():
            return replace(decision, delay_s=min(MAX_WAIT_S, max(1.0, error.retry_after)))
    prepare_again = isinstance(error, PrepareAgain)
    decision = replace(decision, counted=True, forget=prepare_again, phase="" if prepare_again else "ready")
    return try_again(decision, tries=tries, delays=delays, spread=spread, at_once=prepare_again)


def try_again(
    decision: Decision, *, tries: int, delays: Sequence[float], spread: float = 0.0, at_once: bool = False
) -> Decision:
    """Uses up a try: scheduled again, or failed after the last one. `at_once`: the second try need not wait."""
    if tries >= len(delays):
        message = joined(decision.message, tr_lazy("It was tried {times} times.", times=tries + 1))
        return replace(decision, state=PostState.FAILED, message=message, delay_s=0.0, counted=True, forget=True, phase="")
    delay_s = 0.0 if at_once and tries == 0 else delays[tries] * (1 + 0.1 * max(-1.0, min(1.0, spread)))
    return replace(decision, state=PostState.SCHEDULED, delay_s=delay_s, counted=True)


def after_answer(
    answer: PublishAccepted | NotPublished | Unknown, *, tries: int, age_s: float, delays: Sequence[float], spread: float = 0.0
) -> Decision:
    """After an answer of `reconcile`, `age_s` seconds after the irreversible call was about to be made."""
    match answer:
        case PublishAccepted():
            return _ask_later(answer.message, "platform_working", answer.ask_again_s, age_s, MAX_PROCESSING_S)
        case Unknown(ask_again_s=None):
            return Decision(PostState.UNKNOWN, _with_look_at_account(answer.message), "platform_unknown")
        case Unknown():
            return _ask_later(answer.message, "platform_unknown", answer.ask_again_s or DEFAULT_ASK_S, age_s, MAX_ASKING_S)
        case NotPublished(error=None):
            if tries == 0:
                return Decision(PostState.PUBLISHING, answer.message, counted=True, phase="ready")
            decision = Decision(PostState.SCHEDULED, answer.message, "platform_not_there", phase="ready")
            return try_again(decision, tries=tries, delays=delays, spread=spread)
    assert answer.error is not None
    if isinstance(answer.error, OutcomeUnknown):
        return Decision(PostState.UNKNOWN, _with_look_at_account(answer.message), answer.error.code, _detail(answer.error))
    decision = after_error(answer.error, tries=tries, delays=delays, spread=spread)
    return replace(decision, forget=True, phase="")  # by the port's contract the handle is of no use after such an answer


def after_remote_id_taken(label: str, remote_id: str) -> Decision:
    """The platform says it is published, under an id that another post of the channel has: one of them must be wrong."""
    message = tr_lazy(
        "{platform} answered with the id {remote_id}, which another post of this channel has already.",
        platform=label,
        remote_id=remote_id,
    )
    return Decision(PostState.UNKNOWN, _with_look_at_account(message), "platform_id_taken")


def after_failed_question(error: PlatformError, *, age_s: float) -> Decision:
    """The question itself failed, so nothing is known: nothing is sent, the platform is asked again."""
    delay_s = error.retry_after if isinstance(error, RateLimitedByPlatform) else DEFAULT_ASK_S
    return _ask_later(error.message, error.code, delay_s, age_s, MAX_ASKING_S, detail=_detail(error))


def _ask_later(message: str, code: str, delay_s: float, age_s: float, max_age_s: float, *, detail: str = "") -> Decision:
    if age_s >= max_age_s:
        so_long = tr_lazy("It stayed that way for {hours:g} hours.", hours=max_age_s / 3600)
        return Decision(PostState.UNKNOWN, _with_look_at_account(joined(message, so_long)), code, detail)
    # asked less often the longer it takes, but always once more right before giving up
    delay_s = min(max(delay_s, 0.05, age_s / 20), max_age_s / 4, max_age_s - age_s + 0.05)
    return Decision(PostState.PUBLISHING, message, code, detail, delay_s=delay_s, phase="submitting")


def _with_look_at_account(message: str) -> str:
    parts = message.parts if isinstance(message, Message) and message.parts else (message,)
    return joined(*(part for part in parts if part not in (port.LOOK_AT_ACCOUNT, port.LOOK_AT_CHANNEL)), LOOK_AT_ACCOUNT)


def _detail(error: PlatformError) -> str:
    data = {
        name: value for name, value in error.data.items() if name in ("platform_code", "platform_subcode", "trace", "detail")
    }
    return " ".join(f"{name}={value}" for name, value in data.items())[:500]

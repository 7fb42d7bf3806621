"""What becomes of a post after whatever a platform said: pure, the one place where that is decided.

Where            | said                     | becomes
before, finalize | TryAgain                 | scheduled again after 1, 5, 15, 60, 180 minutes; after 6 tries failed
                 | MakeAnew                 | the same without its handle, the first time at once
                 | Wait                     | scheduled again when the platform says; not counted
                 | TokenRefused             | scheduled again; its channel must be connected again first
                 | NotAllowed, InvalidPost  | failed: a person has to change something
                 | OutcomeUnknown           | asked about (never sent again before the platform says that it is not there)
reconcile        | NotThere()               | sent again: the first time at once, then as TryAgain
                 | NotThere(error)          | as the error above
                 | Accepted                 | asked again, for a day; then unknown
                 | CannotTell(seconds)      | asked again, for three hours; then unknown
                 | CannotTell(None)         | unknown
                 | any error                | asked again, for three hours; then unknown
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from backend.db.tables import PostState
from backend.platforms.errors import (
    Forbidden,
    InvalidPost,
    OutcomeUnknown,
    PlatformError,
    PrepareAgain,
    RateLimitedByPlatform,
    TokenRefused,
)
from backend.platforms.port import Accepted, NotPublished, Unknown

ASK_FOR_S = 3 * 3600.0
"""How long a platform is asked what became of a post before a person has to look."""
WORKS_FOR_S = 24 * 3600.0
"""How long it may work on a post that it has."""
OUTAGE_ASK_S = 60.0
MOST_WAIT_S = 25 * 3600.0
LOOK = "Look at the account, then say whether it is there."
FORGOTTEN = Unknown("What was sent cannot be read with today's SECRET_KEYS, so the platform cannot be asked about it.")
Phase = Literal["", "ready", "submitting"]


@dataclass(frozen=True, slots=True)
class Decision:
    """`state` PUBLISHING: it goes on, after `delay_s`, in `phase`: `submitting` asks, `ready` sends. Else how the try ends.

    `delay_s` with SCHEDULED: not before. `counted`: one of the tries is used up. `forget`: the handle is worthless.
    """

    state: PostState
    said: str = ""
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
    """Nothing became visible: before `finalize`, or it said so itself. Not for OutcomeUnknown.

    `tries`: counted before this one. `delays`: seconds before the second, third … try. `spread`: -1 to 1, up to a tenth more
    or less, so that posts that failed together are not tried together.
    """
    assert not isinstance(error, OutcomeUnknown)
    told = Decision(PostState.SCHEDULED, error.message, error.code, _detail(error), phase="ready")
    match error:
        case InvalidPost() | Forbidden():
            return replace(told, state=PostState.FAILED, counted=True, forget=True, phase="")
        case TokenRefused():
            return replace(told, delay_s=OUTAGE_ASK_S)
        case RateLimitedByPlatform():
            return replace(told, delay_s=min(MOST_WAIT_S, max(1.0, error.retry_after)))
    anew = isinstance(error, PrepareAgain)
    told = replace(told, counted=True, forget=anew, phase="" if anew else "ready")
    return again(told, tries=tries, delays=delays, spread=spread, at_once=anew)


def again(told: Decision, *, tries: int, delays: Sequence[float], spread: float = 0.0, at_once: bool = False) -> Decision:
    """A counted try: scheduled once more, or failed when that was the last. `at_once`: the second try need not wait."""
    if tries >= len(delays):
        said = f"{told.said} It was tried {tries + 1} times."
        return replace(told, state=PostState.FAILED, said=said, delay_s=0.0, counted=True, forget=True, phase="")
    wait = 0.0 if at_once and tries == 0 else delays[tries] * (1 + 0.1 * max(-1.0, min(1.0, spread)))
    return replace(told, state=PostState.SCHEDULED, delay_s=wait, counted=True)


def after_answer(
    answer: Accepted | NotPublished | Unknown, *, tries: int, age_s: float, delays: Sequence[float], spread: float = 0.0
) -> Decision:
    """What `reconcile` said `age_s` seconds after the irreversible call was about to be made."""
    match answer:
        case Accepted():
            return _asked(answer.message, "platform_working", answer.ask_again_s, age_s, WORKS_FOR_S)
        case Unknown(ask_again_s=None):
            return Decision(PostState.UNKNOWN, _look(answer.message), "platform_unknown")
        case Unknown():
            return _asked(answer.message, "platform_unknown", answer.ask_again_s or OUTAGE_ASK_S, age_s, ASK_FOR_S)
        case NotPublished(error=None):
            if tries == 0:
                return Decision(PostState.PUBLISHING, answer.message, counted=True, phase="ready")
            told = Decision(PostState.SCHEDULED, answer.message, "platform_not_there", phase="ready")
            return again(told, tries=tries, delays=delays, spread=spread)
    assert answer.error is not None
    if isinstance(answer.error, OutcomeUnknown):
        return Decision(PostState.UNKNOWN, _look(answer.message), answer.error.code, _detail(answer.error))
    made = after_error(answer.error, tries=tries, delays=delays, spread=spread)
    return replace(made, forget=True, phase="")  # the port: the handle is worthless


def after_taken_id(label: str, remote_id: str) -> Decision:
    """It says that it is there, under the id of another post of the channel: that cannot be both."""
    said = f"{label} answered with the id {remote_id}, which another post of this channel has already."
    return Decision(PostState.UNKNOWN, _look(said), "platform_id_taken")


def after_asking(error: PlatformError, *, age_s: float) -> Decision:
    """The question itself failed, so it is as unknown as before: nothing is sent, it is asked again."""
    wait = error.retry_after if isinstance(error, RateLimitedByPlatform) else OUTAGE_ASK_S
    return _asked(error.message, error.code, wait, age_s, ASK_FOR_S, detail=_detail(error))


def _asked(message: str, code: str, wait: float, age_s: float, bound_s: float, *, detail: str = "") -> Decision:
    if age_s >= bound_s:
        hours = f"{bound_s / 3600:g} hours"
        return Decision(PostState.UNKNOWN, _look(f"{message} That was so for {hours}."), code, detail)
    # the longer it takes the less often it is asked, and always once more before it is given up
    wait = min(max(wait, 0.05, age_s / 20), bound_s / 4, bound_s - age_s + 0.05)
    return Decision(PostState.PUBLISHING, message, code, detail, delay_s=wait, phase="submitting")


def _look(message: str) -> str:
    said = message.strip().removesuffix("Look at the account.").removesuffix("Look at the channel.").strip()
    return f"{said} {LOOK}"


def _detail(error: PlatformError) -> str:
    data = {
        name: value for name, value in error.data.items() if name in ("platform_code", "platform_subcode", "trace", "detail")
    }
    return " ".join(f"{name}={value}" for name, value in data.items())[:500]

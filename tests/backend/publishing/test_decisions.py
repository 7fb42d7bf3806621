"""What becomes of a post, by whatever a platform can say: always an end, and nothing is sent twice without a no."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.db.tables import POST_MOVES, PostState
from backend.language import joined
from backend.platforms.errors import (
    Forbidden,
    InvalidPost,
    OutcomeUnknown,
    PlatformError,
    PrepareAgain,
    RateLimitedByPlatform,
    TokenRefused,
    Transient,
)
from backend.platforms.port import LOOK_AT_ACCOUNT, NotPublished, PublishAccepted, Unknown
from backend.publishing import decisions
from backend.publishing.decisions import Decision

S = PostState
DELAYS = (60.0, 300.0, 900.0, 3600.0, 10800.0)
PLAIN = (Transient, PrepareAgain, TokenRefused, Forbidden, InvalidPost)
seconds = st.floats(0, 10**6)
tries = st.integers(0, 12)
spread = st.floats(-1, 1)
errors: st.SearchStrategy[PlatformError] = st.one_of(
    st.sampled_from(PLAIN).map(lambda kind: kind("It says why.", detail="x" * 2000, platform_code=4)),
    seconds.map(lambda after: RateLimitedByPlatform("Not now.", retry_after=after, what="quota")),
)
all_errors = st.one_of(errors, st.just(OutcomeUnknown("Its answer was lost.")))
answers: st.SearchStrategy[Any] = st.one_of(
    st.builds(PublishAccepted, st.just({}), st.just("It works on it."), ask_again_s=seconds),
    st.builds(NotPublished, st.just("It is not there."), error=st.one_of(st.none(), all_errors)),
    st.builds(Unknown, st.just("Nobody knows."), ask_again_s=st.one_of(st.none(), seconds)),
)


def _sound(decision: Decision) -> None:
    """What holds of each: a move that posts know, a sentence when a person reads it, a time in reach."""
    assert decision.state is S.PUBLISHING or decision.state in POST_MOVES[S.PUBLISHING]
    assert decision.state is not S.PUBLISHED, "only the platform's own Published says that"
    assert decision.message.strip()
    assert 0 <= decision.delay_s <= decisions.MAX_WAIT_S
    assert len(decision.detail) <= 500
    if decision.state in (S.FAILED, S.UNKNOWN):
        assert decision.delay_s == 0
    if decision.state is S.SCHEDULED:
        assert not (decision.forget and decision.phase), "a handle that is forgotten is not ready"


@given(errors, tries, spread)
def test_an_error_before_the_call_ends_the_try_with_nothing_out(error: PlatformError, tries: int, spread: float) -> None:
    decision = decisions.after_error(error, tries=tries, delays=DELAYS, spread=spread)
    _sound(decision)
    assert decision.state in (S.SCHEDULED, S.FAILED)
    if isinstance(error, (InvalidPost, Forbidden)):
        assert decision.state is S.FAILED
    if isinstance(error, (RateLimitedByPlatform, TokenRefused)):
        assert (decision.state, decision.counted, decision.forget) == (S.SCHEDULED, False, False)
    if isinstance(error, (Transient, PrepareAgain)):
        assert decision.counted
        assert (decision.state is S.FAILED) == (tries >= len(DELAYS))
        if decision.state is S.SCHEDULED:
            assert decision.forget == isinstance(error, PrepareAgain)
            at_once = isinstance(error, PrepareAgain) and tries == 0
            assert decision.delay_s == 0 if at_once else abs(decision.delay_s / DELAYS[tries] - 1) <= 0.1 + 1e-9


@given(answers, tries, seconds, spread)
def test_after_the_call_only_a_no_of_the_platform_sends_again(answer: Any, tries: int, age_s: float, spread: float) -> None:
    decision = decisions.after_answer(answer, tries=tries, age_s=age_s, delays=DELAYS, spread=spread)
    _sound(decision)
    sends = decision.state is S.SCHEDULED or (decision.goes_on and decision.phase == "ready")
    if sends:
        assert isinstance(answer, NotPublished)
        assert not isinstance(answer.error, OutcomeUnknown)
    if isinstance(answer, NotPublished) and answer.error and not isinstance(answer.error, OutcomeUnknown):
        assert decision.forget, "a handle that the platform calls worthless is never used again"
    if isinstance(answer, Unknown) and answer.ask_again_s is None:
        assert decision.state is S.UNKNOWN
    if decision.goes_on and decision.phase == "submitting":
        bound = decisions.MAX_PROCESSING_S if isinstance(answer, PublishAccepted) else decisions.MAX_ASKING_S
        assert decision.delay_s > 0, "never asked in a circle"
        assert age_s + decision.delay_s <= bound + 1, "asked once more at the bound, not long after it"
    if age_s >= decisions.MAX_PROCESSING_S:
        assert not (decision.goes_on and decision.phase == "submitting"), "nothing stays in publishing for good"


@given(all_errors, seconds)
def test_a_question_that_fails_says_nothing_about_the_post(error: PlatformError, age_s: float) -> None:
    decision = decisions.after_failed_question(error, age_s=age_s)
    _sound(decision)
    assert decision.state in (S.PUBLISHING, S.UNKNOWN)
    assert (decision.state is S.UNKNOWN) == (age_s >= decisions.MAX_ASKING_S)
    assert (decision.phase == "submitting") == decision.goes_on


@given(st.lists(st.one_of(st.just(Transient("a")), st.just(PrepareAgain("b"))), min_size=6, max_size=6))
def test_six_counted_tries_are_the_end(errors: list[PlatformError]) -> None:
    states = [decisions.after_error(error, tries=n, delays=DELAYS).state for n, error in enumerate(errors)]
    assert states == [S.SCHEDULED] * 5 + [S.FAILED]


def test_a_lost_answer_that_is_not_there_is_sent_again_at_once_then_ever_later() -> None:
    results = [decisions.after_answer(NotPublished("No."), tries=n, age_s=100, delays=DELAYS) for n in range(6)]
    assert [(result.state, result.delay_s) for result in results[:3]] == [
        (S.PUBLISHING, 0),
        (S.SCHEDULED, 300),
        (S.SCHEDULED, 900),
    ]
    assert results[5].state is S.FAILED
    assert "tried 6 times" in results[5].message


@pytest.mark.parametrize("message", [joined("It cannot be asked.", LOOK_AT_ACCOUNT), "It cannot be asked."])
def test_who_must_look_is_told_so_once(message: str) -> None:
    decision = decisions.after_answer(Unknown(message), tries=0, age_s=5, delays=DELAYS)
    assert decision.message == "It cannot be asked. Check the account, then say whether it is there."

"""What an attempt's end means, case by case."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from backend import errors, jobs
from backend.db.tables import FINAL, MOVES, JobState
from backend.jobs import rules
from backend.jobs.job_type import JOB_TYPES, QUEUES
from backend.settings import Settings

DELAYS = (5.0, 25.0, 125.0)


class Payload(BaseModel):
    n: int


def end(error: BaseException, **more: Any) -> rules.AttemptOutcome:
    return rules.outcome_of_error(error, **{"retries": 0, "max_retries": 3, "delays": DELAYS, "submitted": False, **more})


@pytest.mark.parametrize(
    ("error", "outcome", "state", "counted"),
    [
        (jobs.WaitForChildren(), "waiting", "pending", False),
        (errors.ShuttingDown("x"), "released", "pending", False),
        (errors.LeaseLost("x"), "released", "pending", False),
        (errors.Cancelled("x"), "cancelled", "cancelled", False),
        (errors.RateLimited("x", retry_after=9.0), "retried", "pending", False),
        (errors.EngineUnavailable("x"), "retried", "pending", False),
        (errors.Unavailable("x"), "retried", "pending", False),
        (errors.EngineError("x"), "retried", "pending", True),
        (errors.TimedOut("x"), "retried", "pending", True),
        (errors.ProcessKilled("x"), "lost", "pending", False),
        (KeyError("x"), "retried", "pending", True),
        (errors.Unsupported("x"), "failed", "failed", False),
        (errors.Rejected("x"), "failed", "failed", False),
        (errors.OutOfMemory("x"), "failed", "failed", False),
        (errors.NotFound("x"), "failed", "failed", False),
        (errors.Conflict("x"), "failed", "failed", False),
    ],
)
def test_each_error_has_its_outcome(error: BaseException, outcome: str, state: str, counted: bool) -> None:
    verdict = end(error)
    assert (verdict.outcome, verdict.state, verdict.counted, verdict.dead_letter) == (outcome, state, counted, False)


def test_retries_wait_longer_each_time_and_end_as_a_dead_letter() -> None:
    verdicts = [end(KeyError("x"), retries=n) for n in range(4)]
    assert [verdict.delay_s for verdict in verdicts[:3]] == [5.0, 25.0, 125.0]
    assert (verdicts[3].state, verdicts[3].dead_letter, verdicts[3].error_message) == ("failed", True, rules.INTERNAL_ERROR)
    assert end(KeyError("x"), retries=1, max_retries=1).dead_letter


def test_an_engine_that_is_down_marks_its_card_and_counts_once_it_had_the_work() -> None:
    before, after = end(errors.EngineUnavailable("Gone.")), end(errors.EngineUnavailable("Gone."), submitted=True)
    assert (before.device_down, before.counted) == ("Gone.", False)
    assert (after.device_down, after.counted, after.keep_handle) == ("Gone.", True, True)


def test_a_payload_that_cannot_be_read_is_ours_to_look_at() -> None:
    with pytest.raises(ValidationError) as caught:
        Payload.model_validate({})
    assert end(caught.value).dead_letter
    assert end(caught.value).error_message == rules.OTHER_VERSION


def test_three_kills_are_a_dead_letter() -> None:
    verdicts = [rules.fail_after_deaths(rules.worker_lost(detail=""), before=n, within_s=3600.0) for n in range(3)]
    assert [verdict.state for verdict in verdicts] == ["pending", "pending", "failed"]
    assert verdicts[2].dead_letter
    assert "killed 3 times within an hour, without a finished step" in (verdicts[2].error_message or "")


def test_a_killed_engine_is_another_try_and_the_third_says_what_to_do() -> None:
    verdict = end(errors.ProcessKilled("x"), retries=3)
    assert (verdict.outcome, verdict.state, verdict.counted, verdict.delay_s) == ("lost", "pending", False, 5.0)
    third = rules.fail_after_deaths(verdict, before=2, within_s=600.0)
    assert (third.state, third.dead_letter, third.error_code) == ("failed", True, "process_killed")
    assert "engine's process was killed 3 times within 10 minutes" in (third.error_message or "")


ERRORS = [cls for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, errors.StudioError)]


@given(st.sampled_from(ERRORS), st.integers(0, 9), st.integers(0, 3), st.booleans())
def test_every_error_leads_somewhere_allowed(cls: type, retries: int, max_retries: int, submitted: bool) -> None:
    error = cls("x", retry_after=1.0) if "retry_after" in cls.__init__.__annotations__ else cls("x")
    verdict = end(error, retries=retries, max_retries=max_retries, submitted=submitted)
    assert verdict.state in MOVES[JobState.PROCESSING]
    assert verdict.counted <= (retries < max_retries)
    if verdict.state in FINAL - {JobState.CANCELLED}:
        assert verdict.error_message


def test_every_kind_names_settings_that_exist() -> None:
    settings = Settings.read(env_file=None)
    for spec in JOB_TYPES.values():
        assert spec.queue in QUEUES
        assert spec.deadline_s(settings) > 0
        assert spec.stalled_after_s(settings) > 0
        assert spec.limit(settings) is None or spec.limit_setting
    by_limit: dict[str, set[str]] = {}
    for spec in JOB_TYPES.values():
        if spec.limit_group:
            by_limit.setdefault(spec.limit_group, set()).add(spec.queue)
    assert all(len(queues) == 1 for queues in by_limit.values()), "a limit is counted under one queue's lock"


def test_types_are_public_names_of_one_kind_or_of_its_twin() -> None:
    ordered = {request.name: spec for spec in JOB_TYPES.values() for request in spec.requests}
    for spec in JOB_TYPES.values():
        if spec.same_as:
            twin = ordered[spec.same_as]
            assert (spec.public_type, spec.payload, spec.label) == (spec.same_as, twin.payload, twin.label)
    assert {spec.public_type for spec in JOB_TYPES.values() if spec.requests} <= set(ordered)
    video, pictures = JOB_TYPES["video-generation-gpu"], JOB_TYPES["image-generation"]
    settings = Settings.read(env_file=None, QUEUE_CONCURRENCY_VIDEO=2, QUEUE_CONCURRENCY_CONTENT=3)
    assert (video.limit(settings), video.limit_group == pictures.limit_group) == (2, False)
    assert JOB_TYPES["style-generation"].limit(settings.replace(MAX_CONCURRENT_JOBS=1)) == 10

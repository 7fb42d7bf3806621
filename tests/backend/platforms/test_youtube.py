"""YouTube's sessions, reasons and quotas: docs/contracts/youtube.md."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from backend.platforms import errors
from backend.platforms.port import NotPublished, Options, PublishAccepted, Published, Unknown
from backend.platforms.youtube.error_messages import seconds_until_reset
from tests.backend.platforms.benches import Bench, cut_short, handles

MakeBench = Callable[[str, str], Bench]


@pytest.fixture
def bench(make_bench: MakeBench) -> Bench:
    return make_bench("youtube", "short")


@pytest.mark.parametrize(
    ("status", "reason", "kind"),
    [
        (400, "uploadLimitExceeded", errors.RateLimitedByPlatform),
        (403, "quotaExceeded", errors.RateLimitedByPlatform),
        (403, "forbidden", errors.Forbidden),
        (400, "invalidTitle", errors.InvalidPost),
        (400, "invalidDescription", errors.InvalidPost),
        (400, "invalidTags", errors.InvalidPost),
        (400, "invalidCategoryId", errors.InvalidPost),
        (400, "defaultLanguageNotSet", errors.InvalidPost),
        (403, "rateLimitExceeded", errors.RateLimitedByPlatform),
        (401, "youtubeSignupRequired", errors.TokenRefused),
        (403, "youtubeSignupRequired", errors.Forbidden),
        (401, "authError", errors.TokenRefused),
        (429, "", errors.RateLimitedByPlatform),
        (503, "backendError", errors.Transient),
        (400, "somethingNew", errors.InvalidPost),
    ],
)
def test_each_reason_means_what_the_table_says(
    bench: Bench, status: int, reason: str, kind: type[errors.PlatformError]
) -> None:
    bench.server.faults.refuse.append(("start", status, reason))
    with pytest.raises(errors.PlatformError) as raised:
        list(bench.platform.prepare(bench.post(), bench.access))
    assert type(raised.value) is kind


@pytest.mark.parametrize("fault", ["lose_chunk", "half_chunk", "nothing_stored", "chunk_503"])
def test_the_session_says_where_to_go_on(bench: Bench, fault: str) -> None:
    """308 + Range; no Range = 0 bytes stored; 5xx: probe."""
    post = bench.post()
    bench.server.faults.times[fault] = 1
    last_handle, error = cut_short(bench.platform.prepare(post, bench.access))
    assert isinstance(error, errors.Transient) == (fault in ("lose_chunk", "chunk_503"))
    if error:
        assert bench.platform.check(last_handle, bench.access).state == "ready"
        last_handle = handles(bench.platform.prepare(post, bench.access, last_handle))[-1]
    bench.platform.finalize(post, last_handle, bench.access)
    [server_post] = bench.server.posts
    assert server_post.media[0][1] == (post.media[0].path.read_bytes() if post.media[0].path else b"")
    assert len(bench.server.inserts) == 1


def test_a_session_that_never_stores_anything_is_given_up_for_now(bench: Bench) -> None:
    bench.server.faults.times["nothing_stored"] = 3
    _, error = cut_short(bench.platform.prepare(bench.post(), bench.access))
    assert isinstance(error, errors.Transient)
    post = bench.post()
    handle = bench.prepared(post)
    bench.server.faults.times["nothing_stored"] = 3
    with pytest.raises(errors.Transient):
        bench.platform.finalize(post, handle, bench.access)
    bench.published(bench.platform.finalize(post, handle, bench.access), handle)
    assert len(bench.server.posts) == 1


def test_a_session_that_is_gone_before_the_end_begins_anew(bench: Bench) -> None:
    post = bench.post()
    handle = bench.prepared(post)
    bench.server.sessions.clear()
    assert bench.platform.check(handle, bench.access).state == "gone"
    with pytest.raises(errors.PrepareAgain):
        bench.platform.finalize(post, handle, bench.access)
    anew = handles(bench.platform.prepare(post, bench.access, handle))
    assert anew[-1]["session"] != handle["session"]
    bench.platform.finalize(post, anew[-1], bench.access)
    assert len(bench.server.posts) == 1


def test_a_session_that_is_gone_after_a_lost_answer_cannot_be_asked(bench: Bench) -> None:
    post = bench.post()
    handle = bench.prepared(post)
    bench.server.faults.times["lose_last"] = 1
    with pytest.raises(errors.OutcomeUnknown):
        bench.platform.finalize(post, handle, bench.access)
    bench.server.sessions.clear()
    outcome = bench.platform.reconcile(handle, bench.access, age_s=10**6)
    assert isinstance(outcome, Unknown)
    assert outcome.ask_again_s is None


def test_finalize_twice_is_one_video(bench: Bench) -> None:
    """A complete session answers with its video: here the handle is a true idempotency key."""
    post = bench.post()
    handle = bench.prepared(post)
    first = bench.published(bench.platform.finalize(post, handle, bench.access), handle)
    second = bench.published(bench.platform.finalize(post, handle, bench.access), handle)
    assert first.remote_id == second.remote_id
    assert len(bench.server.posts) == 1


def test_it_is_published_when_it_is_processed(bench: Bench) -> None:
    bench.server.faults.processing_s = 600
    post = bench.post()
    published = bench.platform.finalize(post, bench.prepared(post), bench.access)
    assert isinstance(published, PublishAccepted)
    assert published.url.endswith(published.handle["video"])
    bench.server.clock.forward(601)
    live = bench.platform.reconcile(published.handle, bench.access, age_s=601)
    assert isinstance(live, Published)
    assert (live.remote_id, live.url) == (published.handle["video"], published.url)


@pytest.mark.parametrize(
    ("ends", "reason", "kind"),
    [
        ("failure", "codec", errors.InvalidPost),
        ("failure", "conversion", errors.InvalidPost),
        ("failure", "uploadAborted", errors.PrepareAgain),
        ("rejection", "duplicate", errors.InvalidPost),
        ("rejection", "termsOfUse", errors.InvalidPost),
    ],
)
def test_a_video_that_will_not_be_seen(bench: Bench, ends: str, reason: str, kind: type[errors.PlatformError]) -> None:
    setattr(bench.server.faults, ends, reason)
    bench.server.faults.processing_s = 5
    post = bench.post()
    handle = bench.prepared(post)
    outcome = bench.settled(bench.platform.finalize(post, handle, bench.access), handle)
    assert isinstance(outcome, NotPublished)
    assert type(outcome.error) is kind


def test_a_project_without_quota_waits_until_midnight_in_california(bench: Bench) -> None:
    """C: quota zero."""
    bench.server.faults.inserts_a_day = 0
    with pytest.raises(errors.RateLimitedByPlatform) as raised:
        list(bench.platform.prepare(bench.post(), bench.access))
    assert raised.value.what == "quota"
    assert 60 <= raised.value.retry_after <= 25 * 3600


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        (datetime(2026, 7, 1, 6, 0, tzinfo=UTC), 1.0),
        (datetime(2026, 3, 8, 8, 0, tzinfo=UTC), 23.0),
        (datetime(2026, 11, 1, 7, 0, tzinfo=UTC), 25.0),
    ],
)
def test_midnight_there_also_on_days_of_23_and_25_hours(now: datetime, hours: float) -> None:
    assert seconds_until_reset(now) == hours * 3600


def test_what_is_sent_is_what_the_documents_name(bench: Bench) -> None:
    """youtube.md, 1 and 6."""
    post = bench.post(options=Options(tags=("lake", "summer day"), language="en"), privacy="unlisted")
    bench.platform.finalize(post, bench.prepared(post), bench.access)
    assert bench.server.posts[0].sent == {
        "snippet": {
            "title": "The lake",
            "description": post.caption,
            "categoryId": "22",
            "tags": ["lake", "summer day"],
            "defaultLanguage": "en",
        },
        "status": {"privacyStatus": "unlisted", "selfDeclaredMadeForKids": False, "containsSyntheticMedia": True},
    }


def test_a_file_that_changed_is_not_uploaded(bench: Bench) -> None:
    post = bench.post()
    assert post.media[0].path
    post.media[0].path.write_bytes(b"something else")
    with pytest.raises(errors.InvalidPost):
        list(bench.platform.prepare(post, bench.access))

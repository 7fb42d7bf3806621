"""TikTok's codes, chunks, caps and clocks: docs/contracts/tiktok.md."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.platforms import errors
from backend.platforms.port import NotPublished, Options, PublishAccepted, Published
from backend.platforms.tiktok.adapter import MAX_CHUNK, MIN_CHUNK, chunk_layout
from tests.backend.platforms.benches import MB, Bench, cut_short, handles
from tests.servers.platforms.files import PNG

MakeBench = Callable[[str, str], Bench]


@pytest.fixture
def bench(make_bench: MakeBench) -> Bench:
    return make_bench("tiktok", "video")


@given(st.integers(1, 4 * 1024 * MB), st.integers(1, 200 * MB))
def test_chunks_are_as_they_want_them(size: int, wish: int) -> None:
    """B2 PUT: 5-64 MB, the last up to 128 MB, 1-1000, floor(size/chunk); above 64 MB there is more than one."""
    chunk, count = chunk_layout(size, wish)
    last = size - chunk * (count - 1)
    assert 1 <= count <= 1000
    assert 0 < last <= 2 * MAX_CHUNK
    if count == 1:
        assert chunk == size <= 2 * MAX_CHUNK
    else:
        assert MIN_CHUNK <= chunk <= MAX_CHUNK
        assert count == size // chunk


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "invalid_param", errors.InvalidPost),
        (401, "access_token_invalid", errors.TokenRefused),
        (401, "scope_not_authorized", errors.Forbidden),
        (403, "spam_risk_too_many_posts", errors.RateLimitedByPlatform),
        (403, "spam_risk_user_banned_from_posting", errors.Forbidden),
        (403, "reached_active_user_cap", errors.RateLimitedByPlatform),
        (403, "unaudited_client_can_only_post_to_private_accounts", errors.InvalidPost),
        (403, "url_ownership_unverified", errors.Forbidden),
        (403, "privacy_level_option_mismatch", errors.InvalidPost),
        (403, "spam_risk_too_many_pending_share", errors.RateLimitedByPlatform),
        (429, "rate_limit_exceeded", errors.RateLimitedByPlatform),
        (500, "internal_error", errors.Transient),
        (400, "something_new", errors.InvalidPost),
    ],
)
def test_each_code_of_an_init_means_what_the_table_says(
    bench: Bench, status: int, code: str, kind: type[errors.PlatformError]
) -> None:
    bench.server.faults.refuse.append(("init", status, code))
    with pytest.raises(errors.PlatformError) as raised:
        list(bench.platform.prepare(bench.post(), bench.access))
    assert type(raised.value) is kind


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("file_format_check_failed", errors.InvalidPost),
        ("duration_check_failed", errors.InvalidPost),
        ("frame_rate_check_failed", errors.InvalidPost),
        ("internal", errors.PrepareAgain),
        ("video_pull_failed", errors.PrepareAgain),
        ("photo_pull_failed", errors.PrepareAgain),
        ("publish_cancelled", errors.InvalidPost),
        ("auth_removed", errors.TokenRefused),
        ("spam_risk", errors.InvalidPost),
        ("spam_risk_text", errors.InvalidPost),
        ("spam_risk_user_banned_from_posting", errors.Forbidden),
        ("spam_risk_too_many_posts", errors.RateLimitedByPlatform),
        ("something_new", errors.InvalidPost),
    ],
)
def test_a_post_that_tiktok_took_and_did_not_publish(bench: Bench, reason: str, kind: type[errors.PlatformError]) -> None:
    post = bench.post()
    handle = bench.prepared(post)
    bench.server.faults.fail_reason = reason
    outcome = bench.settled(bench.platform.finalize(post, handle, bench.access), handle)
    assert isinstance(outcome, NotPublished)
    assert type(outcome.error) is kind
    publish_status = bench.platform.check(handle, bench.access)
    assert (publish_status.state, type(publish_status.error)) == ("failed", kind)
    assert bench.server.posts == []


def test_success_is_the_final_status_and_the_link_comes_after_moderation(bench: Bench) -> None:
    """tiktok.md, 4: the end of the upload is no success; the public id comes minutes to hours later."""
    bench.server.faults.processing_s, bench.server.faults.moderation_s = 30, 3600
    post = bench.post()
    published = bench.platform.finalize(post, bench.prepared(post), bench.access)
    assert isinstance(published, PublishAccepted)
    assert isinstance(bench.platform.reconcile(published.handle, bench.access, age_s=0), PublishAccepted)
    bench.server.clock.forward(31)
    live = bench.platform.reconcile(published.handle, bench.access, age_s=31)
    assert isinstance(live, Published)
    assert (live.remote_id, live.url) == (published.handle["publish_id"], "")
    bench.server.clock.forward(3600)
    public = bench.platform.reconcile(live.handle, bench.access, age_s=3631)
    assert isinstance(public, Published)
    assert public.remote_id == bench.server.posts[0].id
    assert public.url.endswith(f"/video/{public.remote_id}")


def test_a_lost_chunk_is_not_sent_twice(bench: Bench) -> None:
    post = bench.post()
    bench.server.faults.times["lose_chunk"] = 1
    last_handle, error = cut_short(bench.platform.prepare(post, bench.access))
    assert isinstance(error, errors.Transient)
    resumed = handles(bench.platform.prepare(post, bench.access, last_handle))
    assert resumed[-1]["sent"] == 5 * MB  # the first of two chunks
    bench.platform.finalize(post, resumed[-1], bench.access)
    assert [len(data) for _, data in bench.server.posts[0].media] == [post.media[0].size]


@pytest.mark.parametrize("when", ["chunk", "last"])
def test_an_upload_address_that_has_expired_begins_anew(bench: Bench, when: str) -> None:
    """B2: valid 1 h."""
    post = bench.post()
    if when == "chunk":
        bench.server.faults.times["url_expired"] = 1
        with pytest.raises(errors.PrepareAgain):
            list(bench.platform.prepare(post, bench.access))
        return
    handle = bench.prepared(post)
    bench.server.clock.forward(3601)
    with pytest.raises(errors.PrepareAgain):
        bench.platform.finalize(post, handle, bench.access)
    assert bench.server.posts == []


def test_seven_inits_a_minute_are_one_too_many(bench: Bench) -> None:
    """B2: 6/min per user token."""
    post = bench.post()
    for _ in range(6):
        bench.prepared(post)
    with pytest.raises(errors.RateLimitedByPlatform) as raised:
        bench.prepared(post)
    assert (raised.value.what, raised.value.retry_after, raised.value.hinted) == ("rate", 60.0, False)


def test_the_day_is_full(bench: Bench) -> None:
    """B2 Caps; C quota zero."""
    bench.server.faults.posts_a_day = 0
    with pytest.raises(errors.RateLimitedByPlatform) as raised:
        list(bench.platform.prepare(bench.post(), bench.access))
    assert raised.value.what == "quota"


def test_creator_info_is_asked_before_each_post_and_obeyed(bench: Bench) -> None:
    bench.server.faults.privacy = ["FOLLOWER_OF_CREATOR", "SELF_ONLY"]
    account = bench.platform.account(bench.access)
    assert account.privacy == ("FOLLOWER_OF_CREATOR", "SELF_ONLY")
    assert (account.nickname, account.avatar_url) == (account.name.title(), f"{bench.server.url}/avatar.jpg")
    with pytest.raises(errors.InvalidPost):
        list(bench.platform.prepare(bench.post(privacy="PUBLIC_TO_EVERYONE"), bench.access))
    assert not [line for line in bench.server.asked if "init" in line]
    assert bench.server.asked.count("POST /v2/post/publish/creator_info/query/") == 2


def test_what_is_sent_is_what_the_documents_name(bench: Bench) -> None:
    """B2 post_info; interactions are off unless a person turns them on."""
    post = bench.post(options=Options(allow_comments=True, own_brand=True, cover_ms=900))
    bench.platform.finalize(post, bench.prepared(post), bench.access)
    assert bench.server.posts[0].sent == {
        "title": post.caption,
        "privacy_level": "SELF_ONLY",
        "disable_comment": False,
        "disable_duet": True,
        "disable_stitch": True,
        "brand_content_toggle": False,
        "brand_organic_toggle": True,
        "is_aigc": True,
        "video_cover_timestamp_ms": 900,
    }


@pytest.mark.parametrize(("wrong", "kind"), [("forbidden", errors.PrepareAgain), ("png", errors.InvalidPost)])
def test_pictures_that_tiktok_cannot_fetch(make_bench: MakeBench, wrong: str, kind: type[errors.PlatformError]) -> None:
    bench = make_bench("tiktok", "picture")
    post = bench.post()
    handle = bench.prepared(post)
    if wrong == "png":
        bench.host.files["0.jpg"] = PNG
    else:
        bench.host.status = 403
    outcome = bench.settled(bench.platform.finalize(post, handle, bench.access), handle)
    assert isinstance(outcome, NotPublished)
    assert type(outcome.error) is kind


def test_a_refused_picture_post_is_surely_not_there(make_bench: MakeBench) -> None:
    bench = make_bench("tiktok", "picture")
    post = bench.post()
    handle = bench.prepared(post)
    bench.server.faults.refuse.append(("content", 403, "url_ownership_unverified"))
    with pytest.raises(errors.Forbidden):
        bench.platform.finalize(post, handle, bench.access)


def test_another_account_cannot_ask_about_it(bench: Bench, make_bench: MakeBench) -> None:
    other = make_bench("tiktok", "video")
    with pytest.raises(errors.Forbidden):
        bench.platform.check(bench.prepared(bench.post()), other.access)

"""Instagram's table of errors, its clocks and its media host: docs/contracts/instagram.md."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from backend.platforms import errors
from backend.platforms.port import Media, NotPublished, Options, Published, Unknown
from tests.backend.platforms.benches import Bench
from tests.servers.platforms.files import PNG

MakeBench = Callable[[str, str], Bench]


@pytest.fixture
def bench(make_bench: MakeBench) -> Bench:
    return make_bench("instagram", "picture")


@pytest.mark.parametrize(
    ("status", "code", "subcode", "kind"),
    [
        (400, 9007, 2207027, errors.Transient),
        (400, -2, 2207003, errors.PrepareAgain),
        (400, 9004, 2207052, errors.PrepareAgain),
        (400, -1, 2207032, errors.PrepareAgain),
        (400, -1, 2207053, errors.PrepareAgain),
        (400, -1, 2207001, errors.PrepareAgain),
        (400, -2, 2207020, errors.PrepareAgain),
        (400, 24, 2207008, errors.PrepareAgain),
        (400, 1, 0, errors.Transient),
        (400, 2, 0, errors.Transient),
        (503, 0, 0, errors.Transient),
        (400, 4, 0, errors.RateLimitedByPlatform),
        (400, 17, 0, errors.RateLimitedByPlatform),
        (400, 80002, 0, errors.RateLimitedByPlatform),
        (400, 4, 2207051, errors.Forbidden),
        (400, 9, 2207042, errors.RateLimitedByPlatform),
        (400, 190, 460, errors.TokenRefused),
        (400, 10, 0, errors.Forbidden),
        (400, 200, 0, errors.Forbidden),
        (400, 25, 2207050, errors.Forbidden),
        (400, 36000, 2207004, errors.InvalidPost),
        (400, 36001, 2207005, errors.InvalidPost),
        (400, 36003, 2207009, errors.InvalidPost),
        (400, 352, 2207026, errors.InvalidPost),
        (400, 100, 2207028, errors.InvalidPost),
        (400, 100, 2207010, errors.InvalidPost),
        (400, 12345, 0, errors.InvalidPost),
    ],
)
def test_each_code_means_what_the_table_says(
    bench: Bench, status: int, code: int, subcode: int, kind: type[errors.PlatformError]
) -> None:
    bench.server.faults.refuse.append(("create", status, code, subcode))
    with pytest.raises(errors.PlatformError) as raised:
        list(bench.platform.prepare(bench.post(), bench.access))
    assert type(raised.value) is kind
    assert raised.value.message.endswith(".")
    assert "(#" not in raised.value.message or kind is errors.InvalidPost


@pytest.mark.parametrize(
    ("status", "code", "subcode", "kind"),
    [
        (500, 2, 0, errors.OutcomeUnknown),
        (400, 1, 0, errors.OutcomeUnknown),
        (400, 4, 2207051, errors.OutcomeUnknown),
        (400, 100, 33, errors.OutcomeUnknown),
        (400, -1, 2207001, errors.OutcomeUnknown),
        (400, 12345, 0, errors.OutcomeUnknown),
        (400, 9004, 2207052, errors.PrepareAgain),
        (400, 9007, 2207027, errors.Transient),
        (400, 9, 2207042, errors.RateLimitedByPlatform),
        (400, 190, 463, errors.TokenRefused),
        (400, 25, 2207050, errors.Forbidden),
    ],
)
def test_while_publishing_only_a_sure_no_counts_as_one(
    bench: Bench, status: int, code: int, subcode: int, kind: type[errors.PlatformError]
) -> None:
    post = bench.post()
    handle = bench.prepared(post)
    bench.server.faults.refuse.append(("publish", status, code, subcode))
    with pytest.raises(errors.PlatformError) as raised:
        bench.platform.finalize(post, handle, bench.access)
    assert type(raised.value) is kind


def test_blocked_as_spam_although_it_is_live(bench: Bench) -> None:
    """4/2207051 (instagram.md, 5): people tried again and had it twice."""
    post = bench.post()
    handle = bench.prepared(post)
    bench.server.faults.times["spam_but_live"] = 1
    with pytest.raises(errors.OutcomeUnknown):
        bench.platform.finalize(post, handle, bench.access)
    outcome = bench.platform.reconcile(handle, bench.access, age_s=0)
    assert isinstance(outcome, Published)
    assert (outcome.exact, outcome.url, len(bench.server.posts)) == (False, "", 1)
    assert outcome.remote_id == "", "the id of a container is no post's"


@pytest.mark.parametrize("mode", ["error", "again"])
def test_a_published_container_is_never_published_again(bench: Bench, mode: str) -> None:
    """B1 ?: undocumented what would happen, so it is looked at first."""
    post = bench.post()
    handle = bench.prepared(post)
    bench.server.faults.republish = mode
    first = bench.platform.finalize(post, handle, bench.access)
    second = bench.platform.finalize(post, handle, bench.access)
    assert isinstance(first, Published)
    assert isinstance(second, Published)
    assert (first.exact, second.exact, len(bench.server.posts)) == (True, False, 1)
    assert first.url.endswith(f"/p/{first.remote_id}/")


def test_a_container_has_a_clock(bench: Bench) -> None:
    """IN_PROGRESS → FINISHED; EXPIRED after 24 h unpublished."""
    bench.server.faults.processing_s = 60
    post = bench.post()
    handle = bench.prepared(post)
    waiting = bench.platform.check(handle, bench.access)
    assert (waiting.state, waiting.ask_again_s) == ("waiting", 0.01)
    with pytest.raises(errors.Transient):
        bench.platform.finalize(post, handle, bench.access)
    bench.server.clock.forward(61)
    assert bench.platform.check(handle, bench.access).state == "ready"
    bench.server.accounts[bench.access.account_id].tokens[bench.access.token] += 10**7
    bench.server.clock.forward(86_400)
    assert bench.platform.check(handle, bench.access).state == "gone"
    with pytest.raises(errors.PrepareAgain):
        bench.platform.finalize(post, handle, bench.access)
    outcome = bench.platform.reconcile(handle, bench.access, age_s=0)
    assert isinstance(outcome, NotPublished)
    assert isinstance(outcome.error, errors.PrepareAgain)


@pytest.mark.parametrize(
    ("subcode", "kind"), [(2207053, errors.PrepareAgain), (2207026, errors.InvalidPost), (2207051, errors.Forbidden)]
)
def test_a_failed_container_says_why(make_bench: MakeBench, subcode: int, kind: type[errors.PlatformError]) -> None:
    bench = make_bench("instagram", "reel")
    bench.server.faults.container_error = subcode
    publish_status = bench.platform.check(bench.prepared(bench.post()), bench.access)
    assert publish_status.state == "failed"
    assert type(publish_status.error) is kind


def test_a_quota_of_zero_waits_and_publishes_nothing(bench: Bench) -> None:
    """C: quota zero. It is read, never assumed."""
    bench.server.faults.quota_total = 0
    quota = bench.platform.account(bench.access).quota
    assert quota
    assert (quota.used, quota.total, quota.left, quota.window_s) == (0, 0, 0, 86_400)
    post = bench.post()
    handle = bench.prepared(post)
    with pytest.raises(errors.RateLimitedByPlatform) as raised:
        bench.platform.finalize(post, handle, bench.access)
    assert raised.value.what == "quota"
    bench.server.faults.quota_total = 1
    assert isinstance(bench.platform.finalize(post, handle, bench.access), Published)


@pytest.mark.parametrize("wrong", ["forbidden", "slow", "png", "flaky"])
def test_what_the_media_host_does(bench: Bench, wrong: str) -> None:
    """Media URL 403, slow, PNG; 2207052 once (instagram.md, 5)."""
    post = bench.post()
    kind: type[errors.PlatformError] = errors.PrepareAgain
    match wrong:
        case "forbidden":
            bench.host.status = 403
        case "slow":
            bench.server.faults.fetch_timeout_s, bench.host.slow_s = 0.05, 0.5
        case "png":
            bench.host.files["0.jpg"] = PNG
            kind = errors.InvalidPost
        case _:
            bench.server.faults.times["fetch_fails"] = 1
    with pytest.raises(kind):
        list(bench.platform.prepare(post, bench.access))
    if wrong == "flaky":
        assert bench.prepared(post)["container"]


def test_a_read_that_finds_nothing_is_read_again(bench: Bench) -> None:
    """100/33 (instagram.md, 5): flaky on reads for a healthy post; never a reason to publish again."""
    post = bench.post()
    handle = bench.prepared(post)
    bench.server.faults.times["missing"] = 1
    with pytest.raises(errors.Transient):
        bench.platform.check(handle, bench.access)
    bench.server.faults.times["missing"] = 1
    outcome = bench.platform.reconcile(handle, bench.access, age_s=10**6)
    assert isinstance(outcome, Unknown)
    assert outcome.ask_again_s


def test_a_post_without_its_link_is_published_all_the_same(bench: Bench) -> None:
    post = bench.post()
    handle = bench.prepared(post)
    bench.server.faults.refuse.append(("permalink", 400, 100, 33))
    published = bench.platform.finalize(post, handle, bench.access)
    assert isinstance(published, Published)
    assert (published.url, published.exact) == ("", True)
    second = bench.platform.reconcile(published.handle, bench.access, age_s=0)
    assert isinstance(second, Published)
    assert second.url


def test_the_first_comment_that_is_there_although_the_answer_was_400(bench: Bench) -> None:
    post = bench.post()
    published = bench.platform.finalize(post, bench.prepared(post), bench.access)
    assert isinstance(published, Published)
    bench.server.faults.times["comment_400"] = 1
    with pytest.raises(errors.OutcomeUnknown):
        bench.platform.comment(published, "First!", bench.access)
    assert bench.platform.find_comment(published, "First!", bench.access)
    with pytest.raises(errors.InvalidPost):
        bench.platform.comment(replace(published, exact=False), "First!", bench.access)


def test_what_is_sent_is_what_the_documents_name(make_bench: MakeBench) -> None:
    reel = make_bench("instagram", "reel")
    options = Options(share_to_feed=False, cover_ms=1500, collaborators=("marco", "zara"), location_id="42")
    post = reel.post(options=options)
    reel.platform.finalize(post, reel.prepared(post), reel.access)
    fields = reel.server.posts[-1].sent
    assert fields.pop("video_url") == post.media[0].url
    assert fields == {
        "media_type": "REELS",
        "share_to_feed": "false",
        "thumb_offset": "1500",
        "collaborators": "marco,zara",
        "location_id": "42",
        "caption": post.caption,
        "is_ai_generated": "true",
    }
    carousel = make_bench("instagram", "carousel")
    post = carousel.post()
    post = replace(post, media=(replace(post.media[0], alt_text="Bella at the lake"), *post.media[1:]))
    handle = carousel.prepared(post)
    children = [carousel.server.containers[id].fields for id in handle["children"]]
    assert [("is_ai_generated" in child, "caption" in child) for child in children] == [(False, False)] * 3  # parent only
    assert children[0]["alt_text"] == "Bella at the lake"


def test_a_file_without_a_public_address_is_said_before_anything_is_sent(bench: Bench) -> None:
    post = bench.post()
    for url in ("", "file:///etc/passwd", "http://host/ü.jpg"):
        media: tuple[Media, ...] = (replace(post.media[0], url=url),)
        with pytest.raises(errors.InvalidPost, match="S3_PUBLIC_ENDPOINT"):
            list(bench.platform.prepare(replace(post, media=media), bench.access))
    assert not [line for line in bench.server.asked if line.startswith("POST")]

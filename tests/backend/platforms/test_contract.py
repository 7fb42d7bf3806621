"""What every platform keeps: invisible preparation that resumes, one irreversible call, and the truth after a lost answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from backend.engines.ports.events import Handle
from backend.platforms.errors import OutcomeUnknown, PrepareAgain, RateLimitedByPlatform, TokenRefused, Transient
from backend.platforms.port import AccountAccess, NotPublished, Published, Unknown
from tests.backend.platforms.benches import Bench

MakeBench = Callable[[str, str], Bench]
WAYS = [
    ("instagram", "picture"),
    ("instagram", "carousel"),
    ("instagram", "reel"),
    ("instagram", "story"),
    ("tiktok", "video"),
    ("tiktok", "picture"),
    ("tiktok", "carousel"),
    ("youtube", "short"),
    ("youtube", "video"),
    ("sandbox", "picture"),
    ("sandbox", "carousel"),
    ("sandbox", "reel"),
]
BLIND = {("tiktok", "picture"), ("tiktok", "carousel")}
"""The irreversible call is the first one: a lost answer leaves nothing to ask by."""


@pytest.fixture(params=WAYS, ids=["-".join(way) for way in WAYS])
def bench(request: pytest.FixtureRequest, make_bench: MakeBench) -> Bench:
    return make_bench(*request.param)


@pytest.fixture(params=[way for way in WAYS if way not in BLIND], ids=["-".join(way) for way in WAYS if way not in BLIND])
def askable(request: pytest.FixtureRequest, make_bench: MakeBench) -> Bench:
    """Of platforms that can be asked what became of it."""
    return make_bench(*request.param)


def test_a_post_appears_once_with_its_words_its_files_and_the_mark(bench: Bench) -> None:
    post = bench.post()
    handle = bench.prepared(post)
    assert bench.server.posts == []
    assert bench.platform.check(handle, bench.access).state == "ready"
    published = bench.published(bench.platform.finalize(post, handle, bench.access), handle)
    [server_post] = bench.server.posts
    assert published.exact
    assert (server_post.caption, server_post.account) == (post.caption, bench.access.account_id)
    assert server_post.id == published.remote_id or server_post.made_of == published.remote_id
    assert [data for _, data in server_post.media] == [media.path.read_bytes() for media in post.media if media.path]
    assert server_post.ai == ((bench.platform.name, bench.format) not in BLIND)
    assert bench.platform.reconcile(published.handle, bench.access, age_s=0) == published


def test_what_is_not_made_by_ai_is_not_marked(askable: Bench) -> None:
    post = askable.post(ai_made=False)
    askable.platform.finalize(post, askable.prepared(post), askable.access)
    assert [server_post.ai for server_post in askable.server.posts] == [False]


def test_preparing_goes_on_from_wherever_it_was_killed(bench: Bench) -> None:
    """A crash after every single event: the last handle that was kept is all there is."""
    post = bench.post()
    events = len(list(bench.platform.prepare(post, bench.access)))
    for n in range(events + 1):
        last_handle = None
        going = bench.platform.prepare(post, bench.access)
        for _, event in zip(range(n), going, strict=False):
            last_handle = event.value if isinstance(event, Handle) else last_handle
        going.close()
        resumed = [
            event.value for event in bench.platform.prepare(post, bench.access, last_handle) if isinstance(event, Handle)
        ]
        bench.server.clock.forward(61)  # TikTok: 6 inits a minute
        last = resumed[-1] if resumed else last_handle
        assert last is not None
        assert bench.platform.check(last, bench.access).state == "ready"
    assert bench.server.posts == []
    assert bench.platform.finalize(post, last, bench.access)
    assert len(bench.server.posts) == 1


@pytest.mark.parametrize("switch", [0, 1], ids=["lost", "5xx"])
def test_after_a_lost_answer_the_platform_is_asked_and_nothing_is_sent_twice(askable: Bench, switch: int) -> None:
    post = askable.post()
    handle = askable.prepared(post)
    askable.server.faults.times[askable.after[switch]] = 1
    with pytest.raises(OutcomeUnknown):
        askable.platform.finalize(post, handle, askable.access)
    assert len(askable.server.posts) == 1
    assert askable.platform.check(handle, askable.access).state == "published"
    published = askable.published(askable.platform.reconcile(handle, askable.access, age_s=0), handle)
    assert published.remote_id == (askable.server.posts[0].id if published.exact else ""), "never the id of a container"
    assert len(askable.server.posts) == 1


@pytest.mark.parametrize("switch", [0, 1], ids=["lost", "5xx"])
@pytest.mark.parametrize("format", ["picture", "carousel"])
def test_where_the_platform_cannot_be_asked_nobody_guesses(make_bench: MakeBench, switch: int, format: str) -> None:
    bench = make_bench("tiktok", format)
    post = bench.post()
    handle = bench.prepared(post)
    bench.server.faults.times[bench.after[switch]] = 1
    with pytest.raises(OutcomeUnknown):
        bench.platform.finalize(post, handle, bench.access)
    outcome = bench.platform.reconcile(handle, bench.access, age_s=10**6)
    assert isinstance(outcome, Unknown)
    assert outcome.ask_again_s is None
    assert "Check the account" in outcome.message


def test_a_no_is_believed_when_the_platform_had_its_time_and_then_it_may_be_sent_again(askable: Bench) -> None:
    post = askable.post()
    handle = askable.prepared(post)
    askable.server.faults.times[askable.before] = 1
    with pytest.raises(OutcomeUnknown):
        askable.platform.finalize(post, handle, askable.access)
    askable.platform.settings = askable.platform.settings.replace(PLATFORM_SETTLE_S=90.0)  # type: ignore[attr-defined]
    early = askable.platform.reconcile(handle, askable.access, age_s=1)
    assert isinstance(early, Unknown)
    assert early.ask_again_s is not None
    late = askable.platform.reconcile(handle, askable.access, age_s=91)
    assert isinstance(late, NotPublished)
    assert late.error is None
    askable.published(askable.platform.finalize(post, handle, askable.access), handle)
    assert len(askable.server.posts) == 1


def test_a_handle_of_another_post_is_never_published(bench: Bench) -> None:
    post = bench.post()
    handle = bench.prepared(post)
    changed = replace(post, caption="Something else") if bench.format != "story" else replace(post, ai_made=False)
    with pytest.raises(PrepareAgain):
        bench.platform.finalize(changed, handle, bench.access)
    assert bench.server.posts == []
    resumed = [event for event in bench.platform.prepare(changed, bench.access, handle) if isinstance(event, Handle)]
    bench.platform.finalize(changed, resumed[-1].value, bench.access)
    assert [server_post.caption for server_post in bench.server.posts] == [changed.caption]


def test_files_may_move_between_preparing_and_publishing(bench: Bench) -> None:
    """Addresses are signed anew, copies lie elsewhere: the post is the same."""
    post = bench.post()
    moved = replace(post, media=tuple(replace(media, url=f"{media.url}?signed=again") for media in post.media))
    assert moved.fingerprint == post.fingerprint
    bench.platform.finalize(moved, bench.prepared(post), bench.access)
    assert len(bench.server.posts) == 1


NEED_TOKEN = {
    "instagram": ("account", "prepare", "check", "finalize", "reconcile"),
    "tiktok": ("account", "prepare", "check", "reconcile"),
    "tiktok-pictures": ("account", "prepare", "finalize"),
    "youtube": ("account", "prepare"),
    "sandbox": ("account", "prepare", "check", "finalize", "reconcile"),
}
"""TikTok's and YouTube's upload addresses open by themselves."""


def test_an_expired_token_stops_before_anything_is_done(bench: Bench) -> None:
    """C: token expiry mid-poll."""
    post = bench.post()
    handle = bench.prepared(post)
    bench.server.expire_tokens()
    platform, access = bench.platform, bench.access
    calls: dict[str, Callable[[], object]] = {
        "account": lambda: platform.account(access),
        "prepare": lambda: list(platform.prepare(post, access)),
        "check": lambda: platform.check(handle, access),
        "finalize": lambda: platform.finalize(post, handle, access),
        "reconcile": lambda: platform.reconcile(handle, access, age_s=0),
    }
    blind = (platform.name, bench.format) in BLIND
    for name in NEED_TOKEN["tiktok-pictures" if blind else platform.name]:
        with pytest.raises(TokenRefused) as refused:
            calls[name]()
        assert "onnect" in refused.value.message
    assert bench.server.posts == []


def test_a_platform_that_cannot_be_reached_is_tried_again(bench: Bench) -> None:
    from backend.platforms.registry import create_adapter

    variables = {"instagram": "INSTAGRAM_GRAPH_URL", "sandbox": "SANDBOX_URL"}
    variable = variables.get(bench.platform.name, f"{bench.platform.name.upper()}_API_URL")
    settings = bench.platform.settings.replace(**{variable: "http://127.0.0.1:9"})  # type: ignore[attr-defined]
    away = create_adapter(bench.platform.name, settings)
    post = bench.post()
    with pytest.raises(Transient):
        list(away.prepare(post, bench.access))
    away.close()


@pytest.mark.parametrize("hint", ["7", None])
def test_too_many_calls_say_how_long_to_wait(bench: Bench, hint: str | None) -> None:
    """C: 429 with and without hint."""
    call = {"instagram": "create", "tiktok": "creator", "youtube": "start", "sandbox": "create"}[bench.platform.name]
    faults = bench.server.faults
    code = {"tiktok": "rate_limit_exceeded", "youtube": "rateLimitExceeded", "sandbox": "rate"}
    refusal = (call, 400, 4, 0) if bench.platform.name == "instagram" else (call, 429, code[bench.platform.name])
    faults.refuse.append(refusal)
    faults.regain_minutes = faults.retry_after = hint and (int(hint) if bench.platform.name == "instagram" else hint)
    with pytest.raises(RateLimitedByPlatform) as raised:
        list(bench.platform.prepare(bench.post(), bench.access))
    assert raised.value.hinted == (hint is not None)
    assert raised.value.retry_after == (
        7 * (60 if bench.platform.name == "instagram" else 1) if hint else raised.value.retry_after
    )
    assert raised.value.retry_after > 0
    assert raised.value.what == "rate"


@pytest.mark.parametrize("name", ["instagram", "youtube", "sandbox"])
def test_a_lost_first_comment_is_found_and_not_written_twice(make_bench: MakeBench, name: str) -> None:
    bench = make_bench(name, "short" if name == "youtube" else "picture")
    post = bench.post()
    handle = bench.prepared(post)
    published = bench.published(bench.platform.finalize(post, handle, bench.access), handle)
    assert bench.platform.find_comment(published, "First!", bench.access) == ""
    bench.server.faults.times["lose_comment"] = 1
    with pytest.raises(OutcomeUnknown):
        bench.platform.comment(published, "First!", bench.access)
    assert bench.platform.find_comment(published, " First!", bench.access) == bench.server.posts[0].comments[0][0]
    second = bench.platform.comment(published, "Second", bench.access)
    assert bench.platform.find_comment(published, "Second", bench.access) == second
    assert len(bench.server.posts[0].comments) == 2


def test_a_token_never_stands_in_a_text(bench: Bench) -> None:
    """Neither in the repr of what is passed around, nor in what is said about an error."""
    assert bench.access.token not in repr(AccountAccess(bench.access.token, "1"))
    bench.server.expire_tokens()
    with pytest.raises(TokenRefused) as refused:
        bench.platform.account(bench.access)
    assert bench.access.token not in f"{refused.value.message} {refused.value.data}"
    assert not isinstance(refused.value, Published)

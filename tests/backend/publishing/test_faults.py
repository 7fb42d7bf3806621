"""What platforms say instead of yes, as their servers say it: each ends as it should, and nothing is out twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, update

from backend.content_plans import PostState
from backend.db.tables import PostAttempt
from backend.kit.clock import now
from backend.platforms.instagram.adapter import Instagram
from backend.platforms.port import Published
from backend.publishing import decisions, media
from tests.backend.publishing.desk import PublishingRig, next_attempt

S = PostState
LOST = [
    ("sandbox", "picture", "lose_publish"),
    ("sandbox", "picture", "publish_500"),
    ("instagram", "picture", "lose_publish"),
    ("instagram", "picture", "spam_but_live"),
    ("tiktok", "video", "lose_last"),
    ("youtube", "short", "lose_last"),
    ("youtube", "short", "last_500"),
]


@pytest.mark.parametrize(("platform", "format", "fault"), LOST, ids=["-".join(case) for case in LOST])
def test_a_lost_answer_is_asked_about_and_never_sent_again(rig: PublishingRig, platform: str, format: str, fault: str) -> None:
    post_id = rig.scheduled(platform, format)
    rig.servers[platform].faults.times[fault] = 1
    rig.drain()
    assert rig.post(post_id).state == S.PUBLISHED, rig.said
    assert len(rig.feed(platform)) == 1
    assert [attempt.outcome for attempt in rig.attempts(post_id)] == ["published"]


def test_a_post_without_a_known_id_has_none_and_names_its_container(rig: PublishingRig) -> None:
    post_ids = [rig.scheduled("instagram", "picture", channel_id=channel) for channel in [rig.channel("instagram")] * 2]
    rig.servers["instagram"].faults.times["spam_but_live"] = 2
    rig.drain()
    containers = {attempt.sent["container"] for post_id in post_ids for attempt in rig.attempts(post_id)}
    assert [rig.post(id).remote_id for id in post_ids] == ["", ""]
    assert len(containers) == 2
    assert containers <= set(rig.servers["instagram"].containers)


def test_an_id_that_another_post_has_is_for_a_person_to_look_at(rig: PublishingRig, monkeypatch: pytest.MonkeyPatch) -> None:
    channel_id = rig.channel("instagram")
    first = rig.scheduled("instagram", "picture", channel_id=channel_id)
    rig.drain()
    same = rig.post(first).remote_id
    monkeypatch.setattr(Instagram, "finalize", lambda *_: Published(same, "https://example.com/p/1"))
    second = rig.scheduled("instagram", "picture", channel_id=channel_id)
    rig.drain()
    post = rig.post(second)
    assert (post.state, post.error_code, post.remote_id) == (S.UNKNOWN, "platform_id_taken", "")
    taken = f"Instagram answered with the id {same}, which another post of this channel has already."
    assert post.error == f"{taken} {decisions.LOOK_AT_ACCOUNT}"
    assert [attempt.outcome for attempt in rig.attempts(second)] == ["unknown"]


def test_what_a_post_waits_for_is_said_on_it(rig: PublishingRig) -> None:
    rig.with_settings(PLATFORM_POLL_S=6.0)
    post_id = rig.scheduled("instagram", "picture")
    rig.servers["instagram"].faults.processing_s = 600
    rig.tick()
    context = rig.run()
    post = rig.post(post_id)
    assert (post.state, post.error) == (S.PUBLISHING, "Instagram works on the files.")
    with rig.app.db.transaction(rig.caller) as tx:
        tx.execute(update(PostAttempt).values(created_at=func.clock_timestamp() - timedelta(minutes=11)))
    rig.run(next_attempt(context))
    assert rig.post(post_id).error.startswith("Instagram works on the files. It has taken 11 minutes so far; after an hour")


def test_a_call_that_was_not_taken_is_sent_again_once_the_platform_says_so(rig: PublishingRig) -> None:
    post_id = rig.scheduled("instagram", "picture")
    rig.servers["instagram"].faults.times["publish_down"] = 2
    rig.drain()
    post = rig.post(post_id)
    assert (post.state, post.tries) == (S.SCHEDULED, 2), "the first time at once, the second after a while"
    assert post.not_before
    assert post.not_before > now() + timedelta(seconds=200)
    containers = len(rig.servers["instagram"].containers)
    rig.later(post_id)
    rig.drain()
    assert rig.post(post_id).state == S.PUBLISHED
    assert len(rig.feed("instagram")) == 1
    assert len(rig.servers["instagram"].containers) == containers, "with what was prepared"
    assert [attempt.outcome for attempt in rig.attempts(post_id)] == ["released", "published"]
    assert rig.attempts(post_id)[1].sent["said"] == ["Instagram: is_ai_generated=true"]


def test_tiktok_pictures_with_a_lost_answer_are_unknown_until_somebody_looks(rig: PublishingRig) -> None:
    post_id = rig.scheduled("tiktok", "picture")
    rig.servers["tiktok"].faults.times["lose_init"] = 1
    rig.drain()
    post, (attempt,) = rig.post(post_id), rig.attempts(post_id)
    assert (post.state, attempt.outcome) == (S.UNKNOWN, "unknown")
    assert post.error.endswith(decisions.LOOK_AT_ACCOUNT)
    assert rig.said[-1].startswith("rejected: TikTok's answer was lost"), "the job says so too"
    assert len(rig.feed("tiktok")) == 1
    rig.decide(post_id, there=False)
    row = rig.row(post_id)
    assert (row.state, row.handle, row.tries) == (S.APPROVED, None, 0)


Ruin = tuple[str, str, dict[str, Any], str, str]
REFUSED: list[Ruin] = [
    ("sandbox", "picture", {"refuse_file": 1}, "failed", "refuses"),
    ("instagram", "picture", {"refuse": [("create", 400, 36003, 2207009)]}, "failed", ""),
    ("instagram", "picture", {"refuse": [("create", 400, 10, 0)]}, "failed", ""),
    ("instagram", "picture", {"refuse": [("create", 400, 4, 0)]}, "released", ""),
    ("instagram", "picture", {"fetch_fails": 1}, "published", ""),
    ("instagram", "picture", {"container_error": 2207032}, "published", ""),
    ("instagram", "picture", {"lose_create": 1}, "released", ""),
    ("tiktok", "video", {"refuse": [("init", 403, "spam_risk_too_many_posts")]}, "released", ""),
    ("tiktok", "video", {"privacy": ["PUBLIC_TO_EVERYONE"]}, "failed", "audience"),
    ("tiktok", "video", {"fail_reason": "file_format_check_failed"}, "failed", ""),
    ("tiktok", "video", {"fail_reason": "internal"}, "published", ""),
    ("tiktok", "video", {"url_expired": 1}, "published", ""),
    ("youtube", "short", {"inserts_a_day": 0}, "released", ""),
    ("youtube", "short", {"rejection": "duplicate"}, "failed", ""),
    ("youtube", "short", {"nothing_stored": 1}, "published", ""),
]


@pytest.mark.parametrize("ruin", REFUSED, ids=[f"{case[0]}-{next(iter(case[2]))}-{case[3]}" for case in REFUSED])
def test_each_refusal_ends_by_its_class(rig: PublishingRig, ruin: Ruin) -> None:
    platform, format, faults, ends, says = ruin
    post_id = rig.scheduled(platform, format)
    for name, value in faults.items():
        server = rig.servers[platform].faults
        if hasattr(server, name):
            setattr(server, name, value)
        else:
            server.times[name] = value
    rig.drain()
    post, last = rig.post(post_id), rig.attempts(post_id)[-1]
    assert last.outcome == ends, (rig.said, post)
    assert says in post.error
    states = {"failed": S.FAILED, "released": S.SCHEDULED, "published": S.PUBLISHED}
    assert post.state == states[ends]
    assert len(rig.feed(platform)) == (1 if ends == "published" else 0)
    if ends == "published":
        assert post.error == ""
    else:
        assert post.error == last.said != ""
        assert rig.row(post_id).phase != "submitting"
    if ends == "failed":
        assert rig.row(post_id).handle is None
        assert rig.said[-1] == f"rejected: {post.error}"
    if ends == "released":
        assert post.not_before
        assert post.not_before > now()


def test_what_never_gets_better_fails_after_six_tries(rig: PublishingRig) -> None:
    post_id = rig.scheduled("sandbox", "picture")
    rig.servers["sandbox"].faults.refuse = [("create", 500, "down")] * 10
    for _ in range(6):
        rig.drain()
        rig.later(post_id)
    post = rig.post(post_id)
    assert (post.state, post.tries) == (S.FAILED, 6)
    assert "tried 6 times" in post.error
    assert [attempt.outcome for attempt in rig.attempts(post_id)] == ["released"] * 5 + ["failed"]
    assert rig.tick() == 0


def test_a_full_quota_waits_for_our_oldest_post_to_leave_the_window(rig: PublishingRig) -> None:
    channel = rig.channel("instagram")
    first = rig.scheduled("instagram", "picture", channel_id=channel)
    rig.drain()
    rig.servers["instagram"].faults.quota_total = 1
    second = rig.scheduled("instagram", "picture", channel_id=channel)
    rig.drain()
    post, out_at = rig.post(second), rig.post(first).published_at
    assert (post.state, post.tries) == (S.SCHEDULED, 0), "not counted"
    assert post.not_before
    assert out_at
    assert abs((post.not_before - out_at).total_seconds() - 86_460) < 30
    assert "1 of 1" in post.error
    assert f"{post.not_before:%H:%M}" in post.error, "with the time, by the plan's own clock (UTC here)"
    rig.servers["instagram"].faults.quota_total = 50
    rig.later(second)
    rig.drain()
    assert rig.post(second).state == S.PUBLISHED


@pytest.mark.parametrize("platform", ["instagram", "youtube"])
def test_a_first_comment_that_was_lost_is_looked_for(rig: PublishingRig, platform: str) -> None:
    post_id = rig.scheduled(platform, "picture" if platform == "instagram" else "short", first_comment="First!")
    rig.servers[platform].faults.times["lose_comment"] = 1
    rig.drain()
    (published,) = rig.feed(platform)
    assert [text for _, text in published.comments] == ["First!"]
    assert rig.attempts(post_id)[0].sent["comment"]["state"] == "written"


def test_a_first_comment_that_cannot_be_written_is_only_a_sentence(rig: PublishingRig) -> None:
    post_id = rig.scheduled("instagram", "picture", first_comment="First!")
    rig.servers["instagram"].faults.refuse = [("comment", 400, 10, 0)]
    rig.drain()
    assert rig.post(post_id).state == S.PUBLISHED
    comment = rig.attempts(post_id)[0].sent["comment"]
    assert comment["state"] == "failed"
    assert comment["said"]


def test_without_a_public_address_the_post_fails_with_what_to_set(rig: PublishingRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "_is_local_platform", lambda *_: False)  # as Instagram's own server is
    rig.with_settings(S3_PUBLIC_ENDPOINT="", PUBLIC_URL="")
    post_id = rig.scheduled("instagram", "picture")
    rig.drain()
    post = rig.post(post_id)
    assert post.state == S.FAILED
    assert "PUBLIC_URL" in post.error


def test_what_is_interrupted_halfway_goes_on_where_it_was(rig: PublishingRig) -> None:
    """A carousel with its first child made: the next try makes the second and the parent, not the first again."""
    post_id = rig.scheduled("instagram", "carousel")
    instagram = rig.servers["instagram"]
    before = len(instagram.containers)
    rig.tick()
    context = rig.context(rig.pending()[0])
    rig.die_at(context, "handle")
    row = rig.row(post_id)
    assert (row.phase, len(instagram.containers) - before) == ("preparing", 1)
    assert row.handle
    assert b"children" not in row.handle, "sealed: it may hold upload addresses"
    instagram.faults.refuse = [("create", 400, 4, 0)]
    rig.run(next_attempt(context))
    assert (rig.post(post_id).state, rig.row(post_id).phase) == (S.SCHEDULED, ""), rig.said
    rig.later(post_id)
    rig.drain()
    assert rig.post(post_id).state == S.PUBLISHED
    assert len(instagram.containers) - before == 3


def test_an_edit_between_two_tries_is_what_goes_out(rig: PublishingRig) -> None:
    post_id = rig.scheduled("sandbox", "picture")
    rig.servers["sandbox"].faults.refuse = [("publish", 429, "rate")]
    rig.drain()
    assert (rig.post(post_id).state, rig.row(post_id).phase) == (S.SCHEDULED, "ready"), rig.said
    rig.edit(post_id, caption="A better one")
    rig.make_due(post_id)
    rig.later(post_id)
    rig.drain()
    assert rig.post(post_id).state == S.PUBLISHED, rig.said
    assert [post.caption for post in rig.feed()] == ["A better one"]


def test_a_stop_switch_between_claim_and_call_holds_it(rig: PublishingRig) -> None:
    post_id = rig.scheduled("sandbox", "picture")
    rig.tick()
    context = rig.context(rig.pending()[0])
    real = context.fault_point

    def reach(at: str) -> None:
        real(at)
        if at == "prepared":
            rig.stop()

    context.fault_point = reach  # type: ignore[method-assign]
    rig.run(context)
    held = rig.post(post_id)
    assert (held.state, held.held_by, held.held_from) == (S.ON_HOLD, rig.influencer_id, S.SCHEDULED)
    assert rig.feed() == []
    assert [attempt.outcome for attempt in rig.attempts(post_id)] == ["held"]


def test_a_token_that_ends_on_the_way_is_renewed_once_and_then_people_are_asked(rig: PublishingRig) -> None:
    post_id = rig.scheduled("tiktok", "video")
    tiktok = rig.servers["tiktok"]
    tiktok.faults.processing_s = 60
    rig.with_settings(PLATFORM_POLL_S=6.0)  # longer waits than a job sits through
    rig.tick()
    rig.run()
    assert (rig.post(post_id).state, rig.row(post_id).phase) == (S.PUBLISHING, "submitting"), rig.said
    tiktok.expire_tokens()
    tiktok.clock.forward(120)
    rig.drain()
    assert rig.post(post_id).state == S.PUBLISHED
    second = rig.scheduled("tiktok", "video", channel_id=rig.post(post_id).channel_id)
    tiktok.expire_tokens()
    tiktok.faults.refuse = [("token", 400, "invalid_grant")] * 3
    rig.drain()
    post = rig.post(second)
    assert (post.state, post.tries, rig.channel_state(post.channel_id)) == (S.SCHEDULED, 0, "reconnect")
    assert "onnect" in post.error
    rig.later(second)
    assert rig.tick() == 0, "it waits for its channel"
    assert len(rig.feed("tiktok")) == 1


def test_what_was_prepared_and_expired_is_prepared_again(rig: PublishingRig) -> None:
    post_id = rig.scheduled("instagram", "picture")
    instagram = rig.servers["instagram"]
    instagram.faults.processing_s = 60
    rig.with_settings(PLATFORM_POLL_S=6.0)
    rig.tick()
    rig.run()
    assert (rig.row(post_id).phase, rig.said[-1].split(":")[0]) == ("ready", "rate_limited")
    for account in instagram.accounts.values():  # the token outlives the container
        account.tokens = dict.fromkeys(account.tokens, instagram.clock.now() + 60 * 86_400)
    instagram.clock.forward(25 * 3600)
    instagram.faults.processing_s = 0
    rig.drain()
    assert rig.post(post_id).state == S.PUBLISHED
    assert [attempt.outcome for attempt in rig.attempts(post_id)] == ["released", "published"]


def test_a_job_that_comes_two_days_late_publishes_nothing(rig: PublishingRig) -> None:
    post_id = rig.scheduled("sandbox", "picture")
    rig.tick()
    rig.make_due(post_id, ago=timedelta(hours=48.5))
    rig.drain()
    assert (rig.post(post_id).state, rig.attempts(post_id)[0].outcome, rig.feed()) == (S.MISSED, "missed", [])

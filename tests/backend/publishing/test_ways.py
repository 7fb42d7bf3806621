"""The happy ways: from a plan that is due to a post on the platform, once, with its AI mark."""

from __future__ import annotations

import pytest

from tests.backend.publishing.desk import Desk, PostState, next_attempt
from tests.support.crashing import crash_at_every_write

AI = {
    "sandbox": "Sandbox: ai_made=true",
    "instagram": "Instagram: is_ai_generated=true",
    "tiktok": "TikTok: is_aigc=true, privacy_level=SELF_ONLY",
    "youtube": "YouTube: containsSyntheticMedia=true, privacyStatus=public",
}
WAYS = [
    ("sandbox", "carousel"),
    ("instagram", "picture"),
    ("instagram", "carousel"),
    ("instagram", "reel"),
    ("tiktok", "video"),
    ("tiktok", "picture"),
    ("youtube", "short"),
]


@pytest.mark.parametrize(("platform", "format"), WAYS, ids=["-".join(way) for way in WAYS])
def test_a_due_post_is_on_its_platform_once_with_its_mark(desk: Desk, platform: str, format: str) -> None:
    post_id = desk.scheduled(platform, format, first_comment="What would you do there?")
    assert [desk.tick(), desk.tick()] == [1, 0], "another tick finds nothing left"
    assert desk.post(post_id).state == PostState.PUBLISHING
    desk.drain()
    post, (seen,) = desk.post(post_id), desk.feed(platform)
    assert (post.state, post.phase, post.error, desk.said[-1]) == (PostState.PUBLISHED, "", "", "published")
    assert "A day at the lake" in seen.caption
    assert len(seen.media) == len(post.media)
    (attempt,) = desk.attempts(post_id)
    assert (attempt.outcome, attempt.sent["ai_made"], attempt.sent["format"]) == ("published", True, format)
    assert attempt.ended_at
    if (platform, format) == ("tiktok", "picture"):  # its API has no flag for pictures: the log says so
        assert "no AI flag" in attempt.sent["said"][0]
    else:
        assert seen.ai
        assert attempt.sent["said"] == [AI[platform]]
    if platform != "tiktok":
        assert (post.remote_id, bool(post.url)) == (seen.id, True)
        assert [text for _, text in seen.comments] == ["What would you do there?"]
        assert attempt.sent["comment"]["state"] == "written"


@pytest.mark.parametrize(("platform", "format"), [("sandbox", "picture"), ("youtube", "short")])
def test_it_may_die_at_every_moment(desk: Desk, platform: str, format: str) -> None:
    """After each commit and each byte: whoever goes on makes it one post, and one comment."""
    channel_id, media = desk.channel(platform), (desk.clip() if format == "short" else desk.asset(),)
    made: list[str] = []

    def begin():  # type: ignore[no-untyped-def]
        desk.servers[platform].posts.clear()
        made.append(desk.scheduled(platform, format, channel_id=channel_id, media=media, first_comment="First!"))
        assert desk.tick() == 1
        return desk.context(desk.pending()[0])

    def check(context):  # type: ignore[no-untyped-def]
        while desk.post(made[-1]).state == PostState.PUBLISHING or _comment(desk, made[-1]) == "sending":
            context = next_attempt(context)
            desk.attempt(context)
        post = desk.post(made[-1])
        assert post.state == PostState.PUBLISHED, (post.error, desk.said)
        (seen,) = desk.feed(platform)
        assert (seen.id, seen.ai, [text for _, text in seen.comments]) == (post.remote_id, True, ["First!"])

    assert crash_at_every_write(begin, desk.attempt, check) > 8


def _comment(desk: Desk, post_id: str) -> str:
    return str(desk.attempts(post_id)[-1].sent["comment"]["state"])

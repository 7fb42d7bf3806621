"""The happy ways: from a plan that is due to a post on the platform, once, with its AI mark."""

from __future__ import annotations

import pytest

from tests.backend.publishing.desk import PostState, PublishingRig, next_attempt
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


@pytest.mark.parametrize(("platform", "format"), WAYS, ids=["-".join(case) for case in WAYS])
def test_a_due_post_is_on_its_platform_once_with_its_mark(rig: PublishingRig, platform: str, format: str) -> None:
    post_id = rig.scheduled(platform, format, first_comment="What would you do there?")
    assert [rig.tick(), rig.tick()] == [1, 0], "another tick finds nothing left"
    assert rig.post(post_id).state == PostState.PUBLISHING
    rig.drain()
    post, (published,) = rig.post(post_id), rig.feed(platform)
    assert (post.state, post.phase, post.error, rig.said[-1]) == (PostState.PUBLISHED, "", "", "published")
    assert "A day at the lake" in published.caption
    assert len(published.media) == len(post.media)
    (attempt,) = rig.attempts(post_id)
    assert (attempt.outcome, attempt.sent["ai_made"], attempt.sent["format"]) == ("published", True, format)
    assert attempt.ended_at
    if (platform, format) == ("tiktok", "picture"):  # its API has no flag for pictures: the log says so
        assert "no AI flag" in attempt.sent["said"][0]
    else:
        assert published.ai
        assert attempt.sent["said"] == [AI[platform]]
    if platform != "tiktok":
        assert (post.remote_id, bool(post.url)) == (published.id, True)
        assert [text for _, text in published.comments] == ["What would you do there?"]
        assert attempt.sent["comment"]["state"] == "written"


@pytest.mark.parametrize(("platform", "format"), [("sandbox", "picture"), ("youtube", "short")])
def test_it_may_die_at_every_moment(rig: PublishingRig, platform: str, format: str) -> None:
    """After each commit and each byte: whoever goes on makes it one post, and one comment."""
    channel_id, media = rig.channel(platform), (rig.clip() if format == "short" else rig.asset(),)
    fault_points: list[str] = []

    def begin():  # type: ignore[no-untyped-def]
        rig.servers[platform].posts.clear()
        fault_points.append(rig.scheduled(platform, format, channel_id=channel_id, media=media, first_comment="First!"))
        assert rig.tick() == 1
        return rig.context(rig.pending()[0])

    def check(context):  # type: ignore[no-untyped-def]
        while rig.post(fault_points[-1]).state == PostState.PUBLISHING or _comment(rig, fault_points[-1]) == "sending":
            context = next_attempt(context)
            rig.attempt(context)
        post = rig.post(fault_points[-1])
        assert post.state == PostState.PUBLISHED, (post.error, rig.said)
        (published,) = rig.feed(platform)
        assert (published.id, published.ai, [text for _, text in published.comments]) == (post.remote_id, True, ["First!"])

    assert crash_at_every_write(begin, rig.attempt, check) > 8


def _comment(rig: PublishingRig, post_id: str) -> str:
    return str(rig.attempts(post_id)[-1].sent["comment"]["state"])

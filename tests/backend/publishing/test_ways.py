"""The happy ways: from a plan that is due to a post on the platform, once, with its AI mark."""

from __future__ import annotations

from tests.backend.publishing.desk import Desk, PostState


def test_a_due_post_is_on_its_platform_once(desk: Desk) -> None:
    post_id = desk.scheduled()
    assert [desk.tick(), desk.tick()] == [1, 0]
    assert desk.post(post_id).state == PostState.PUBLISHING
    desk.drain()
    post = desk.post(post_id)
    assert (post.state, post.phase, post.error) == (PostState.PUBLISHED, "", "")
    (seen,) = desk.feed()
    assert (seen.id, seen.ai, seen.caption) == (post.remote_id, True, "A day at the lake, made with AI")
    assert post.url
    (attempt,) = desk.attempts(post_id)
    assert (attempt.outcome, attempt.sent["ai_made"], attempt.sent["said"]) == ("published", True, ["Sandbox: ai_made=true"])
    assert attempt.ended_at

"""States, review, clashes and gaps, on their own."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.content_plans import rules
from backend.content_plans.rules import EDITABLE, PlannedPost, aggregate, state_after_edit
from backend.db.tables import POST_MOVES, PostState

S = PostState
states = st.sampled_from(PostState)
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


def test_the_table_of_moves_is_whole() -> None:
    assert set(POST_MOVES) == set(PostState)
    assert all(state not in targets for state, targets in POST_MOVES.items())
    assert not POST_MOVES[S.PUBLISHED], "what is out stays out"
    assert {state for state in S if S.PUBLISHING in POST_MOVES[state]} == {S.SCHEDULED}, "only the clockwork publishes"
    assert {state for state in S if S.SCHEDULED in POST_MOVES[state]} == {S.APPROVED, S.PUBLISHING, S.ON_HOLD}


@given(st.lists(states, max_size=8))
def test_every_post_can_still_come_to_its_end_and_none_is_stuck(path: list[PostState]) -> None:
    state = S.DRAFT
    for target in path:
        state = target if target in POST_MOVES[state] else state
    reached, edge = {state}, [state]
    while edge:
        new = POST_MOVES[edge.pop()] - reached
        reached |= new
        edge += new
    assert S.PUBLISHED in reached


@given(states, st.booleans())
def test_an_edit_of_what_was_approved_reopens_its_review(state: PostState, review: bool) -> None:
    if state not in EDITABLE:
        with pytest.raises(KeyError):
            state_after_edit(state, review=review)
        return
    after = state_after_edit(state, review=review)
    assert after == state or after in POST_MOVES[state]
    assert not (review and after in (S.APPROVED, S.SCHEDULED))


@given(st.lists(states))
def test_a_plan_is_what_needs_people_first(states: list[PostState]) -> None:
    state = aggregate(states)
    assert state == S.DRAFT if not states else state in states
    assert not set(rules.outranking_states(state)) & set(states)
    if state == S.PUBLISHED:
        assert set(states) == {S.PUBLISHED}


@given(st.sampled_from(["all", "first", "auto"]), st.integers(0, 9), st.integers(0, 9))
def test_who_reviews(policy: str, first_n: int, approved: int) -> None:
    needs = rules.needs_review(policy, first_n=first_n, approved=approved)
    assert needs == {"all": True, "auto": False, "first": approved < first_n}[policy]


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from("ab"), st.integers(0, 600)), max_size=12), st.integers(0, 120))
def test_clashes_are_all_pairs_that_are_too_near(drawn: list[tuple[int, str, int]], gap: int) -> None:
    posts = [
        PlannedPost(f"post_{n}", f"cp_{plan}", channel, NOON + timedelta(minutes=m))
        for n, (plan, channel, m) in enumerate(drawn)
    ]
    pairs = {frozenset((clash.plan_id, clash.other_plan_id)) for clash in rules.find_clashes(posts, gap_minutes=gap)}
    expected = {
        frozenset((a.plan_id, b.plan_id))
        for a in posts
        for b in posts
        if a.channel_id == b.channel_id and a.plan_id != b.plan_id and abs(a.due_at - b.due_at) < timedelta(minutes=gap)  # type: ignore[operator]
    }
    assert pairs == expected


def test_the_same_words_twice_on_a_channel() -> None:
    fingerprint = rules.fingerprint("Good morning, Rome! ☀️")
    same = rules.fingerprint("good morning rome")
    posts = [
        PlannedPost("p1", "cp1", "ch", None, fingerprint),
        PlannedPost("p2", "cp2", "ch", None, same),
        PlannedPost("p3", "cp3", "ch2", None, fingerprint),
    ]
    assert [(clash.kind, clash.plan_id, clash.other_plan_id) for clash in rules.find_clashes(posts, gap_minutes=60)] == [
        ("same", "cp1", "cp2")
    ]
    assert rules.fingerprint(" ☀️ ") == ""


@given(st.sets(st.integers(0, 30)), st.integers(1, 5))
def test_gaps_and_used_days_are_everything(used: set[int], least: int) -> None:
    first = date(2026, 12, 1)
    periods = rules.empty_periods([first + timedelta(days=n) for n in used], first, first + timedelta(days=30), least=least)
    empty = {(start - first).days + n for start, end in periods for n in range((end - start).days + 1)}
    assert not empty & used
    assert all((end - start).days + 1 >= least for start, end in periods)
    if least == 1:
        assert empty | used == set(range(31))


def test_hashtags_and_captions() -> None:
    assert rules.parse_hashtags("#Sun, beach#fun  #SUN ## #été") == ("Sun", "beach", "fun", "été")
    assert rules.whole_caption("Hi #sun ", ("Sun", "beach")) == "Hi #sun\n\n#beach"
    assert rules.whole_caption("", ()) == ""


def test_cooldown() -> None:
    assert rules.remaining_cooldown(None, NOON, days=60) == timedelta(0)
    assert rules.remaining_cooldown(NOON - timedelta(days=20), NOON, days=60) == timedelta(days=40)
    assert rules.remaining_cooldown(NOON - timedelta(days=90), NOON, days=60) == timedelta(0)

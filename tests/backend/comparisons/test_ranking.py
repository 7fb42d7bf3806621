"""Votes become an order: bounds that hold, an order that follows wins, pairs that are fair."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.comparisons import ranking
from backend.comparisons.schemas import CONTROL, Arm, DrawnCell, PairResult

ARMS = [Arm(step, strength) for step in (50, 100) for strength in (0.6, 1.0)]
VOTES = st.lists(st.tuples(st.permutations(range(len(ARMS))), st.integers(-1, 1)), max_size=60)


def duels(votes: list[tuple[list[int], int]]) -> list[PairResult]:
    return [
        PairResult(ARMS[order[0]], ARMS[order[1]], None if won == 0 else ARMS[order[0] if won < 0 else order[1]])
        for order, won in votes
    ]


def cells(prompts: int = 2, seeds: int = 2) -> list[DrawnCell]:
    votes_made = []
    for arm in [CONTROL, *ARMS]:
        for p in range(prompts):
            votes_made += [DrawnCell(f"{arm}-{p}-{s}", 0, arm, p, s, "", "0" * 16, None, None) for s in range(seeds)]
    return votes_made


@given(st.integers(0, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_the_share_and_narrows(pair: tuple[int, int]) -> None:
    wins, n = pair
    low, high = ranking.wilson(wins, n)
    assert 0 <= low <= high <= 1
    if n:
        assert low <= wins / n <= high
        wider = ranking.wilson(wins, n, z=3)
        assert wider[0] <= low
        assert high <= wider[1]
        longer = ranking.wilson(wins * 4, n * 4)
        assert longer[1] - longer[0] < high - low


def test_wilson_is_the_published_interval() -> None:
    """Newcombe 1998, method 3: 81 of 263, and 0 of 20."""
    assert ranking.wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert ranking.wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)
    assert ranking.wilson(0, 0) == (0, 1)


@given(VOTES)
def test_wins_and_losses_balance(votes: list[tuple[list[int], int]]) -> None:
    votes_made = duels(votes)
    ranks = ranking.rank([CONTROL, *ARMS], votes_made)
    assert {rank.arm for rank in ranks} == set(ARMS)
    assert sum(rank.wins for rank in ranks) == len(votes_made)
    assert sum(rank.n for rank in ranks) == 2 * len(votes_made)
    assert [rank.low for rank in ranks] == sorted((rank.low for rank in ranks), reverse=True)


@given(VOTES, st.permutations(range(len(ARMS))))
def test_one_more_win_never_lowers_an_arm(votes: list[tuple[list[int], int]], order: list[int]) -> None:
    winner, loser = ARMS[order[0]], ARMS[order[1]]
    before = [entry.arm for entry in ranking.rank(ARMS, duels(votes))]
    after = [entry.arm for entry in ranking.rank(ARMS, [*duels(votes), PairResult(winner, loser, winner)])]
    assert after.index(winner) <= before.index(winner)


def test_a_clear_order_needs_no_more_votes() -> None:
    best = ARMS[2]
    votes_made = [PairResult(best, other, best) for other in ARMS if other != best for _ in range(12)]
    assert ranking.votes_left(ranking.rank(ARMS, [])) == 4 + ranking.votes_left(ranking.rank(ARMS[:2], []))
    assert ranking.votes_left(ranking.rank(ARMS, votes_made)) == 0
    assert ranking.votes_left(ranking.rank(ARMS[:1], [])) == 0


@given(VOTES)
def test_two_equal_arms_do_not_ask_for_ever(votes: list[tuple[list[int], int]]) -> None:
    ranks = ranking.rank(ARMS, duels(votes))
    assert 0 <= ranking.votes_left(ranks) <= 8 + 31


def test_pairs_are_fair_blind_and_end() -> None:
    rng, seen_pairs, shown = random.Random(1), set(), Counter[Arm]()
    lefts = 0
    votes_made: list[PairResult] = []
    while pair := ranking.next_pair(cells(), ranking.rank(ARMS, votes_made), seen_pairs, rng):
        one, other = pair
        assert (one.prompt_n, one.seed_n) == (other.prompt_n, other.seed_n)
        assert one.arm != other.arm
        assert not one.arm.control
        assert not other.arm.control
        seen_pairs.add(frozenset((one.id, other.id)))
        shown.update((one.arm, other.arm))
        lefts += one.arm < other.arm
        votes_made.append(PairResult(one.arm, other.arm, None))
        assert max(shown.values()) - min(shown[arm] for arm in ARMS) <= 2
    assert len(votes_made) == 4 * 6, "every pair of arms on every prompt and seed, once"
    assert 4 <= lefts <= 20


def test_arms_that_have_lost_come_last() -> None:
    lost = ARMS[0]
    votes_made = [PairResult(other, lost, other) for other in ARMS[1:] for _ in range(10)]
    votes_made += [PairResult(ARMS[1], ARMS[2], ARMS[1])] * 9
    pair = ranking.next_pair(cells(), ranking.rank(ARMS, votes_made), set(), random.Random(3))
    assert pair
    assert lost not in {cell.arm for cell in pair}

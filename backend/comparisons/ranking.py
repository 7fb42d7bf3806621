"""What blind votes say: Wilson intervals, an order, how many more votes would settle it, which pair to show next. Pure."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Collection, Sequence
from itertools import combinations

from backend.comparisons.schemas import Arm, Cell, PairResult, Rank

Z = 1.96
"""95 %."""
MIN_VOTES = 4
"""Votes on an arm below which nothing is said about it."""
SMALL_GAP = 0.25
"""Two arms closer than this in their share of wins are as good as each other: no amount of clicks is asked for that."""


def wilson(wins: float, n: int, z: float = Z) -> tuple[float, float]:
    """Interval of the true share of wins after `wins` of `n`; (0, 1) for nothing seen. Bounds lie in 0..1."""
    if n <= 0:
        return 0.0, 1.0
    share, square = wins / n, z * z / n
    middle = share + square / 2
    reach = z * math.sqrt((share * (1 - share) + square / 4) / n)
    low, high = (middle - reach) / (1 + square), (middle + reach) / (1 + square)
    return round(max(0.0, low), 12), round(min(1.0, high), 12)  # all wins: 1, whatever the last bits are


def rank(arms: Sequence[Arm], duels: Sequence[PairResult]) -> list[Rank]:
    """The surest winner first: by the lower bound, then the share of wins, then the earlier and weaker one."""
    wins: dict[Arm, float] = defaultdict(float)
    shown: dict[Arm, int] = defaultdict(int)
    for duel in duels:
        for arm in (duel.one, duel.other):
            shown[arm] += 1
            wins[arm] += 0.5 if duel.winner is None else float(duel.winner == arm)
    ranks = [Rank(arm, wins[arm], shown[arm], *wilson(wins[arm], shown[arm])) for arm in arms if not arm.control]
    return sorted(ranks, key=lambda one: (-one.low, -(one.wins / one.n if one.n else 0.0), one.arm))


def votes_left(ranks: Sequence[Rank]) -> int:
    """About how many more votes until the order is likely settled: every arm seen `MIN_VOTES` times, and the first two told
    apart (or found equally good). 0: it is settled."""
    if len(ranks) < 2:
        return 0
    first, second = ranks[:2]
    unseen = sum(max(0, MIN_VOTES - one.n) for one in ranks if one.high >= first.low)
    if first.low > second.high:
        return math.ceil(unseen / 2)
    pair = sum(max(0, _needed(first, second) - max(one.n, MIN_VOTES)) for one in (first, second))
    return math.ceil((unseen + pair) / 2)


def next_pair(
    cells: Sequence[Cell], ranks: Sequence[Rank], seen: Collection[frozenset[str]], rng: random.Random
) -> tuple[Cell, Cell] | None:
    """Two cells of the same prompt and seed that `seen` (pairs of cell ids) does not hold, left and right at random.

    Arms seen least come first, and those that may still be the best before those that no longer can be.
    """
    by_arm = {one.arm: one for one in ranks}
    best_low = max((one.low for one in ranks if one.n >= MIN_VOTES), default=0.0)
    rows: dict[tuple[int, int], list[Cell]] = defaultdict(list)
    for cell in cells:
        if cell.arm in by_arm:
            rows[cell.prompt_n, cell.seed_n].append(cell)
    best: tuple[tuple[float, float, float], tuple[Cell, Cell]] | None = None
    for row in rows.values():
        for one, other in combinations(row, 2):
            if frozenset((one.id, other.id)) in seen:
                continue
            out = sum(by_arm[cell.arm].high < best_low for cell in (one, other))
            votes = by_arm[one.arm].n + by_arm[other.arm].n
            weight = (float(out), float(votes), rng.random())
            if best is None or weight < best[0]:
                best = weight, (one, other)
    if best is None:
        return None
    one, other = best[1]
    return (one, other) if rng.random() < 0.5 else (other, one)


def _needed(first: Rank, second: Rank) -> int:
    """Votes on each of two arms after which their gap, if it stays, is no accident. The first few votes exaggerate, so two
    wins and two losses are added to both (Agresti and Coull 1998)."""
    p, q = ((one.wins + 2) / (one.n + 4) for one in (first, second))
    gap = max(abs(p - q), SMALL_GAP)
    return math.ceil(Z * Z * (p * (1 - p) + q * (1 - q)) / (gap * gap))

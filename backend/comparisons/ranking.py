"""Ranking by blind votes: Wilson intervals, an order, how many more votes would settle it, which pair to show next. Pure."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Collection, Sequence
from itertools import combinations

from backend.comparisons.schemas import Arm, DrawnCell, PairResult, Rank

Z = 1.96
"""z-score of a 95 % confidence interval."""
MIN_VOTES = 4
"""An arm with fewer votes is not judged by them."""
SMALL_GAP = 0.25
"""Two arms whose shares of wins differ by less count as equally good: telling them apart would take too many votes."""


def wilson(wins: float, n: int, z: float = Z) -> tuple[float, float]:
    """Wilson score interval of the share of wins after `wins` of `n` votes, within 0..1; (0, 1) when `n` is 0."""
    if n <= 0:
        return 0.0, 1.0
    share, square = wins / n, z * z / n
    middle = share + square / 2
    reach = z * math.sqrt((share * (1 - share) + square / 4) / n)
    low, high = (middle - reach) / (1 + square), (middle + reach) / (1 + square)
    return round(max(0.0, low), 12), round(min(1.0, high), 12)  # rounding errors must not keep "all wins" below 1


def rank(arms: Sequence[Arm], results: Sequence[PairResult]) -> list[Rank]:
    """Arms ordered by the lower bound of their interval, then by share of wins, then the earlier and weaker one first."""
    wins: dict[Arm, float] = defaultdict(float)
    shown: dict[Arm, int] = defaultdict(int)
    for result in results:
        for arm in (result.first, result.second):
            shown[arm] += 1
            wins[arm] += 0.5 if result.winner is None else float(result.winner == arm)
    ranks = [Rank(arm, wins[arm], shown[arm], *wilson(wins[arm], shown[arm])) for arm in arms if not arm.control]
    return sorted(ranks, key=lambda item: (-item.low, -(item.wins / item.n if item.n else 0.0), item.arm))


def votes_left(ranks: Sequence[Rank]) -> int:
    """About how many more votes until the order is likely settled: every arm that may win has `MIN_VOTES`, and the first two
    are told apart (or equally good). 0: it is settled."""
    if len(ranks) < 2:
        return 0
    first, second = ranks[:2]
    unseen = sum(max(0, MIN_VOTES - item.n) for item in ranks if item.high >= first.low)
    if first.low > second.high:
        return math.ceil(unseen / 2)
    pair = sum(max(0, _votes_needed(first, second) - max(item.n, MIN_VOTES)) for item in (first, second))
    return math.ceil((unseen + pair) / 2)


def next_pair(
    cells: Sequence[DrawnCell], ranks: Sequence[Rank], seen_pairs: Collection[frozenset[str]], rng: random.Random
) -> tuple[DrawnCell, DrawnCell] | None:
    """Two cells of the same prompt and seed that are not in `seen_pairs` (of cell ids), left and right at random; None: all
    seen.

    Arms that may still be the best come first, then those with the fewest votes.
    """
    ranks_by_arm = {item.arm: item for item in ranks}
    best_low = max((item.low for item in ranks if item.n >= MIN_VOTES), default=0.0)
    rows: dict[tuple[int, int], list[DrawnCell]] = defaultdict(list)
    for cell in cells:
        if cell.arm in ranks_by_arm:
            rows[cell.prompt_n, cell.seed_n].append(cell)
    best: tuple[tuple[float, float, float], tuple[DrawnCell, DrawnCell]] | None = None
    for row in rows.values():
        for left, right in combinations(row, 2):
            if frozenset((left.id, right.id)) in seen_pairs:
                continue
            beaten = sum(ranks_by_arm[cell.arm].high < best_low for cell in (left, right))
            votes = ranks_by_arm[left.arm].n + ranks_by_arm[right.arm].n
            weight = (float(beaten), float(votes), rng.random())
            if best is None or weight < best[0]:
                best = weight, (left, right)
    if best is None:
        return None
    left, right = best[1]
    return (left, right) if rng.random() < 0.5 else (right, left)


def _votes_needed(first: Rank, second: Rank) -> int:
    """Votes on each of two arms after which their gap, if it stays, is no accident. The first few votes exaggerate, so two
    wins and two losses are added to both (Agresti and Coull 1998)."""
    p, q = ((item.wins + 2) / (item.n + 4) for item in (first, second))
    gap = max(abs(p - q), SMALL_GAP)
    return math.ceil(Z * Z * (p * (1 - p) + q * (1 - q)) / (gap * gap))

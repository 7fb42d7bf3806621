"""What scores and votes together say: figures per arm, signs of overfitting, one suggestion with its reason. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from statistics import fmean

from backend.comparisons.ranking import MIN_VOTES
from backend.comparisons.schemas import Arm, Cell, Figures, Judged, PairResult, Rank, Suggestion, Warned

IDENTITY_WEIGHT = 0.5
ADHERENCE_WEIGHT = 0.2
VOTES_WEIGHT = 0.3
"""What counts how much; what has no number does not count, and the others share its part."""
OVERFIT_PENALTY = 0.15
CLOSE = 0.02
"""Scores nearer than this are called equal."""
IDENTITY_HOLDS = 0.05
"""Identity counts as high while it is at most this far below the best of the earlier checkpoints."""
IDENTITY_FALLS = 0.2
"""A checkpoint this far below the best of the earlier ones has lost a face that was known: it is burnt."""
OBEYS = 0.9
"""While so much of what prompts ask for is there, pictures that look alike are different pictures of one pose."""
ADHERENCE_FALLS = 0.2
AGREEMENT_FALLS = 0.08
"""The same where a CLIP judges: its figures span 0.4 to 0.9, and a tenth of them is a different picture."""
SPREAD_SHRINKS = 0.6
"""Pictures that differ by less than this part of what an earlier checkpoint's did look like one another."""
NEAR_DUPLICATES = 0.1
"""Pictures of different prompts and seeds that differ by less, whatever came before, are the same picture again."""
MIN_PICTURES = 3
"""Two pictures may look alike by chance."""
_BITS = 64


def figures(arms: Sequence[Arm], cells: Sequence[Cell]) -> list[Figures]:
    """Arms in their order; those without a picture are there with zero."""
    by_arm: dict[Arm, list[Cell]] = {arm: [] for arm in arms}
    for cell in cells:
        by_arm[cell.arm].append(cell)
    return [_figures(arm, found) for arm, found in by_arm.items()]


def difference(one: str, other: str) -> float:
    """0..1 between two 64-bit difference hashes in hexadecimal."""
    return (int(one, 16) ^ int(other, 16)).bit_count() / _BITS


def adherence(
    prompt: str, traits: Mapping[str, str], places: Mapping[str, str], colours: Sequence[str]
) -> dict[str, list[object]]:
    """What the prompt asks for and whether a classifier with the heads `scene` and `cloth` saw it: {"place": ["in a gym",
    True], "clothes": ["red", False]}. `places`: scene -> the words for it. Empty: the prompt names nothing it knows."""
    said, seen = prompt.lower(), {}
    if asked := next((scene for scene, words in places.items() if words in said), None):
        seen["place"] = [places[asked], traits.get("scene") == asked]
    if colour := next((c for c in colours for article in ("", "a ", "an ") if f"wearing {article}{c}" in said), None):
        seen["clothes"] = [colour, traits.get("cloth") == colour]
    return seen


def share(seen: Mapping[str, Sequence[object]]) -> float | None:
    return fmean(float(bool(found)) for _, found in seen.values()) if seen else None


def overfit(found: Sequence[Figures], judged: Judged | None = None) -> list[Warned]:
    """Each arm against the earlier checkpoints at its strength, and against the base model."""
    by_words = bool(judged and judged.by_words)
    warned = []
    for one in found:
        earlier = [
            other
            for other in found
            if other.pictures
            and other.arm.step < one.arm.step
            and (other.arm.control or other.arm.strength == one.arm.strength)
        ]
        if not one.arm.control and one.pictures and (signs := _signs(one, earlier, by_words=by_words)):
            warned.append(Warned(one.arm, f"{_capital(str(one.arm))} may be overfitted: {', and '.join(signs)}."))
    return warned


def suggest(
    found: Sequence[Figures],
    ranks: Sequence[Rank],
    warnings: Sequence[Warned],
    duels: Sequence[PairResult],
    judged: Judged | None,
) -> Suggestion:
    """One arm, or none while there is nothing to go by. More wins for an arm never take the suggestion from it."""
    candidates = [one for one in found if one.pictures and not one.arm.control]
    votes = {one.arm: one for one in ranks} if duels else {}
    if not candidates:
        return Suggestion(None, 0.0, "No picture of a checkpoint is there yet.")
    if not votes and all(one.identity is None and one.adherence is None for one in candidates):
        return Suggestion(
            None, 0.0, f"There are no scores to go by here. Vote on at least {MIN_VOTES} pairs to get a suggestion."
        )
    doubtful = {one.arm for one in warnings}
    own = (judged and judged.own) or 1.0
    scores = {one.arm: _score(one, votes, own) - OVERFIT_PENALTY * (one.arm in doubtful) for one in candidates}
    order = sorted(candidates, key=lambda one: (-scores[one.arm], one.arm))
    best, rest = order[0], order[1:]
    reason = _reason(best, votes.get(best.arm), judged)
    if rest and scores[best.arm] - scores[rest[0].arm] < CLOSE:
        reason += f" Close behind: {rest[0].arm}."
    if best.arm in doubtful:
        reason += " Mind its warning."
    return Suggestion(best.arm, max(0.0, min(1.0, scores[best.arm])), reason)


def _figures(arm: Arm, cells: Sequence[Cell]) -> Figures:
    identity = [one.identity for one in cells if one.identity is not None]
    obeyed = [one.adherence for one in cells if one.adherence is not None]
    apart = [difference(one.dhash, other.dhash) for one, other in combinations(cells, 2)]
    return Figures(
        arm,
        len(cells),
        fmean(identity) if identity else None,
        fmean(obeyed) if obeyed else None,
        fmean(apart) if apart else None,
    )


def _signs(one: Figures, earlier: Sequence[Figures], *, by_words: bool) -> list[str]:
    knew = max((o for o in earlier if o.identity is not None), key=lambda o: o.identity or 0.0, default=None)
    lost = (knew.identity or 0.0) - one.identity if knew and one.identity is not None else 0.0
    if knew and lost >= IDENTITY_FALLS and not knew.arm.control:
        return [f"the face is falling apart ({one.identity:.0%}, {_where(knew)} {knew.identity:.0%})"]
    signs = []
    obedient = max((o for o in earlier if o.adherence is not None), key=lambda o: o.adherence or 0.0, default=None)
    falls = AGREEMENT_FALLS if by_words else ADHERENCE_FALLS
    if one.adherence is not None and obedient and (obedient.adherence or 0.0) - one.adherence >= falls:
        what = "prompts are followed to" if by_words else "places and clothes asked for are there in"
        signs.append(f"{what} {one.adherence:.0%}, {_where(obedient)} {'to' if by_words else 'in'} {obedient.adherence:.0%}")
    if lost <= IDENTITY_HOLDS:  # a face less well known than before may look alike for another reason
        signs += _alike(one, [other for other in earlier if not other.arm.control], by_words=by_words)
    if signs and one.identity is not None:
        signs[0] = f"the face is there ({one.identity:.0%}), but {signs[0]}"
    return signs


def _alike(one: Figures, earlier: Sequence[Figures], *, by_words: bool) -> list[str]:
    """The base model is no measure here: it draws another person for every prompt, a LoRA should not."""
    if one.spread is None or one.pictures < MIN_PICTURES:
        return []
    if not by_words and (one.adherence or 0.0) >= OBEYS:
        return []
    if one.spread < NEAR_DUPLICATES:
        return [f"its pictures of different prompts and seeds are nearly the same (they differ by {one.spread:.0%})"]
    varied = max((other for other in earlier if other.spread), key=lambda other: other.spread or 0.0, default=None)
    if varied and one.spread < SPREAD_SHRINKS * (varied.spread or 0.0):
        return [f"its pictures look alike (they differ by {one.spread:.0%}, {_where(varied)} by {varied.spread:.0%})"]
    return []


def _where(one: Figures) -> str:
    return "without the LoRA" if one.arm.control else f"at step {one.arm.step:,}"


def _score(one: Figures, votes: Mapping[Arm, Rank], own: float) -> float:
    parts = []
    if one.identity is not None:
        parts.append((IDENTITY_WEIGHT, min(1.0, one.identity / own)))
    if one.adherence is not None:
        parts.append((ADHERENCE_WEIGHT, one.adherence))
    if votes:
        parts.append((VOTES_WEIGHT, votes[one.arm].low if one.arm in votes else 0.0))
    total = sum(weight for weight, _ in parts)
    return sum(weight * value for weight, value in parts) / total if total else 0.0


def _reason(best: Figures, votes: Rank | None, judged: Judged | None) -> str:
    said = []
    if best.identity is not None:
        own = f" (the training pictures themselves reach {judged.own:.0%})" if judged and judged.own else ""
        said.append(f"its identity score over {_pictures(best.pictures)} is {best.identity:.0%}{own}")
    if best.adherence is not None:
        by_words = judged and judged.by_words
        said.append(
            f"its pictures agree with the prompts to {best.adherence:.0%}" if by_words
            else f"{best.adherence:.0%} of the places and clothes asked for are there"
        )  # fmt: skip
    if votes and votes.n:
        said.append(f"it won {votes.wins:g} of {votes.n} blind votes")
    listed = said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}" if said else "nothing speaks against it"
    return f"{_capital(str(best.arm))}: {listed}."


def _pictures(n: int) -> str:
    return "1 picture" if n == 1 else f"{n} pictures"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

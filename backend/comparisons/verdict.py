"""What scores and votes add up to: mean scores per arm, signs of overfitting, one suggestion with its reason. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from statistics import fmean

from backend.comparisons.ranking import MIN_VOTES
from backend.comparisons.schemas import Arm, ArmScores, ArmSuggestion, DrawnCell, OverfitWarning, PairResult, Rank, ScoringInfo

IDENTITY_WEIGHT = 0.5
ADHERENCE_WEIGHT = 0.2
VOTES_WEIGHT = 0.3
"""Weights of the three scores. A score that is missing is left out, and the weights of the others are scaled up."""
OVERFIT_PENALTY = 0.15
CLOSE = 0.02
"""Scores nearer than this are called equal."""
IDENTITY_HOLDS = 0.05
"""Identity counts as high while it is at most this far below the best of the earlier checkpoints."""
IDENTITY_FALLS = 0.2
"""A checkpoint this far below the best of the earlier ones has lost a face it knew (it is overtrained)."""
FOLLOWS_PROMPTS = 0.9
"""While at least this share of what prompts ask for is in the pictures, similar pictures are no sign of overfitting: they show
different things in one pose."""
ADHERENCE_FALLS = 0.2
AGREEMENT_FALLS = 0.08
"""The same where a CLIP judges: its figures span 0.4 to 0.9, and a tenth of them is a different picture."""
SPREAD_SHRINKS = 0.6
"""Pictures that differ by less than this part of what an earlier checkpoint's did look like one another."""
NEAR_DUPLICATES = 0.1
"""Pictures of different prompts and seeds that differ by less count as the same picture, whatever earlier checkpoints drew."""
MIN_PICTURES = 3
"""Two pictures may look alike by chance."""
_BITS = 64


def arm_scores(arms: Sequence[Arm], cells: Sequence[DrawnCell]) -> list[ArmScores]:
    """Mean scores of each arm, in the order of `arms`; an arm without pictures has `pictures` 0."""
    by_arm: dict[Arm, list[DrawnCell]] = {arm: [] for arm in arms}
    for cell in cells:
        by_arm[cell.arm].append(cell)
    return [_arm_scores(arm, arm_cells) for arm, arm_cells in by_arm.items()]


def hash_difference(first: str, second: str) -> float:
    """0..1 between two 64-bit difference hashes in hexadecimal."""
    return (int(first, 16) ^ int(second, 16)).bit_count() / _BITS


def adherence(
    prompt: str, traits: Mapping[str, str], places: Mapping[str, str], colours: Sequence[str]
) -> dict[str, list[object]]:
    """What the prompt asks for and whether a classifier with the heads `scene` and `cloth` saw it: {"place": ["in a gym",
    True], "clothes": ["red", False]}. `places`: scene -> the words for it. Empty: the prompt names nothing it knows."""
    lower_prompt, seen = prompt.lower(), {}
    if scene_asked := next((scene for scene, place_words in places.items() if place_words in lower_prompt), None):
        seen["place"] = [places[scene_asked], traits.get("scene") == scene_asked]
    if colour := next((c for c in colours for article in ("", "a ", "an ") if f"wearing {article}{c}" in lower_prompt), None):
        seen["clothes"] = [colour, traits.get("cloth") == colour]
    return seen


def seen_share(seen: Mapping[str, Sequence[object]]) -> float | None:
    return fmean(float(bool(was_seen)) for _, was_seen in seen.values()) if seen else None


def overfit_warnings(scores: Sequence[ArmScores], info: ScoringInfo | None = None) -> list[OverfitWarning]:
    """Each arm against the earlier checkpoints at its strength, and against the base model."""
    by_words = bool(info and info.by_words)
    warnings = []
    for current in scores:
        earlier = [
            other
            for other in scores
            if other.pictures
            and other.arm.step < current.arm.step
            and (other.arm.control or other.arm.strength == current.arm.strength)
        ]
        if not current.arm.control and current.pictures and (signs := _overfit_signs(current, earlier, by_words=by_words)):
            warnings.append(
                OverfitWarning(current.arm, f"{_capital(str(current.arm))} may be overfitted: {', and '.join(signs)}.")
            )
    return warnings


def suggest(
    arms: Sequence[ArmScores],
    ranks: Sequence[Rank],
    warnings: Sequence[OverfitWarning],
    votes_cast: Sequence[PairResult],
    info: ScoringInfo | None,
) -> ArmSuggestion:
    """One arm, or none while there is nothing to go by. More wins for an arm never take the suggestion from it."""
    candidates = [item for item in arms if item.pictures and not item.arm.control]
    votes = {item.arm: item for item in ranks} if votes_cast else {}
    if not candidates:
        return ArmSuggestion(None, 0.0, "No picture of a checkpoint is there yet.")
    if not votes and all(item.identity is None and item.adherence is None for item in candidates):
        return ArmSuggestion(
            None, 0.0, f"There are no scores to go by here. Vote on at least {MIN_VOTES} pairs to get a suggestion."
        )
    overfitted = {item.arm for item in warnings}
    own = (info and info.own) or 1.0
    totals = {item.arm: _score(item, votes, own) - OVERFIT_PENALTY * (item.arm in overfitted) for item in candidates}
    order = sorted(candidates, key=lambda item: (-totals[item.arm], item.arm))
    best, rest = order[0], order[1:]
    reason = _reason(best, votes.get(best.arm), info)
    if rest and totals[best.arm] - totals[rest[0].arm] < CLOSE:
        reason += f" Close behind: {rest[0].arm}."
    if best.arm in overfitted:
        reason += " Mind its warning."
    return ArmSuggestion(best.arm, max(0.0, min(1.0, totals[best.arm])), reason)


def _arm_scores(arm: Arm, cells: Sequence[DrawnCell]) -> ArmScores:
    identity = [cell.identity for cell in cells if cell.identity is not None]
    adherences = [cell.adherence for cell in cells if cell.adherence is not None]
    differences = [hash_difference(cell.dhash, other.dhash) for cell, other in combinations(cells, 2)]
    return ArmScores(
        arm,
        len(cells),
        fmean(identity) if identity else None,
        fmean(adherences) if adherences else None,
        fmean(differences) if differences else None,
    )


def _overfit_signs(current: ArmScores, earlier: Sequence[ArmScores], *, by_words: bool) -> list[str]:
    best_identity = max(
        (item for item in earlier if item.identity is not None), key=lambda item: item.identity or 0.0, default=None
    )
    identity_loss = (
        (best_identity.identity or 0.0) - current.identity if best_identity and current.identity is not None else 0.0
    )
    if best_identity and identity_loss >= IDENTITY_FALLS and not best_identity.arm.control:
        return [f"the face is falling apart ({current.identity:.0%}, {_where(best_identity)} {best_identity.identity:.0%})"]
    signs = []
    best_adherence = max(
        (item for item in earlier if item.adherence is not None), key=lambda item: item.adherence or 0.0, default=None
    )
    falls = AGREEMENT_FALLS if by_words else ADHERENCE_FALLS
    if current.adherence is not None and best_adherence and (best_adherence.adherence or 0.0) - current.adherence >= falls:
        what = "prompts are followed to" if by_words else "places and clothes asked for are there in"
        before = f"{_where(best_adherence)} {'to' if by_words else 'in'} {best_adherence.adherence:.0%}"
        signs.append(f"{what} {current.adherence:.0%}, {before}")
    if identity_loss <= IDENTITY_HOLDS:  # a face less well known than before may look alike for another reason
        signs += _sameness_signs(current, [other for other in earlier if not other.arm.control], by_words=by_words)
    if signs and current.identity is not None:
        signs[0] = f"the face is there ({current.identity:.0%}), but {signs[0]}"
    return signs


def _sameness_signs(current: ArmScores, earlier: Sequence[ArmScores], *, by_words: bool) -> list[str]:
    """Signs that an arm's pictures are all alike. `earlier` holds no base model: that one draws another person for every
    prompt, which a LoRA should not, so its spread is no reference."""
    if current.spread is None or current.pictures < MIN_PICTURES:
        return []
    if not by_words and (current.adherence or 0.0) >= FOLLOWS_PROMPTS:
        return []
    if current.spread < NEAR_DUPLICATES:
        return [f"its pictures of different prompts and seeds are nearly the same (they differ by {current.spread:.0%})"]
    most_varied = max((other for other in earlier if other.spread), key=lambda other: other.spread or 0.0, default=None)
    if most_varied and current.spread < SPREAD_SHRINKS * (most_varied.spread or 0.0):
        return [
            f"its pictures look alike (they differ by {current.spread:.0%}, {_where(most_varied)} by {most_varied.spread:.0%})"
        ]
    return []


def _where(scores: ArmScores) -> str:
    return "without the LoRA" if scores.arm.control else f"at step {scores.arm.step:,}"


def _score(scores: ArmScores, votes: Mapping[Arm, Rank], reference_score: float) -> float:
    parts = []
    if scores.identity is not None:
        parts.append((IDENTITY_WEIGHT, min(1.0, scores.identity / reference_score)))
    if scores.adherence is not None:
        parts.append((ADHERENCE_WEIGHT, scores.adherence))
    if votes:
        parts.append((VOTES_WEIGHT, votes[scores.arm].low if scores.arm in votes else 0.0))
    total = sum(weight for weight, _ in parts)
    return sum(weight * value for weight, value in parts) / total if total else 0.0


def _reason(best: ArmScores, votes: Rank | None, info: ScoringInfo | None) -> str:
    parts = []
    if best.identity is not None:
        own = f" (the training pictures themselves reach {info.own:.0%})" if info and info.own else ""
        parts.append(f"its identity score over {_pictures(best.pictures)} is {best.identity:.0%}{own}")
    if best.adherence is not None:
        by_words = info and info.by_words
        parts.append(
            f"its pictures agree with the prompts to {best.adherence:.0%}"
            if by_words
            else f"{best.adherence:.0%} of the places and clothes asked for are there"
        )
    if votes and votes.n:
        parts.append(f"it won {votes.wins:g} of {votes.n} blind votes")
    listed = (
        parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else "nothing speaks against it"
    )
    return f"{_capital(str(best.arm))}: {listed}."


def _pictures(n: int) -> str:
    return "1 picture" if n == 1 else f"{n} pictures"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

"""What scores and votes add up to: mean scores per arm, signs of overfitting, one suggestion with its reason. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from statistics import fmean

from backend.comparisons.ranking import MIN_VOTES
from backend.comparisons.schemas import Arm, ArmScores, ArmSuggestion, DrawnCell, OverfitWarning, PairResult, Rank, ScoringInfo
from backend.language import joined, tr_lazy, tr_lazy_plural

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
            sentence = tr_lazy("{version} may be overfitted.", version=current.arm.title)
            warnings.append(OverfitWarning(current.arm, joined(sentence, *signs)))
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
        return ArmSuggestion(None, 0.0, tr_lazy("There is no picture of a version yet."))
    if not votes and all(item.identity is None and item.adherence is None for item in candidates):
        no_scores = tr_lazy("There are no scores here. Vote on at least {n} pairs to get a suggestion.", n=MIN_VOTES)
        return ArmSuggestion(None, 0.0, no_scores)
    overfitted = {item.arm for item in warnings}
    own = (info and info.own) or 1.0
    totals = {item.arm: _score(item, votes, own) - OVERFIT_PENALTY * (item.arm in overfitted) for item in candidates}
    order = sorted(candidates, key=lambda item: (-totals[item.arm], item.arm))
    best, rest = order[0], order[1:]
    reason = _reason(best, votes.get(best.arm), info)
    if rest and totals[best.arm] - totals[rest[0].arm] < CLOSE:
        reason = joined(reason, tr_lazy("Close behind: {version}.", version=rest[0].arm.label))
    if best.arm in overfitted:
        reason = joined(reason, tr_lazy("See its warning."))
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
        return [
            tr_lazy(
                "The face is falling apart ({now:.0%}, at step {step:,} {before:.0%}).",
                now=current.identity or 0.0,
                step=best_identity.arm.step,
                before=best_identity.identity or 0.0,
            )
        ]
    signs: list[str] = []
    best_adherence = max(
        (item for item in earlier if item.adherence is not None), key=lambda item: item.adherence or 0.0, default=None
    )
    falls = AGREEMENT_FALLS if by_words else ADHERENCE_FALLS
    if current.adherence is not None and best_adherence and (best_adherence.adherence or 0.0) - current.adherence >= falls:
        shares: dict[str, str | float] = {
            "now": current.adherence,
            "before": best_adherence.adherence or 0.0,
            "where": _where(best_adherence),
        }
        signs.append(
            tr_lazy("Prompts are followed to {now:.0%}, {where} to {before:.0%}.", **shares)
            if by_words
            else tr_lazy("{now:.0%} of the places and clothes in the prompts are shown, {where} {before:.0%}.", **shares)
        )
    if identity_loss <= IDENTITY_HOLDS:  # a face less well known than before may look alike for another reason
        signs += _sameness_signs(current, [other for other in earlier if not other.arm.control], by_words=by_words)
    if signs and current.identity is not None:
        signs.insert(0, tr_lazy("The face is recognisable ({share:.0%}).", share=current.identity))
    return signs


def _sameness_signs(current: ArmScores, earlier: Sequence[ArmScores], *, by_words: bool) -> list[str]:
    """Signs that an arm's pictures are all alike. `earlier` holds no base model: that one draws another person for every
    prompt, which a LoRA should not, so its spread is no reference."""
    if current.spread is None or current.pictures < MIN_PICTURES:
        return []
    if not by_words and (current.adherence or 0.0) >= FOLLOWS_PROMPTS:
        return []
    if current.spread < NEAR_DUPLICATES:
        return [
            tr_lazy(
                "Its pictures of different prompts and seeds are nearly the same (they differ by {share:.0%}).",
                share=current.spread,
            )
        ]
    most_varied = max((other for other in earlier if other.spread), key=lambda other: other.spread or 0.0, default=None)
    if most_varied and current.spread < SPREAD_SHRINKS * (most_varied.spread or 0.0):
        return [
            tr_lazy(
                "Its pictures look alike (they differ by {share:.0%}, at step {step:,} by {before:.0%}).",
                share=current.spread,
                step=most_varied.arm.step,
                before=most_varied.spread or 0.0,
            )
        ]
    return []


def _where(scores: ArmScores) -> str:
    return tr_lazy("without the LoRA") if scores.arm.control else tr_lazy("at step {step:,}", step=scores.arm.step)


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
    sentences: list[str] = []
    if best.identity is not None:
        sentences.append(
            tr_lazy_plural(
                "{version}: its face score over {n:,} picture is {share:.0%}.",
                "{version}: its face score over {n:,} pictures is {share:.0%}.",
                best.pictures,
                version=best.arm.title,
                share=best.identity,
            )
        )
        if info and info.own:
            sentences.append(tr_lazy("The training pictures themselves reach {share:.0%}.", share=info.own))
    if best.adherence is not None:
        sentences.append(
            tr_lazy("Its pictures match the prompts to {share:.0%}.", share=best.adherence)
            if info and info.by_words
            else tr_lazy("{share:.0%} of the places and clothes in the prompts are shown.", share=best.adherence)
        )
    if votes and votes.n:
        sentences.append(tr_lazy("It won {wins:g} of {n} blind votes.", wins=votes.wins, n=votes.n))
    return joined(*sentences) if sentences else tr_lazy("{version}: nothing speaks against it.", version=best.arm.title)

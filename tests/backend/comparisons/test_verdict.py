"""From scores and votes to one suggestion with its reason, and warnings that say what was seen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.comparisons import ranking, verdict
from backend.comparisons.schemas import CONTROL, Arm, ArmScores, DrawnCell, PairResult, ScoringInfo
from backend.engines.local.starter_model.words import CLOTH_COLORS, SCENES

ARMS = [Arm(step, strength) for step in (100, 200, 300) for strength in (0.6, 1.0)]
SHARE = st.one_of(st.none(), st.floats(0, 1))


def figures(arm: Arm, identity: float | None, adherence: float | None, spread: float | None = 0.4, n: int = 4) -> ArmScores:
    return ArmScores(arm, n, identity, adherence, spread)


@st.composite
def trials(draw: st.DrawFn) -> tuple[list[ArmScores], list[PairResult]]:
    scores = [figures(CONTROL, 0.2, 0.9)]
    scores += [figures(arm, draw(SHARE), draw(SHARE), draw(SHARE), draw(st.integers(0, 4))) for arm in ARMS]
    drawn_arms = [entry.arm for entry in scores if entry.pictures and not entry.arm.control]
    votes = (
        st.tuples(st.sampled_from(drawn_arms), st.sampled_from(drawn_arms), st.booleans())
        if len(drawn_arms) > 1
        else st.nothing()
    )
    drawn_votes = draw(st.lists(votes, max_size=30)) if len(drawn_arms) > 1 else []
    return scores, [PairResult(one, other, one if won else None) for one, other, won in drawn_votes if one != other]


def suggest(scores: list[ArmScores], duels: list[PairResult]) -> tuple[Arm | None, str]:
    ranks = ranking.rank([entry.arm for entry in scores if entry.pictures], duels)
    suggestion = verdict.suggest(scores, ranks, verdict.overfit_warnings(scores), duels, ScoringInfo(own=0.9))
    assert 0 <= suggestion.score <= 1
    return suggestion.arm, suggestion.reason


@given(trials())
def test_there_is_one_suggestion_or_a_reason_why_not(trial: tuple[list[ArmScores], list[PairResult]]) -> None:
    scores, duels = trial
    arm, reason = suggest(scores, duels)
    assert reason.endswith(".")
    candidates = [entry for entry in scores if entry.pictures and not entry.arm.control]
    anything = duels or any(candidate.identity is not None or candidate.adherence is not None for candidate in candidates)
    assert (arm is not None) == bool(candidates and anything)
    assert arm in {None, *(candidate.arm for candidate in candidates)}


@given(trials(), st.data())
def test_one_more_win_never_takes_the_suggestion_away(
    trial: tuple[list[ArmScores], list[PairResult]], data: st.DataObject
) -> None:
    scores, duels = trial
    arm, _ = suggest(scores, duels)
    other_arms = [entry.arm for entry in scores if entry.pictures and not entry.arm.control and entry.arm != arm]
    if arm and other_arms and duels:
        loser = data.draw(st.sampled_from(other_arms))
        assert suggest(scores, [*duels, PairResult(arm, loser, arm)])[0] == arm


def test_the_best_face_that_still_listens() -> None:
    scores = [figures(CONTROL, 0.2, 1.0), figures(Arm(100, 1.0), 0.6, 1.0), figures(Arm(200, 1.0), 0.88, 0.9)]
    scores.append(figures(Arm(300, 1.0), 0.92, 0.2, 0.12))
    [warned] = verdict.overfit_warnings(scores)
    assert warned.sentence == (
        "Step 300 at 1.0 may be overfitted. The face is recognisable (92%). 20% of the places and clothes in the "
        "prompts are shown, "
        "without the LoRA 100%. Its pictures look alike (they differ by 12%, at step 100 by 40%)."
    )
    arm, reason = suggest(scores, [])
    assert arm == Arm(200, 1.0)
    assert reason == (
        "Step 200 at 1.0: its face score over 4 pictures is 88%. The training pictures themselves reach 90%. "
        "90% of the places and clothes in the prompts are shown."
    )


def test_a_face_that_is_a_little_less_there_is_not_called_overfitted() -> None:
    scores = [figures(CONTROL, 0.3, 1.0), figures(Arm(100, 1.0), 0.9, 1.0), figures(Arm(200, 1.0), 0.8, 1.0, 0.1)]
    assert verdict.overfit_warnings(scores) == []
    assert verdict.overfit_warnings([figures(CONTROL, 0.5, 1.0), figures(Arm(100, 1.0), 0.2, 1.0)]) == []


def test_prompts_no_longer_followed_are_a_sign_also_where_the_face_suffers() -> None:
    """As seen on five pictures at a learning rate of 0.006: the face fell from 100 % to 83 %, places and clothes to none."""
    scores = [figures(CONTROL, 0.39, 1.0, 0.18), figures(Arm(100, 1.0), 1.0, 1.0), figures(Arm(300, 1.0), 0.83, 0.0, 0.13)]
    [warned] = verdict.overfit_warnings(scores)
    assert warned.sentence == (
        "Step 300 at 1.0 may be overfitted. The face is recognisable (83%). 0% of the places and clothes in the "
        "prompts are shown, "
        "without the LoRA 100%."
    )


def test_a_face_that_was_known_and_is_lost_is_burnt() -> None:
    [warned] = verdict.overfit_warnings([figures(Arm(100, 1.0), 0.94, 1.0), figures(Arm(200, 1.0), 0.5, 0.1, 0.1)])
    assert warned.sentence == "Step 200 at 1.0 may be overfitted. The face is falling apart (50%, at step 100 94%)."


def test_one_pose_in_the_places_and_clothes_asked_for_is_no_overfitting() -> None:
    """As seen on five pictures with bare captions, 600 steps: one pose, on the beach in yellow, in the snow in red."""
    scores = [figures(Arm(200, 1.0), 0.89, 1.0, 0.34, n=3), figures(Arm(600, 1.0), 1.0, 1.0, 0.07, n=3)]
    assert verdict.overfit_warnings(scores) == []
    assert verdict.overfit_warnings(scores, ScoringInfo(by_words=True)) != []


def test_one_person_in_every_picture_is_no_overfitting() -> None:
    """The base model draws another person for every prompt; that is no measure, and neither are two pictures."""
    scores = [figures(CONTROL, 0.2, 1.0, 0.5), figures(Arm(100, 1.0), 0.9, 1.0, 0.2)]
    assert verdict.overfit_warnings(scores) == []
    assert verdict.overfit_warnings([*scores, figures(Arm(200, 1.0), 0.9, None, 0.05, n=2)]) == []
    [warned] = verdict.overfit_warnings([*scores, figures(Arm(200, 1.0), 0.9, None, 0.05)])
    assert "of different prompts and seeds are nearly the same (they differ by 5%)" in warned.sentence


def test_strengths_are_compared_with_themselves() -> None:
    scores = [figures(Arm(100, 0.6), 0.5, 1.0), figures(Arm(200, 1.0), 0.9, 0.5)]
    assert verdict.overfit_warnings(scores) == []


def test_votes_decide_where_scores_are_missing() -> None:
    scores = [figures(arm, None, None) for arm in ARMS]
    assert suggest(scores, [])[0] is None
    assert "Vote" in suggest(scores, [])[1]
    arm, reason = suggest(scores, [PairResult(ARMS[3], other, ARMS[3]) for other in ARMS if other != ARMS[3]])
    assert arm == ARMS[3]
    assert "It won 5 of 5 blind votes" in reason


def test_equals_are_named() -> None:
    _, reason = suggest([figures(Arm(100, 1.0), 0.8, 0.9), figures(Arm(200, 1.0), 0.8, 0.9)], [])
    assert reason.startswith("Step 100 at 1.0")
    assert reason.endswith("Close behind: step 200 at 1.0.")


def test_what_a_prompt_asks_for() -> None:
    def seen(prompt: str, **traits: str) -> dict[str, list[object]]:
        return verdict.adherence(prompt, traits, SCENES, list(CLOTH_COLORS))

    prompt = "portrait of bella, in the snowy mountains, wearing a red hoodie"
    assert seen(prompt, scene="snow", cloth="blue") == {
        "place": ["in the snowy mountains", True],
        "clothes": ["red", False],
    }
    assert verdict.seen_share(seen(prompt, scene="snow", cloth="blue")) == 0.5
    assert seen("bella with red hair") == {}
    assert verdict.seen_share({}) is None
    assert seen("bella, wearing an orange shirt", cloth="orange") == {"clothes": ["orange", True]}


def test_spread_is_how_far_pictures_are_apart() -> None:
    cells = [DrawnCell(str(n), n, ARMS[0], n, 0, "", look, 0.5, None) for n, look in enumerate(("0" * 16, "f" * 16, "0" * 16))]
    one, *rest = verdict.arm_scores([ARMS[0], ARMS[1]], cells)
    assert (one.pictures, one.identity, one.adherence) == (3, 0.5, None)
    assert one.spread == pytest.approx(2 / 3)
    assert rest == [ArmScores(ARMS[1], 0, None, None, None)]

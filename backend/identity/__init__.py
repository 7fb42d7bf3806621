"""Who an influencer is: references, a calibrated threshold, the gate, and what is frozen about each picture."""

from backend.identity.queries import candidates, check, judge, profile, source, unscored
from backend.identity.rules import GATES, MOST_REFERENCES, excess, replacements_needed, state
from backend.identity.schemas import (
    CalibrationPayload,
    Candidate,
    Check,
    FrozenLora,
    Gate,
    Judge,
    Policy,
    Profile,
    ScoredPicture,
    ScoringPayload,
    State,
    Verdict,
)
from backend.identity.scoring import look, read, score
from backend.identity.service import (
    calibrate,
    calibrate_on_first_use,
    freeze,
    freezing,
    keep_calibration,
    pick,
    score_missing,
    set_policy,
)
from backend.identity.trait_phrases import phrases

__all__ = [
    "GATES",
    "MOST_REFERENCES",
    "CalibrationPayload",
    "Candidate",
    "Check",
    "FrozenLora",
    "Gate",
    "Judge",
    "Policy",
    "Profile",
    "ScoredPicture",
    "ScoringPayload",
    "State",
    "Verdict",
    "calibrate",
    "calibrate_on_first_use",
    "candidates",
    "check",
    "excess",
    "freeze",
    "freezing",
    "judge",
    "keep_calibration",
    "look",
    "phrases",
    "pick",
    "profile",
    "read",
    "replacements_needed",
    "score",
    "score_missing",
    "set_policy",
    "source",
    "state",
    "unscored",
]  # fmt: skip

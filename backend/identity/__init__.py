"""Who an influencer is: references, a calibrated threshold, the gate, and what is frozen about each picture."""

from backend.identity.judging import look, read, score
from backend.identity.queries import candidates, check, judge, profile, source, unscored
from backend.identity.rules import GATES, MOST_REFERENCES, state, surplus, wanted
from backend.identity.schemas import (
    CalibrationPayload,
    Candidate,
    Check,
    FrozenLora,
    Gate,
    Judge,
    Policy,
    Profile,
    ScoringPayload,
    Shot,
    State,
    Verdict,
)
from backend.identity.service import calibrate, freeze, freezing, introduce, keep_calibration, pick, score_missing, set_policy
from backend.identity.wording import phrases

__all__ = [
    "GATES", "MOST_REFERENCES", "CalibrationPayload", "Candidate", "Check", "FrozenLora", "Gate", "Judge", "Policy", "Profile",
    "ScoringPayload", "Shot", "State", "Verdict", "calibrate", "candidates", "check", "freeze", "freezing", "introduce",
    "judge", "keep_calibration", "look", "phrases", "pick", "profile", "read", "score", "score_missing", "set_policy", "source",
    "state", "surplus", "unscored", "wanted",
]  # fmt: skip

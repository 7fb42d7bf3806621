"""What an influencer looks like: references, a calibrated threshold, the gate, and the provenance of each picture."""

from backend.identity import undo_parts
from backend.identity.queries import candidates, candidates_fingerprint, count_unscored, profile, provenance, scoring_context
from backend.identity.rules import GATES, MAX_REFERENCES, describe_traits, excess, gate_state, replacements_needed
from backend.identity.schemas import (
    CalibrationPayload,
    Candidate,
    Gate,
    GatePolicy,
    GateState,
    IdentityProfileCard,
    IdentityScore,
    LoraSnapshot,
    PictureProvenance,
    ScoredPicture,
    ScoringContext,
    ScoringPayload,
)
from backend.identity.scoring import read_pictures, score_picture, score_reading
from backend.identity.service import (
    calibrate,
    calibrate_on_first_use,
    choose_references,
    provenance_row,
    save_calibration,
    save_provenance,
    score_missing,
    set_policy,
)

undo_parts.register_parts()

__all__ = [
    "GATES",
    "MAX_REFERENCES",
    "CalibrationPayload",
    "Candidate",
    "Gate",
    "GatePolicy",
    "GateState",
    "IdentityProfileCard",
    "IdentityScore",
    "LoraSnapshot",
    "PictureProvenance",
    "ScoredPicture",
    "ScoringContext",
    "ScoringPayload",
    "calibrate",
    "calibrate_on_first_use",
    "candidates",
    "candidates_fingerprint",
    "choose_references",
    "count_unscored",
    "describe_traits",
    "excess",
    "gate_state",
    "profile",
    "provenance",
    "provenance_row",
    "read_pictures",
    "replacements_needed",
    "save_calibration",
    "save_provenance",
    "score_missing",
    "score_picture",
    "score_reading",
    "scoring_context",
    "set_policy",
]

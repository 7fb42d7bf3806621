"""What a worker runs for identity."""

from backend.identity import pipeline
from backend.identity.schemas import CalibrationPayload, ScoringPayload
from backend.jobs import Handler

KINDS = {
    "identity-calibration": Handler(CalibrationPayload, pipeline.calibrate),
    "identity-scoring": Handler(ScoringPayload, pipeline.score_missing),
}

"""What a worker runs for checkpoint trials."""

from backend.jobs import Handler
from backend.trials import pipeline
from backend.trials.schemas import TrialPayload

KINDS = {
    "lora-trial": Handler(TrialPayload, pipeline.run),
    "trial-scores": Handler(TrialPayload, pipeline.run_scores),
    "trial-grid": Handler(TrialPayload, pipeline.run_grid),
}

"""The first steps in a workspace: which of them are done, and a sample influencer to play with."""

from backend.onboarding.checklist import STEPS, Checklist, Step, checklist
from backend.onboarding.sample_influencer import add_sample, find_sample
from backend.onboarding.sample_removal import count_own_work, remove_sample

__all__ = [
    "STEPS",
    "Checklist",
    "Step",
    "add_sample",
    "checklist",
    "count_own_work",
    "find_sample",
    "remove_sample",
]

"""The first steps in a workspace: which of them are done."""

from backend.onboarding.checklist import STEPS, Checklist, Step, checklist

__all__ = ["STEPS", "Checklist", "Step", "checklist"]

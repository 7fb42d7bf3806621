"""Words in an influencer's voice."""

from backend.writing.schemas import Suggestion
from backend.writing.suggesting import suggest

__all__ = ["Suggestion", "suggest"]

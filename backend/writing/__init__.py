"""Words in an influencer's voice."""

from backend.writing.schemas import Suggestion
from backend.writing.suggesting import MAX_TOPIC, suggest

__all__ = ["MAX_TOPIC", "Suggestion", "suggest"]

"""Publishing: due posts are claimed, prepared, sent once, and what became of them is found out."""

from backend.publishing.claim import claim_due
from backend.publishing.links import opened
from backend.publishing.media import problems
from backend.publishing.now import send_now
from backend.publishing.pausing import CANCELLED
from backend.publishing.schemas import AutopostPayload

__all__ = ["CANCELLED", "AutopostPayload", "claim_due", "opened", "problems", "send_now"]

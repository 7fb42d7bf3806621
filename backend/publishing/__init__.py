"""Publishing: due posts are claimed, prepared, sent exactly once; after a lost answer the platform is asked what happened."""

from backend.publishing.claim import claim_due
from backend.publishing.media import reachability_problems
from backend.publishing.schemas import AutopostPayload
from backend.publishing.service import CANCELLED, send_now

__all__ = ["CANCELLED", "AutopostPayload", "claim_due", "reachability_problems", "send_now"]

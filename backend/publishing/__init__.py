"""Publishing: due posts are claimed, prepared, sent exactly once; after a lost answer the platform is asked what happened."""

from backend.publishing.claim import claim_due
from backend.publishing.media import open_token, reachability_problems
from backend.publishing.schemas import AutopostPayload
from backend.publishing.service import CANCELLED, send_now

__all__ = ["CANCELLED", "AutopostPayload", "claim_due", "open_token", "reachability_problems", "send_now"]

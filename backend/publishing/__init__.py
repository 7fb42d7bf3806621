"""Publishing: due posts are claimed, prepared, sent exactly once; after a lost answer the platform is asked what happened."""

from backend.publishing.claim import claim_due
from backend.publishing.media import reachability_problems
from backend.publishing.pause import CANCELLED
from backend.publishing.publish_now import send_now
from backend.publishing.schemas import AutopostPayload
from backend.publishing.signed_urls import open_token

__all__ = ["CANCELLED", "AutopostPayload", "claim_due", "open_token", "reachability_problems", "send_now"]

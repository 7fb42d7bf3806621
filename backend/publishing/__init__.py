"""Publishing: due posts are claimed, prepared, sent once, and what became of them is found out."""

from backend.publishing.claim import claim_due
from backend.publishing.media import problems
from backend.publishing.pause import CANCELLED
from backend.publishing.publish_now import send_now
from backend.publishing.schemas import AutopostPayload
from backend.publishing.signed_urls import opened

__all__ = ["CANCELLED", "AutopostPayload", "claim_due", "opened", "problems", "send_now"]

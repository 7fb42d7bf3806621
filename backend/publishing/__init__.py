"""Publishing: due posts are claimed, prepared, sent exactly once; after a lost answer the platform is asked what happened."""

from backend.publishing.claim import claim_due
from backend.publishing.composer import ComposerCard, PostDetails, read_composer
from backend.publishing.media import reachability_problems
from backend.publishing.save_and_act import ActionResult, PlanAction, save_and_act
from backend.publishing.schemas import AutopostPayload
from backend.publishing.service import CANCELLED, send_now

__all__ = [
    "CANCELLED",
    "ActionResult",
    "AutopostPayload",
    "ComposerCard",
    "PlanAction",
    "PostDetails",
    "claim_due",
    "reachability_problems",
    "read_composer",
    "save_and_act",
    "send_now",
]

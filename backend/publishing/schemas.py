"""The payload of a publishing job, and its constants."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, model_validator

from backend.kit.drafts import Draft
from backend.language import tr_lazy

KIND = "autopost"
PRIORITY = -10
"""Ahead of jobs without a due time (lower runs first)."""
URL_TTL_S = 26 * 3600
"""How long a platform may fetch a file: an Instagram container lives 24 h (docs/contracts/instagram.md, 2), plus a margin."""


class AutopostPayload(BaseModel):
    """`hold`: a person cancelled the earlier job while the post was being submitted, so a post that turns out not to be
    published is put on hold instead of being sent again."""

    post_id: str
    hold: bool = False


class AutopostOrder(Draft):
    """Publish now, by the rules of any schedule: what needs an approval, is on hold or stopped is refused with its reason.

    `content_plan_id`: all its posts that are not out yet, each with a job of its own (the plan's `variants` name them);
    `post_id`: that one alone. `version`: of the plan as it was read; refused when somebody has changed it since.
    """

    content_plan_id: str = ""
    post_id: str = ""
    version: int | None = None

    @model_validator(mode="after")
    def _exactly_one_id(self) -> Self:
        if bool(self.content_plan_id) == bool(self.post_id):
            raise ValueError(tr_lazy("Say which: contentPlanId (all its channels) or postId (one of them)."))
        return self

"""What goes into an autopost job."""

from __future__ import annotations

from pydantic import BaseModel

KIND = "autopost"
PRIORITY = -10
"""Before what nobody has set a time for."""
ALIVE_S = 26 * 3600
"""How long a platform may come for a file: a container lives 24 h (instagram.md, 2), and a bit."""


class AutopostPayload(BaseModel):
    """`hold`: a person cancelled the job before this one while the post was being submitted: what is surely not there stays
    back instead of being sent again."""

    post_id: str
    hold: bool = False

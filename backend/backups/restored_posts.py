"""What is said of posts after a restore, by ops/backup."""

from __future__ import annotations

from backend.language import tr_lazy

PERHAPS_SENT = tr_lazy(
    "The studio was restored to an earlier moment, and this post may have gone out before that. Look at the account, then say "
    "whether it is there."
)
HELD_BY_RESTORE = tr_lazy("The studio was restored to an earlier moment while this was being sent.")

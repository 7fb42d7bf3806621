"""The review queue: approve, change or send back what waits, and who has to review at all."""

from studio.frame import frame
from studio.widgets import review

page = frame("Review", icon=":material/rate_review:", needs="viewer")
with page.guard():
    review.queue(page)

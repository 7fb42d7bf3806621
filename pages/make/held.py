"""Pictures the identity gate kept back: show them, or reject them."""

from studio.identity import identity_review
from studio.shell.frame import frame

page = frame("Held pictures", icon=":material/fact_check:", needs="viewer")
with page.guard():
    identity_review.review_queue(page)

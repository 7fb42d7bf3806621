"""Face check: pictures that the identity gate held back, to release or reject."""

from studio.identity import identity_review
from studio.shell.frame import frame

page = frame("inbox/face_check", needs="viewer")
with page.guard():
    identity_review.review_queue(page)

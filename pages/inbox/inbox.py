"""Inbox: what waits for a person, decided in place."""

from studio.inbox import inbox
from studio.shell.frame import frame

page = frame("inbox/inbox", needs="viewer")
with page.guard():
    inbox.show(page)

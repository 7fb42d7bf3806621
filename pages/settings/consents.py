"""Consents: who allowed what to be copied of them, a new one, and taking it back."""

from studio.consents import consents
from studio.shell.frame import frame

page = frame("settings/consents", needs="viewer")
with page.guard():
    consents.draw(page)

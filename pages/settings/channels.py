"""Channels: the accounts each influencer posts to, and their state."""

from studio.channels import channels
from studio.shell.frame import frame

page = frame("settings/channels", needs="viewer")
with page.guard():
    channels.show(page)

"""Channels: which accounts each influencer posts to, and how they stand."""

from studio.frame import frame
from studio.widgets import channels

page = frame("Channels", icon=":material/cell_tower:", needs="viewer")
with page.guard():
    channels.show(page)

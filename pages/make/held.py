"""Pictures the identity gate kept back: show them, or reject them."""

from studio.frame import frame
from studio.widgets import held

page = frame("Held pictures", icon=":material/fact_check:", needs="viewer")
with page.guard():
    held.queue(page)

"""What went out: posts by day and channel, and the list of them."""

from studio.results import results
from studio.shell.frame import frame

page = frame("results/results")
with page.guard():
    results.show(page)

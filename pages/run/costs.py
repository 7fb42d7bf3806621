"""What words cost: today and this month against the limits, by day, influencer and kind."""

from studio.frame import frame
from studio.widgets import costs

page = frame("Costs", icon=":material/payments:")
with page.guard():
    costs.costs(page)

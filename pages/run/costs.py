"""Costs of AI calls: today and this month against the limits, by day, influencer and kind."""

from studio.budgets import costs
from studio.shell.frame import frame

page = frame("Costs", icon=":material/payments:")
with page.guard():
    costs.costs(page)

"""Costs of AI calls: today and this month against the limits, by day, influencer and kind."""

from studio.budgets import costs
from studio.shell.frame import frame

page = frame("settings/costs")
with page.guard():
    costs.costs(page)

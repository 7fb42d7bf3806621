"""The calendar, a plan and its posts, review and posting rules."""

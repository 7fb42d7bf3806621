"""Account and workspace pages."""

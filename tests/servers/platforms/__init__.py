"""Instagram, TikTok and YouTube as local servers; `python -m tests.servers.platforms` runs them by hand."""

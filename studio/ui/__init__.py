"""Parts that pages of several nouns draw."""

"""Writing styles and their sources."""

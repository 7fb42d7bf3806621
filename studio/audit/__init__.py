"""Parts of the page of the same name."""

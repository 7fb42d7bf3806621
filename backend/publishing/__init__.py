"""Publishing: due posts are claimed, prepared, sent once, and what became of them is found out."""

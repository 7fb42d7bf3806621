"""Jobs: one followed in place, the list, one with its log."""

"""How fast we are beside the plainest thing that does the same, measured in turn in one run."""

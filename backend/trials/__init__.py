"""Which checkpoint is the best: fixed-seed grids, scores, blind votes, a suggestion."""

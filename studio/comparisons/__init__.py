"""Comparing checkpoints of a training run."""

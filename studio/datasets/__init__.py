"""Datasets: pictures, captions, checks, rights."""

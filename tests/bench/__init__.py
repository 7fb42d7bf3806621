"""Measures our speed against the simplest program that does the same ("bare"), in alternation, in one run."""

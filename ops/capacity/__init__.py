"""How many users and nodes an installation takes: a discrete-event model with measured costs (docs/scale.md)."""

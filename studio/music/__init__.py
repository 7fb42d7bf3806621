"""Music: what its pages draw."""

"""Templates, wildcard lists, styles and presets."""

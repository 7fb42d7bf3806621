"""Templates, wildcards, prompt styles and presets."""

"""What people draw with again: prompt templates, wildcards, presets, styles, history."""

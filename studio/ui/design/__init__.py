"""The design system: tokens, their contrast, their CSS."""

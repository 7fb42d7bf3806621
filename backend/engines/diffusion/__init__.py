"""Stable Diffusion folders in diffusers format: what the local image engine and the local trainer share."""

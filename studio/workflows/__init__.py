"""Imported ComfyUI workflows."""

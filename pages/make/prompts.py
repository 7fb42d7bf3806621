"""Prompts: templates, wildcard lists, styles and presets."""

from studio.frame import frame
from studio.widgets import prompts

page = frame("Prompts", icon=":material/edit_note:", needs="viewer")
with page.guard():
    prompts.prompts(page)

"""Prompts: templates, wildcard lists, styles and presets."""

from studio.prompt_library import prompt_library
from studio.shell.frame import frame

page = frame("create/prompts", needs="viewer")
with page.guard():
    prompt_library.prompts(page)

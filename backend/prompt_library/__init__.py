"""The prompt library: templates, wildcards, prompt styles, presets and earlier prompts, to use again; and what was typed into a
form of Create and not started yet."""

from backend.prompt_library import undo_parts
from backend.prompt_library.history import delete_earlier_prompt, earlier_prompts, record_prompt_use
from backend.prompt_library.import_export import export_json, import_text
from backend.prompt_library.presets import default_preset, delete_preset, preset, presets, save_preset, set_default_preset
from backend.prompt_library.prompts import blanks, fill_blanks, has_choices, resolve, wildcards_in
from backend.prompt_library.schemas import (
    EarlierPrompt,
    ImportResult,
    PresetCard,
    PromptStyleCard,
    PromptStyleDraft,
    PromptStyleSettings,
    TemplateCard,
    TemplateDraft,
    WildcardCard,
    WildcardDraft,
)
from backend.prompt_library.styles import delete_style, save_style, style, styles
from backend.prompt_library.templates import delete_template, save_template, template, template_versions, templates
from backend.prompt_library.unsaved_forms import MAX_FORM_BYTES, save_unsaved_form, unsaved_form
from backend.prompt_library.wildcards import delete_wildcard, load_lists, save_wildcard, wildcard, wildcard_names, wildcards

undo_parts.register_parts()

__all__ = [
    "MAX_FORM_BYTES",
    "EarlierPrompt",
    "ImportResult",
    "PresetCard",
    "PromptStyleCard",
    "PromptStyleDraft",
    "PromptStyleSettings",
    "TemplateCard",
    "TemplateDraft",
    "WildcardCard",
    "WildcardDraft",
    "blanks",
    "default_preset",
    "delete_earlier_prompt",
    "delete_preset",
    "delete_style",
    "delete_template",
    "delete_wildcard",
    "earlier_prompts",
    "export_json",
    "fill_blanks",
    "has_choices",
    "import_text",
    "load_lists",
    "preset",
    "presets",
    "record_prompt_use",
    "resolve",
    "save_preset",
    "save_style",
    "save_template",
    "save_unsaved_form",
    "save_wildcard",
    "set_default_preset",
    "style",
    "styles",
    "template",
    "template_versions",
    "templates",
    "unsaved_form",
    "wildcard",
    "wildcard_names",
    "wildcards",
    "wildcards_in",
]

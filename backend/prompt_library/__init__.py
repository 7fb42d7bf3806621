"""What people draw with again: prompt templates, wildcards, presets, styles, history."""

from backend.prompt_library.history import forget, history, remember
from backend.prompt_library.import_export import export_json, import_text
from backend.prompt_library.presets import delete_preset, preset, presets, save_preset, set_standard, standard
from backend.prompt_library.prompts import blanks, fill, resolve, varies, wildcards_in
from backend.prompt_library.schemas import (
    Imported,
    PresetCard,
    PromptUsed,
    StyleCard,
    StyleDraft,
    StyleSettings,
    TemplateCard,
    TemplateDraft,
    WildcardCard,
    WildcardDraft,
)
from backend.prompt_library.styles import delete_style, save_style, style, styles
from backend.prompt_library.templates import delete_template, save_template, template, template_versions, templates
from backend.prompt_library.wildcards import delete_wildcard, load_lists, save_wildcard, wildcard, wildcard_names, wildcards

__all__ = [
    "Imported",
    "PresetCard",
    "PromptUsed",
    "StyleCard",
    "StyleDraft",
    "StyleSettings",
    "TemplateCard",
    "TemplateDraft",
    "WildcardCard",
    "WildcardDraft",
    "blanks",
    "delete_preset",
    "delete_style",
    "delete_template",
    "delete_wildcard",
    "export_json",
    "fill",
    "forget",
    "history",
    "import_text",
    "load_lists",
    "preset",
    "presets",
    "remember",
    "resolve",
    "save_preset",
    "save_style",
    "save_template",
    "save_wildcard",
    "set_standard",
    "standard",
    "style",
    "styles",
    "template",
    "template_versions",
    "templates",
    "varies",
    "wildcard",
    "wildcard_names",
    "wildcards",
    "wildcards_in",
]  # fmt: skip

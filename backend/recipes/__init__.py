"""What people draw with again: prompt templates, wildcards, presets, styles, history."""

from backend.recipes.exchange import export_json, import_text
from backend.recipes.history import forget, history, remember
from backend.recipes.presets import delete_preset, preset, presets, save_preset, set_standard, standard
from backend.recipes.prompts import blanks, fill, resolve, varies, wildcards_in
from backend.recipes.schemas import (
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
from backend.recipes.styles import delete_style, save_style, style, styles
from backend.recipes.templates import delete_template, save_template, template, template_versions, templates
from backend.recipes.wildcards import delete_wildcard, gather, save_wildcard, wildcard, wildcard_names, wildcards

__all__ = [
    "Imported", "PresetCard", "PromptUsed", "StyleCard", "StyleDraft", "StyleSettings", "TemplateCard", "TemplateDraft",
    "WildcardCard", "WildcardDraft", "blanks", "delete_preset", "delete_style", "delete_template", "delete_wildcard",
    "export_json", "fill", "forget", "gather", "history", "import_text", "preset", "presets", "remember", "resolve",
    "save_preset", "save_style", "save_template", "save_wildcard", "set_standard", "standard", "style", "styles", "template",
    "template_versions", "templates", "varies", "wildcard", "wildcard_names", "wildcards", "wildcards_in",
]  # fmt: skip

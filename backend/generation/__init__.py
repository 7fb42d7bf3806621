"""Prompts in, pictures out: requests, recipes, grids, upscales, remixes."""

from backend.engines.ports.image import SecondPassPick
from backend.generation.api_requests import (
    GridOrder,
    ListOrder,
    UpscaleOrder,
    preview_grid_order,
    preview_list_order,
    start_grid_order,
    start_list_order,
)
from backend.generation.assembly import assemble, choose_model, default_size
from backend.generation.forecast import drawing_seconds, pass_rate
from backend.generation.grid import AXIS_KINDS, AxisDraft, split_values
from backend.generation.init_images import take_upload
from backend.generation.lists import ListLine, parse_list
from backend.generation.pictures import picture, pictures, pictures_by_asset, pictures_of, select_cards, shape_of, to_card
from backend.generation.queries import SOURCE_META, get, image_overrides, inherited_source_type, latest, near_duplicates, remix
from backend.generation.recipe import ImageOverrides, LoraRef, PictureRecipe
from backend.generation.report import InfluencerReport, influencer_report, report_csv, report_json
from backend.generation.requests import (
    RequestPreview,
    check_lines,
    preview,
    preview_grid,
    start,
    start_grid,
    start_list,
    try_workflow,
)
from backend.generation.rules import LOOK_PRESET_TITLES, SIZES, extract_loras
from backend.generation.schemas import (
    MAX_PICTURES,
    MAX_PICTURES_IN_BATCH,
    Assembled,
    GenerationCard,
    GenerationDraft,
    GenerationPayload,
    Grid,
    GridAxis,
    LoraPick,
    PictureCard,
    PosePick,
    Size,
    TemplatePick,
)
from backend.generation.sheets import latest_sheet, sheet_layers, start_sheet
from backend.generation.upscale import estimate_upscale, larger_redraw_draft, start_upscale

__all__ = [
    "AXIS_KINDS",
    "LOOK_PRESET_TITLES",
    "MAX_PICTURES",
    "MAX_PICTURES_IN_BATCH",
    "SIZES",
    "SOURCE_META",
    "Assembled",
    "AxisDraft",
    "GenerationCard",
    "GenerationDraft",
    "GenerationPayload",
    "Grid",
    "GridAxis",
    "GridOrder",
    "ImageOverrides",
    "InfluencerReport",
    "ListLine",
    "ListOrder",
    "LoraPick",
    "LoraRef",
    "PictureCard",
    "PictureRecipe",
    "PosePick",
    "RequestPreview",
    "SecondPassPick",
    "Size",
    "TemplatePick",
    "UpscaleOrder",
    "assemble",
    "check_lines",
    "choose_model",
    "default_size",
    "drawing_seconds",
    "estimate_upscale",
    "extract_loras",
    "get",
    "image_overrides",
    "influencer_report",
    "inherited_source_type",
    "larger_redraw_draft",
    "latest",
    "latest_sheet",
    "near_duplicates",
    "parse_list",
    "pass_rate",
    "picture",
    "pictures",
    "pictures_by_asset",
    "pictures_of",
    "preview",
    "preview_grid",
    "preview_grid_order",
    "preview_list_order",
    "remix",
    "report_csv",
    "report_json",
    "select_cards",
    "shape_of",
    "sheet_layers",
    "split_values",
    "start",
    "start_grid",
    "start_grid_order",
    "start_list",
    "start_list_order",
    "start_sheet",
    "start_upscale",
    "take_upload",
    "to_card",
    "try_workflow",
]

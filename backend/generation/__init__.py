"""Prompts in, pictures out: requests, the gallery, ratings, remixes."""

from backend.generation.api_requests import (
    GridOrder,
    ListOrder,
    UpscaleOrder,
    order_grid,
    order_list,
    plan_list,
    plan_of_grid,
)
from backend.generation.assembly import assemble, choose_model, usual_size
from backend.generation.digital_source_type import META as SOURCE_META
from backend.generation.digital_source_type import inherited as source_of
from backend.generation.forecast import drawing_s, pass_rate
from backend.generation.gallery import (
    COUNT_TO,
    around,
    count,
    gallery,
    glance,
    ids,
    picture,
    pictures,
    pictures_of,
    shape_of,
    similar,
    tile,
    tiles,
)
from backend.generation.grid import KINDS as AXIS_KINDS
from backend.generation.grid import AxisDraft, split
from backend.generation.init_images import take_upload
from backend.generation.lists import Line
from backend.generation.lists import parse as parse_list
from backend.generation.look_presets import TITLES as FINISHES
from backend.generation.picture_checks import look
from backend.generation.queries import get, latest, lookalikes, remix, shots
from backend.generation.recipe import ImageOverrides, LoraRef, Recipe
from backend.generation.report import Report, report
from backend.generation.report import as_csv as report_csv
from backend.generation.report import as_json as report_json
from backend.generation.requests import Plan, plan, plan_grid, proofread, start, start_grid, start_list, try_workflow
from backend.generation.review import decide, take_back, waiting
from backend.generation.rules import SIZES, lift_loras
from backend.generation.schemas import (
    MOST,
    MOST_IN_BATCH,
    Assembled,
    Count,
    GalleryFilters,
    GalleryPage,
    GenerationCard,
    GenerationDraft,
    GenerationPayload,
    Grid,
    GridAxis,
    LoraPick,
    PictureCard,
    PosePick,
    SecondPassPick,
    Size,
    TemplatePick,
    TileCard,
    TilePage,
)
from backend.generation.search import TERMS
from backend.generation.service import delete, favour, make_cover, rate, undelete
from backend.generation.sheets import draw_sheet, layers, sheet
from backend.generation.upscale import enlarge, enlarging_takes, redraw_larger

__all__ = [
    "AXIS_KINDS",
    "COUNT_TO",
    "FINISHES",
    "MOST",
    "MOST_IN_BATCH",
    "SIZES",
    "SOURCE_META",
    "TERMS",
    "Assembled",
    "AxisDraft",
    "Count",
    "GalleryFilters",
    "GalleryPage",
    "GenerationCard",
    "GenerationDraft",
    "GenerationPayload",
    "Grid",
    "GridAxis",
    "GridOrder",
    "ImageOverrides",
    "Line",
    "ListOrder",
    "LoraPick",
    "LoraRef",
    "PictureCard",
    "Plan",
    "PosePick",
    "Recipe",
    "Report",
    "SecondPassPick",
    "Size",
    "TemplatePick",
    "TileCard",
    "TilePage",
    "UpscaleOrder",
    "around",
    "assemble",
    "choose_model",
    "count",
    "decide",
    "delete",
    "draw_sheet",
    "drawing_s",
    "enlarge",
    "enlarging_takes",
    "favour",
    "gallery",
    "get",
    "glance",
    "ids",
    "latest",
    "layers",
    "lift_loras",
    "look",
    "lookalikes",
    "make_cover",
    "order_grid",
    "order_list",
    "parse_list",
    "pass_rate",
    "picture",
    "pictures",
    "pictures_of",
    "plan",
    "plan_grid",
    "plan_list",
    "plan_of_grid",
    "proofread",
    "rate",
    "redraw_larger",
    "remix",
    "report",
    "report_csv",
    "report_json",
    "shape_of",
    "sheet",
    "shots",
    "similar",
    "source_of",
    "split",
    "start",
    "start_grid",
    "start_list",
    "take_back",
    "take_upload",
    "tile",
    "tiles",
    "try_workflow",
    "undelete",
    "usual_size",
    "waiting",
]

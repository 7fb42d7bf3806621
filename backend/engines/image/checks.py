"""What every image engine refuses before it starts anything."""

from __future__ import annotations

from backend.engines.image import sizes
from backend.engines.image.port import ImageRequest, LoraUse, ModelCard
from backend.errors import EngineError, Invalid, Rejected, Unsupported
from backend.media.model_files import safetensors

MAX_PICTURES = 64
MAX_STEPS = 200


def check_request(card: ModelCard, request: ImageRequest) -> ImageRequest:
    """The request, at a size the model can draw. Raises Unsupported, Rejected and EngineError before anything is started."""
    if request.sampler not in card.samplers:
        raise Unsupported(f"{card.title} has no sampler {request.sampler!r}. Choose one of: {', '.join(card.samplers)}.")
    if not 1 <= request.steps <= MAX_STEPS:
        raise Unsupported(f"Choose between 1 and {MAX_STEPS} steps.")
    if not 1 <= len(request.seeds) <= MAX_PICTURES:
        raise Unsupported(f"Ask for 1 to {MAX_PICTURES} pictures at once.")
    if request.prompts and len(request.prompts) != len(request.seeds):
        raise Unsupported("Give one prompt for each picture, or one for all.")
    if request.mask and not request.init_image:
        raise Unsupported("There is no picture under this mask. Choose the picture to change first.")
    for lora in request.loras:
        _check_lora(card, lora)
    if request.mask:
        return request
    width, height = sizes.fit_size(card, request.width, request.height)
    return request.model_copy(update={"width": width, "height": height})


def _check_lora(card: ModelCard, lora: LoraUse) -> None:
    try:
        info = safetensors.inspect(lora.path)
    except Invalid as error:
        raise Rejected(f"The LoRA {lora.name!r} cannot be used. {error.message}") from error
    except FileNotFoundError as error:
        raise EngineError(f"The file of the LoRA {lora.name!r} is not there. Try again.") from error
    if not info.keys_ok:
        raise Unsupported(f"The LoRA {lora.name!r} is not in the kohya LoRA layout (lora_down, lora_up). Convert it first.")
    if info.base and info.base != card.base:
        raise Unsupported(
            f"The LoRA {lora.name!r} was trained for {info.base}, but {card.title} is {card.base}. Choose another."
        )

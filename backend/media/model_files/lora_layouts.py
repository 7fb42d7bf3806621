"""Tells the layout of a .safetensors file (LoRA variants, checkpoints, embeddings) from its tensor names. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from backend.language import joined, tr_lazy
from backend.media.model_files.safetensors import Tensor

KOHYA, DIFFUSERS, OLD_DIFFUSERS, PEFT = "kohya", "diffusers", "old diffusers", "PEFT"
RENAMEABLE = (DIFFUSERS, OLD_DIFFUSERS, PEFT)
"""Layouts that differ from kohya's only in the tensor names."""

_PLAIN_LORAS_ONLY = tr_lazy(
    "The studio uses plain LoRAs only: train it again as one (kohya's networks.lora), or merge it into a checkpoint "
    "and extract a LoRA from that."
)
_FAMILIES = tr_lazy("The studio uses LoRAs for Stable Diffusion 1.5, 2, XL and its starter model: choose one made for these.")
REFUSALS = {
    "empty": tr_lazy("This file holds no tensors. Export the LoRA again and upload that."),
    "embedding": tr_lazy(
        "This is a textual inversion embedding, not a LoRA. The studio cannot use embeddings: train a LoRA instead."
    ),
    "checkpoint": tr_lazy(
        "This is a whole checkpoint, not a LoRA. Whoever runs the studio can put it into the models folder of ComfyUI or of "
        "kohya's scripts; to upload, extract a LoRA from it."
    ),
    "model part": tr_lazy("These are the weights of a model itself, not a LoRA. Upload the LoRA file (often a few to 300 MB)."),
    "controlnet": tr_lazy("This is a ControlNet, not a LoRA. Whoever runs the studio can put it into ComfyUI's models folder."),
    "ip-adapter": tr_lazy(
        "This is an IP-Adapter, not a LoRA. Whoever runs the studio can put it into ComfyUI's models folder."
    ),
    "LoKr": joined(tr_lazy("This is a LoKr (LyCORIS), not a plain LoRA."), _PLAIN_LORAS_ONLY),
    "LoHa": joined(tr_lazy("This is a LoHa (LyCORIS), not a plain LoRA."), _PLAIN_LORAS_ONLY),
    "DoRA": joined(tr_lazy("This is a DoRA: a LoRA with magnitudes of its own, which would be lost."), _PLAIN_LORAS_ONLY),
    "LoCon": joined(
        tr_lazy("This is a LoCon with middle weights (lora_mid, Tucker form)."),
        _PLAIN_LORAS_ONLY,
        tr_lazy("A LoCon without them works."),
    ),
    "OFT": joined(tr_lazy("This is an OFT or BOFT file, not a plain LoRA."), _PLAIN_LORAS_ONLY),
    "IA3": joined(tr_lazy("This is an (IA)³ file, not a plain LoRA."), _PLAIN_LORAS_ONLY),
    "GLoRA": joined(tr_lazy("This is a GLoRA (LyCORIS), not a plain LoRA."), _PLAIN_LORAS_ONLY),
    "full": joined(tr_lazy("This holds whole differences of weights (diff), not a plain LoRA."), _PLAIN_LORAS_ONLY),
    "FLUX": joined(tr_lazy("This is a LoRA for FLUX."), _FAMILIES),
    "SD3": joined(tr_lazy("This is a LoRA for Stable Diffusion 3."), _FAMILIES),
    "transformer": joined(
        tr_lazy("This is a LoRA for a newer kind of model (Wan, Qwen-Image, Hunyuan, Lumina or the like)."), _FAMILIES
    ),
    "cascade": joined(tr_lazy("This is a LoRA for Stable Cascade."), _FAMILIES),
    "other": tr_lazy(
        "The studio does not know this kind of LoRA. It takes LoRAs of kohya's scripts (lora_unet_…) and of diffusers "
        "(unet.…) for Stable Diffusion 1.5, 2, XL and its starter model."
    ),
}
"""Layout that is refused -> sentence for people."""

_KOHYA_KEY = re.compile(r"lora_(unet|te|te1|te2)_\w+\.(lora_down\.weight|lora_up\.weight|alpha)")
_OLD_KEY = re.compile(r".*(\.processor|\.self_attn|\.attn[12])\.to_(q|k|v|out)_lora\..*")
_PAIR = re.compile(r".*\.(lora_[AB]|lora\.(down|up)|lora_linear_layer\.(down|up)|lora_(down|up))(\.\w+)?\.weight")
_UNET_PATH = re.compile(r"(unet\.)?(base_model\.model\.)?(down_blocks|up_blocks|mid_block|conv_in|conv_out|time_emb|add_emb)")
_TEXT_PATH = re.compile(r"(text_encoder(_2)?\.)?(base_model\.model\.)?(text_model\.|encoder\.layers\.|text_projection)")
_WEIGHTS = ("down_blocks.", "text_model.", "encoder.", "decoder.", "transformer_blocks.", "double_blocks.", "quant_conv.")
_NEW_FAMILIES = (
    "transformer.", "diffusion_model.", "lora_transformer_", "lora_unet_blocks_", "lora_unet_layers_", "lora_unet_llm_",
    "blocks.", "layers.", "lora_unet_transformer_blocks_", "lora_unet__",
)  # fmt: skip

KeyTest = Callable[[Iterable[str]], bool]


def _any_contains(*parts: str) -> KeyTest:
    return lambda keys: any(part in key for key in keys for part in parts)


def _any_starts_with(*prefixes: str) -> KeyTest:
    return lambda keys: any(key.startswith(prefixes) for key in keys)


_SIGNS: tuple[tuple[str, KeyTest], ...] = (
    ("controlnet", _any_starts_with("control_model.", "controlnet_cond_embedding.", "controlnet_down_blocks.")),
    ("ip-adapter", _any_starts_with("ip_adapter.", "image_proj.")),
    (
        "checkpoint",
        _any_starts_with("model.diffusion_model.", "first_stage_model.", "cond_stage_model.", "conditioner.embedders."),
    ),
    ("LoKr", _any_contains(".lokr_")),
    ("LoHa", _any_contains(".hada_")),
    ("DoRA", _any_contains(".dora_scale", "lora_magnitude_vector")),
    ("OFT", _any_contains(".oft_", ".boft_", ".oft_diag")),
    ("IA3", _any_contains(".on_input", ".ia3_")),
    ("GLoRA", lambda keys: {".a1.weight", ".b1.weight"} <= {key[-10:] for key in keys}),
    ("LoCon", _any_contains(".lora_mid.")),
    (
        "SD3",
        _any_contains("lora_unet_joint_blocks_", ".joint_blocks.", "transformer.transformer_blocks.0.attn.add_k_proj.lora_A"),
    ),
    ("FLUX", _any_contains("double_blocks", "single_blocks", "single_transformer_blocks")),
    ("full", lambda keys: any(key.endswith((".diff", ".diff_b")) for key in keys)),
    ("cascade", _any_contains("lora_prior_unet_", "prior.")),
)


def layout_of(tensors: Mapping[str, Tensor]) -> str:
    """KOHYA, one of RENAMEABLE, or a key of REFUSALS."""
    keys = list(tensors)
    if not keys:
        return "empty"
    if _is_embedding(tensors):
        return "embedding"
    if layout := next((name for name, matches in _SIGNS if matches(keys)), ""):
        return _flux_or_sd3(keys) if layout in {"FLUX", "SD3"} else layout
    if all(_KOHYA_KEY.fullmatch(key) for key in keys):
        if _any_starts_with(*_NEW_FAMILIES)(keys):
            return "transformer"
        return KOHYA
    if any(_PAIR.fullmatch(key) or _OLD_KEY.fullmatch(key) for key in keys):
        return _diffusers_layout(keys)
    return "model part" if _any_starts_with(*_WEIGHTS)(keys) else "other"


def _diffusers_layout(keys: list[str]) -> str:
    if not all(_UNET_PATH.match(key) or _TEXT_PATH.match(key) for key in keys):
        return "transformer" if _any_starts_with(*_NEW_FAMILIES)(keys) else "other"
    if any(_OLD_KEY.fullmatch(key) for key in keys):
        return OLD_DIFFUSERS
    return PEFT if any("base_model.model." in key for key in keys) else DIFFUSERS


def _flux_or_sd3(keys: list[str]) -> str:
    """Tells the two apart: only FLUX has single blocks. Without any `lora` in the names it is the model itself."""
    if not any("lora" in key.lower() for key in keys):
        return "model part"
    return "FLUX" if _any_contains("double_blocks", "single_blocks", "single_transformer_blocks")(keys) else "SD3"


def _is_embedding(tensors: Mapping[str, Tensor]) -> bool:
    """A1111's `emb_params`, XL's `clip_l` and `clip_g`, or diffusers' `<token>`: a few vectors as wide as a text encoder."""
    if not len(tensors) <= 4 or any(len(tensor.shape) not in (1, 2) for tensor in tensors.values()):
        return False
    has_known_names = tensors.keys() <= {"emb_params", "clip_l", "clip_g", "t5xxl"}
    has_vector_shapes = all(tensor.shape[-1] in (768, 1024, 1280, 4096) and "." not in key for key, tensor in tensors.items())
    return has_known_names or has_vector_shapes

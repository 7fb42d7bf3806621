"""Which of the many things called a LoRA a .safetensors file is, from the names of its tensors alone. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from backend.media.model_files.safetensors import Tensor

KOHYA, DIFFUSERS, OLD_DIFFUSERS, PEFT = "kohya", "diffusers", "old diffusers", "PEFT"
RENAMED = (DIFFUSERS, OLD_DIFFUSERS, PEFT)
"""Layouts that differ from kohya's in the names alone."""

_PLAIN = (
    "The studio draws plain LoRAs only: train it again as one (kohya's networks.lora), or merge it into a checkpoint "
    "and extract a LoRA from that."
)
_FAMILY = "The studio draws LoRAs for Stable Diffusion 1.5, 2, XL and its starter model: choose one made for these."
SENTENCES = {
    "empty": "This file holds no tensors. Export the LoRA again and upload that.",
    "embedding": "This is a textual inversion embedding, not a LoRA. The studio cannot use embeddings: train a LoRA instead.",
    "checkpoint": (
        "This is a whole checkpoint, not a LoRA. Whoever runs the studio can put it into the models folder of ComfyUI or of "
        "kohya's scripts; to upload, extract a LoRA from it."
    ),
    "model part": "These are the weights of a model itself, not a LoRA. Upload the LoRA file (often a few to 300 MB).",
    "controlnet": "This is a ControlNet, not a LoRA. Whoever runs the studio can put it into ComfyUI's models folder.",
    "ip-adapter": "This is an IP-Adapter, not a LoRA. Whoever runs the studio can put it into ComfyUI's models folder.",
    "LoKr": f"This is a LoKr (LyCORIS), not a plain LoRA. {_PLAIN}",
    "LoHa": f"This is a LoHa (LyCORIS), not a plain LoRA. {_PLAIN}",
    "DoRA": f"This is a DoRA: a LoRA with magnitudes of its own, which would be lost. {_PLAIN}",
    "LoCon": f"This is a LoCon with middle weights (lora_mid, Tucker form). {_PLAIN} A LoCon without them works.",
    "OFT": f"This is an OFT or BOFT file, not a plain LoRA. {_PLAIN}",
    "IA3": f"This is an (IA)³ file, not a plain LoRA. {_PLAIN}",
    "GLoRA": f"This is a GLoRA (LyCORIS), not a plain LoRA. {_PLAIN}",
    "full": f"This holds whole differences of weights (diff), not a plain LoRA. {_PLAIN}",
    "FLUX": f"This is a LoRA for FLUX. {_FAMILY}",
    "SD3": f"This is a LoRA for Stable Diffusion 3. {_FAMILY}",
    "transformer": f"This is a LoRA for a newer kind of model (Wan, Qwen-Image, Hunyuan, Lumina or the like). {_FAMILY}",
    "cascade": f"This is a LoRA for Stable Cascade. {_FAMILY}",
    "other": (
        "This file is no LoRA the studio knows. It takes LoRAs of kohya's scripts (lora_unet_…) and of diffusers (unet.…) for "
        "Stable Diffusion 1.5, 2, XL and its starter model."
    ),
}
"""What a file is -> what people are told, for everything that is not taken."""

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

Test = Callable[[Iterable[str]], bool]


def _any(*parts: str) -> Test:
    return lambda keys: any(part in key for key in keys for part in parts)


def _starts(*heads: str) -> Test:
    return lambda keys: any(key.startswith(heads) for key in keys)


_SIGNS: tuple[tuple[str, Test], ...] = (
    ("controlnet", _starts("control_model.", "controlnet_cond_embedding.", "controlnet_down_blocks.")),
    ("ip-adapter", _starts("ip_adapter.", "image_proj.")),
    ("checkpoint", _starts("model.diffusion_model.", "first_stage_model.", "cond_stage_model.", "conditioner.embedders.")),
    ("LoKr", _any(".lokr_")),
    ("LoHa", _any(".hada_")),
    ("DoRA", _any(".dora_scale", "lora_magnitude_vector")),
    ("OFT", _any(".oft_", ".boft_", ".oft_diag")),
    ("IA3", _any(".on_input", ".ia3_")),
    ("GLoRA", lambda keys: {".a1.weight", ".b1.weight"} <= {key[-10:] for key in keys}),
    ("LoCon", _any(".lora_mid.")),
    ("SD3", _any("lora_unet_joint_blocks_", ".joint_blocks.", "transformer.transformer_blocks.0.attn.add_k_proj.lora_A")),
    ("FLUX", _any("double_blocks", "single_blocks", "single_transformer_blocks")),
    ("full", lambda keys: any(key.endswith((".diff", ".diff_b")) for key in keys)),
    ("cascade", _any("lora_prior_unet_", "prior.")),
)


def layout_of(tensors: Mapping[str, Tensor]) -> str:
    """One of KOHYA, RENAMED, or a key of SENTENCES."""
    keys = list(tensors)
    if not keys:
        return "empty"
    if _is_embedding(tensors):
        return "embedding"
    if found := next((name for name, shown in _SIGNS if shown(keys)), ""):
        return _flux_or_sd3(keys) if found in {"FLUX", "SD3"} else found
    if all(_KOHYA_KEY.fullmatch(key) for key in keys):
        if _starts(*_NEW_FAMILIES)(keys):
            return "transformer"
        return KOHYA
    if any(_PAIR.fullmatch(key) or _OLD_KEY.fullmatch(key) for key in keys):
        return _renamed(keys)
    return "model part" if _starts(*_WEIGHTS)(keys) else "other"


def _renamed(keys: list[str]) -> str:
    if not all(_UNET_PATH.match(key) or _TEXT_PATH.match(key) for key in keys):
        return "transformer" if _starts(*_NEW_FAMILIES)(keys) else "other"
    if any(_OLD_KEY.fullmatch(key) for key in keys):
        return OLD_DIFFUSERS
    return PEFT if any("base_model.model." in key for key in keys) else DIFFUSERS


def _flux_or_sd3(keys: list[str]) -> str:
    """Both have `joint` parts in diffusers' names; only FLUX has single blocks, and neither sign says it is a LoRA."""
    if not any("lora" in key.lower() for key in keys):
        return "model part"
    return "FLUX" if _any("double_blocks", "single_blocks", "single_transformer_blocks")(keys) else "SD3"


def _is_embedding(tensors: Mapping[str, Tensor]) -> bool:
    """A1111's `emb_params`, XL's `clip_l` and `clip_g`, or diffusers' `<token>`: a few vectors as wide as a text encoder."""
    if not len(tensors) <= 4 or any(len(tensor.shape) not in (1, 2) for tensor in tensors.values()):
        return False
    named = tensors.keys() <= {"emb_params", "clip_l", "clip_g", "t5xxl"}
    wide = all(tensor.shape[-1] in (768, 1024, 1280, 4096) and "." not in key for key, tensor in tensors.items())
    return named or wide

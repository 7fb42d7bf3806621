"""The node classes it knows: those of the built-in graphs and of the eight graphs that live servers accepted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

SAMPLERS = ["euler", "euler_ancestral", "heun", "dpm_2", "lms", "dpmpp_2m", "dpmpp_2m_sde", "ddim", "uni_pc"]
SCHEDULERS = ["normal", "karras", "exponential", "sgm_uniform", "simple", "ddim_uniform", "beta"]
SCALERS = ["nearest-exact", "bilinear", "area", "bicubic", "lanczos"]
VIDEO_FORMATS = ["image/gif", "image/webp", "video/h264-mp4", "video/h265-mp4", "video/webm"]
Spec = list[Any]


@dataclass(frozen=True)
class Files:
    """A combo of the files in a folder of models (or "input")."""

    kind: str


@dataclass(frozen=True)
class NodeClass:
    """`outputs`: types. `output_node`: it ends a graph. `custom`: the pack it comes with, which may be missing."""

    required: dict[str, Spec]
    outputs: tuple[str, ...]
    optional: dict[str, Spec] = field(default_factory=dict)
    output_node: bool = False
    custom: str = ""


def number(default: int, low: int = 0, high: int = 2**64 - 1) -> Spec:
    return ["INT", {"default": default, "min": low, "max": high}]


def real(default: float, low: float = 0.0, high: float = 1.0) -> Spec:
    return ["FLOAT", {"default": default, "min": low, "max": high, "step": 0.01}]


def text() -> Spec:
    return ["STRING", {"multiline": True, "dynamicPrompts": True}]


def one_of(*options: str) -> Spec:
    return [list(options), {}]


def modern(*options: str) -> Spec:
    """A combo as nodes written for the new schema describe it."""
    return ["COMBO", {"options": list(options)}]


def files(kind: str) -> Spec:
    return [Files(kind), {}]


def a(kind: str) -> Spec:
    return [kind, {}]


SIZE = {"width": number(512, 16, 16384), "height": number(512, 16, 16384), "batch_size": number(1, 1, 4096)}
STEPS = {
    "steps": number(20, 1, 10000),
    "cfg": real(8.0, 0.0, 100.0),
    "sampler_name": one_of(*SAMPLERS),
    "scheduler": one_of(*SCHEDULERS),
    "positive": a("CONDITIONING"),
    "negative": a("CONDITIONING"),
    "latent_image": a("LATENT"),
}
SCALE = {"width": number(512, 0, 16384), "height": number(512, 0, 16384), "crop": one_of("disabled", "center")}
PREFIX: Spec = ["STRING", {"default": "ComfyUI"}]
VHS = {
    "pix_fmt": one_of("yuv420p", "yuv420p10le"),
    "crf": number(19, 0, 100),
    "save_metadata": ["BOOLEAN", {"default": True}],
    "trim_to_audio": ["BOOLEAN", {"default": False}],
    "audio": a("AUDIO"),
    "vae": a("VAE"),
}
LORA_WEIGHT = real(1.0, -100.0, 100.0)

CLASSES: dict[str, NodeClass] = {
    "CheckpointLoaderSimple": NodeClass({"ckpt_name": files("checkpoints")}, ("MODEL", "CLIP", "VAE")),
    "ImageOnlyCheckpointLoader": NodeClass({"ckpt_name": files("checkpoints")}, ("MODEL", "CLIP_VISION", "VAE")),
    "UNETLoader": NodeClass(
        {"unet_name": files("diffusion_models"), "weight_dtype": one_of("default", "fp8_e4m3fn")}, ("MODEL",)
    ),
    "DualCLIPLoader": NodeClass(
        {"clip_name1": files("text_encoders"), "clip_name2": files("text_encoders"), "type": one_of("sdxl", "sd3", "flux")},
        ("CLIP",),
    ),
    "VAELoader": NodeClass({"vae_name": files("vae")}, ("VAE",)),
    "LoraLoader": NodeClass(
        {
            "model": a("MODEL"),
            "clip": a("CLIP"),
            "lora_name": files("loras"),
            "strength_model": LORA_WEIGHT,
            "strength_clip": LORA_WEIGHT,
        },
        ("MODEL", "CLIP"),
    ),
    "LoraLoaderModelOnly": NodeClass(
        {"model": a("MODEL"), "lora_name": files("loras"), "strength_model": LORA_WEIGHT}, ("MODEL",)
    ),
    "CLIPSetLastLayer": NodeClass({"clip": a("CLIP"), "stop_at_clip_layer": number(-1, -24, -1)}, ("CLIP",)),
    "CLIPTextEncode": NodeClass({"text": text(), "clip": a("CLIP")}, ("CONDITIONING",)),
    "CLIPTextEncodeSDXL": NodeClass(
        {
            "clip": a("CLIP"),
            **{name: number(1024, 0, 16384) for name in ("width", "height", "crop_w", "crop_h")},
            **{name: number(1024, 0, 16384) for name in ("target_width", "target_height")},
            "text_g": text(),
            "text_l": text(),
        },
        ("CONDITIONING",),
    ),
    "FluxGuidance": NodeClass({"conditioning": a("CONDITIONING"), "guidance": real(3.5, 0.0, 100.0)}, ("CONDITIONING",)),
    "ConditioningZeroOut": NodeClass({"conditioning": a("CONDITIONING")}, ("CONDITIONING",)),
    "EmptyLatentImage": NodeClass(SIZE, ("LATENT",)),
    "EmptySD3LatentImage": NodeClass(SIZE, ("LATENT",)),
    "KSampler": NodeClass({"model": a("MODEL"), "seed": number(0), **STEPS, "denoise": real(1.0)}, ("LATENT",)),
    "KSamplerAdvanced": NodeClass(
        {
            "model": a("MODEL"),
            "add_noise": one_of("enable", "disable"),
            "noise_seed": number(0),
            **STEPS,
            "start_at_step": number(0, 0, 10000),
            "end_at_step": number(10000, 0, 10000),
            "return_with_leftover_noise": one_of("disable", "enable"),
        },
        ("LATENT",),
    ),
    "VAEDecode": NodeClass({"samples": a("LATENT"), "vae": a("VAE")}, ("IMAGE",)),
    "VAEEncode": NodeClass({"pixels": a("IMAGE"), "vae": a("VAE")}, ("LATENT",)),
    "VAEEncodeForInpaint": NodeClass(
        {"pixels": a("IMAGE"), "vae": a("VAE"), "mask": a("MASK"), "grow_mask_by": number(6, 0, 64)}, ("LATENT",)
    ),
    "InpaintModelConditioning": NodeClass(
        {
            "positive": a("CONDITIONING"),
            "negative": a("CONDITIONING"),
            "vae": a("VAE"),
            "pixels": a("IMAGE"),
            "mask": a("MASK"),
            "noise_mask": ["BOOLEAN", {"default": True}],
        },
        ("CONDITIONING", "CONDITIONING", "LATENT"),
    ),
    "DifferentialDiffusion": NodeClass({"model": a("MODEL")}, ("MODEL",)),
    "SetLatentNoiseMask": NodeClass({"samples": a("LATENT"), "mask": a("MASK")}, ("LATENT",)),
    "LatentUpscaleBy": NodeClass(
        {"samples": a("LATENT"), "upscale_method": one_of(*SCALERS), "scale_by": real(1.5, 0.01, 8.0)}, ("LATENT",)
    ),
    "LatentUpscale": NodeClass({"samples": a("LATENT"), "upscale_method": one_of(*SCALERS), **SCALE}, ("LATENT",)),
    "RepeatLatentBatch": NodeClass({"samples": a("LATENT"), "amount": number(1, 1, 64)}, ("LATENT",)),
    "LoadImage": NodeClass({"image": files("input")}, ("IMAGE", "MASK")),
    "LoadImageMask": NodeClass({"image": files("input"), "channel": one_of("alpha", "red", "green", "blue")}, ("MASK",)),
    "ImageToMask": NodeClass({"image": a("IMAGE"), "channel": one_of("red", "green", "blue", "alpha")}, ("MASK",)),
    "MaskToImage": NodeClass({"mask": a("MASK")}, ("IMAGE",)),
    "GrowMask": NodeClass(
        {"mask": a("MASK"), "expand": number(0, -16384, 16384), "tapered_corners": ["BOOLEAN", {"default": True}]}, ("MASK",)
    ),
    "ImageScale": NodeClass({"image": a("IMAGE"), "upscale_method": one_of(*SCALERS), **SCALE}, ("IMAGE",)),
    "ImageScaleBy": NodeClass(
        {"image": a("IMAGE"), "upscale_method": one_of(*SCALERS), "scale_by": real(1.0, 0.01, 8.0)}, ("IMAGE",)
    ),
    "UpscaleModelLoader": NodeClass({"model_name": files("upscale_models")}, ("UPSCALE_MODEL",)),
    "ImageUpscaleWithModel": NodeClass({"upscale_model": a("UPSCALE_MODEL"), "image": a("IMAGE")}, ("IMAGE",)),
    "ControlNetLoader": NodeClass({"control_net_name": files("controlnet")}, ("CONTROL_NET",)),
    "SetUnionControlNetType": NodeClass(
        {"control_net": a("CONTROL_NET"), "type": one_of("auto", "openpose", "depth")}, ("CONTROL_NET",)
    ),
    "ControlNetApplyAdvanced": NodeClass(
        {
            "positive": a("CONDITIONING"),
            "negative": a("CONDITIONING"),
            "control_net": a("CONTROL_NET"),
            "image": a("IMAGE"),
            "strength": real(1.0, 0.0, 10.0),
            "start_percent": real(0.0),
            "end_percent": real(1.0),
        },
        ("CONDITIONING", "CONDITIONING"),
        {"vae": a("VAE")},
    ),
    "SaveImage": NodeClass({"images": a("IMAGE"), "filename_prefix": PREFIX}, (), output_node=True),
    "PreviewImage": NodeClass({"images": a("IMAGE")}, (), output_node=True),
    "SaveAnimatedWEBP": NodeClass(
        {
            "images": a("IMAGE"),
            "filename_prefix": PREFIX,
            "fps": real(6.0, 0.01, 1000.0),
            "lossless": ["BOOLEAN", {"default": True}],
            "quality": number(80, 0, 100),
            "method": one_of("default", "fastest", "slowest"),
        },
        (),
        output_node=True,
    ),
    "CreateVideo": NodeClass({"images": a("IMAGE"), "fps": real(30.0, 1.0, 120.0)}, ("VIDEO",), {"audio": a("AUDIO")}),
    "SaveVideo": NodeClass(
        {
            "video": a("VIDEO"),
            "filename_prefix": PREFIX,
            "format": modern("auto", "mp4"),
            "codec": modern("auto", "h264"),
        },
        (),
        output_node=True,
    ),
    "SVD_img2vid_Conditioning": NodeClass(
        {
            "clip_vision": a("CLIP_VISION"),
            "init_image": a("IMAGE"),
            "vae": a("VAE"),
            "width": number(1024, 16, 16384),
            "height": number(576, 16, 16384),
            "video_frames": number(14, 1, 4096),
            "motion_bucket_id": number(127, 1, 1023),
            "fps": number(6, 1, 1024),
            "augmentation_level": real(0.0, 0.0, 10.0),
        },
        ("CONDITIONING", "CONDITIONING", "LATENT"),
    ),
    "VideoLinearCFGGuidance": NodeClass({"model": a("MODEL"), "min_cfg": real(1.0, 0.0, 100.0)}, ("MODEL",)),
    "VHS_VideoCombine": NodeClass(
        {
            "images": a("IMAGE"),
            "frame_rate": real(8.0, 1.0, 1000.0),
            "loop_count": number(0, 0, 100),
            "filename_prefix": PREFIX,
            "format": one_of(*VIDEO_FORMATS),
            "pingpong": ["BOOLEAN", {"default": False}],
            "save_output": ["BOOLEAN", {"default": True}],
        },
        ("VHS_FILENAMES",),
        VHS,
        output_node=True,
        custom="vhs",
    ),
    "ADE_LoadAnimateDiffModel": NodeClass(
        {"model_name": files("animatediff_models")}, ("MOTION_MODEL_ADE",), custom="animatediff"
    ),
    "ADE_ApplyAnimateDiffModelSimple": NodeClass({"motion_model": a("MOTION_MODEL_ADE")}, ("M_MODELS",), custom="animatediff"),
    "ADE_StandardStaticContextOptions": NodeClass(
        {"context_length": number(16, 1, 128), "context_overlap": number(4, 0, 128)}, ("CONTEXT_OPTIONS",), custom="animatediff"
    ),
    "ADE_UseEvolvedSampling": NodeClass(
        {"model": a("MODEL"), "beta_schedule": one_of("autoselect", "use existing", "sqrt_linear (AnimateDiff)")},
        ("MODEL",),
        {"m_models": a("M_MODELS"), "context_options": a("CONTEXT_OPTIONS")},
        custom="animatediff",
    ),
}

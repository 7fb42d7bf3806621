"""Facts about ComfyUI's node classes: which are allowed, which save, which read files, which pack contains them."""

from __future__ import annotations

from backend.language import tr_lazy

_HARMLESS = """
CheckpointLoaderSimple ImageOnlyCheckpointLoader UNETLoader VAELoader CLIPLoader DualCLIPLoader TripleCLIPLoader
CLIPVisionLoader ControlNetLoader DiffControlNetLoader UpscaleModelLoader LoraLoader LoraLoaderModelOnly
StyleModelLoader GLIGENLoader HypernetworkLoader unCLIPCheckpointLoader CLIPTextEncode CLIPTextEncodeSDXL
CLIPTextEncodeSDXLRefiner CLIPTextEncodeFlux CLIPTextEncodeSD3 CLIPSetLastLayer CLIPVisionEncode ConditioningAverage
ConditioningCombine ConditioningConcat ConditioningSetArea ConditioningSetAreaPercentage ConditioningSetAreaStrength
ConditioningSetMask ConditioningSetTimestepRange ConditioningZeroOut unCLIPConditioning StyleModelApply FluxGuidance
ReferenceLatent ControlNetApply ControlNetApplyAdvanced SetUnionControlNetType ControlNetInpaintingAliMamaApply KSampler
KSamplerAdvanced KSamplerSelect SamplerCustom SamplerCustomAdvanced BasicScheduler KarrasScheduler ExponentialScheduler
PolyexponentialScheduler SDTurboScheduler VPScheduler BetaSamplingScheduler AlignYourStepsScheduler BasicGuider
CFGGuider DualCFGGuider RandomNoise DisableNoise SplitSigmas SplitSigmasDenoise FlipSigmas SamplerDPMPP_2M_SDE
SamplerDPMPP_3M_SDE SamplerDPMPP_SDE SamplerEulerAncestral SamplerLMS EmptyLatentImage EmptySD3LatentImage LatentUpscale
LatentUpscaleBy LatentComposite LatentCompositeMasked LatentBlend LatentCrop LatentFlip LatentRotate LatentFromBatch
RepeatLatentBatch RebatchLatents SetLatentNoiseMask LatentBatch LatentAdd LatentSubtract LatentMultiply
LatentInterpolate VAEDecode VAEDecodeTiled VAEEncode VAEEncodeTiled VAEEncodeForInpaint InpaintModelConditioning
DifferentialDiffusion FreeU FreeU_V2 RescaleCFG PerturbedAttentionGuidance SelfAttentionGuidance HyperTile
PatchModelAddDownscale ModelSamplingDiscrete ModelSamplingContinuousEDM ModelSamplingFlux ModelSamplingSD3
ModelMergeSimple CLIPMergeSimple TomePatchModel VideoLinearCFGGuidance VideoTriangleCFGGuidance SVD_img2vid_Conditioning
ImageScale ImageScaleBy ImageScaleToTotalPixels ImageScaleToMaxDimension ImageUpscaleWithModel ImageCrop ImageInvert
ImageBatch ImageBlend ImageBlur ImageSharpen ImageQuantize ImagePadForOutpaint ImageCompositeMasked ImageColorToMask
ImageFromBatch RepeatImageBatch RebatchImages EmptyImage Canny PorterDuffImageComposite SplitImageWithAlpha
JoinImageWithAlpha ImageToMask MaskToImage MaskComposite InvertMask CropMask FeatherMask GrowMask SolidMask
ThresholdMask CreateVideo GetVideoComponents GetImageSize Reroute PrimitiveNode PrimitiveInt PrimitiveFloat
PrimitiveString PrimitiveStringMultiline PrimitiveBoolean Note MarkdownNote SDPoseKeypointExtractor SDPoseDrawKeypoints
ADE_LoadAnimateDiffModel ADE_ApplyAnimateDiffModelSimple ADE_ApplyAnimateDiffModel ADE_UseEvolvedSampling
ADE_StandardStaticContextOptions ADE_StandardUniformContextOptions ADE_LoopedUniformContextOptions
ADE_AnimateDiffLoaderGen1 ADE_AnimateDiffLoaderWithContext ADE_EmptyLatentImageLarge ADE_MultivalDynamic
OpenposePreprocessor DWPreprocessor CannyEdgePreprocessor DepthAnythingPreprocessor MiDaS-DepthMapPreprocessor
LineArtPreprocessor HEDPreprocessor AIO_Preprocessor
"""
SAVERS = frozenset({"SaveImage", "SaveVideo", "SaveWEBM", "SaveAnimatedWEBP", "SaveAnimatedPNG", "VHS_VideoCombine"})
"""Keep files on the server under a `filename_prefix`."""
PREVIEWERS = frozenset({"PreviewImage"})
IMAGE_LOADERS = frozenset({"LoadImage", "LoadImageMask"})
"""Read the file named in `image`. On a shared server it may be anybody's, so this is always a file we uploaded."""
ALLOWED = SAVERS | PREVIEWERS | IMAGE_LOADERS | frozenset(_HARMLESS.split())
"""Nodes that draw, load models by name and save; none runs code, fetches URLs or reads other files."""
_PACKS = (
    ("ADE_", "ComfyUI-AnimateDiff-Evolved"),
    ("VHS_", "ComfyUI-VideoHelperSuite"),
    ("IPAdapter", "ComfyUI_IPAdapter_plus"),
    ("UltimateSDUpscale", "ComfyUI_UltimateSDUpscale"),
    ("FaceDetailer", "ComfyUI-Impact-Pack"),
    ("AIO_Preprocessor", "comfyui_controlnet_aux"),
    ("DWPreprocessor", "comfyui_controlnet_aux"),
    ("OpenposePreprocessor", "comfyui_controlnet_aux"),
)
FOLDER_BY_INPUT: dict[str, str] = {
    "ckpt_name": "checkpoints",
    "lora_name": "loras",
    "control_net_name": "controlnet",
    "vae_name": "vae",
    "unet_name": "diffusion_models",
    "clip_name": "text_encoders",
    "clip_name1": "text_encoders",
    "clip_name2": "text_encoders",
    "clip_name3": "text_encoders",
    "style_model_name": "style_models",
    "gligen_name": "gligen",
    "hypernetwork_name": "hypernetworks",
}
"""Input name -> folder below `models/` that holds its file."""
_FOLDER_BY_CLASS = {"UpscaleModelLoader": "upscale_models", "CLIPVisionLoader": "clip_vision"}
NOUN_BY_FOLDER = {
    "checkpoints": "checkpoint",
    "loras": "LoRA",
    "controlnet": "ControlNet",
    "vae": "VAE",
    "diffusion_models": tr_lazy("diffusion model"),
    "text_encoders": tr_lazy("text encoder"),
    "upscale_models": tr_lazy("upscale model"),
    "animatediff_models": tr_lazy("motion module"),
    "clip_vision": tr_lazy("CLIP vision model"),
}


def model_folder(class_type: str, name: str) -> str:
    """The folder below `models/` of the file in this input; "" when the input names no model file."""
    if class_type in _FOLDER_BY_CLASS and name in {"model_name", "clip_name"}:
        return _FOLDER_BY_CLASS[class_type]
    if class_type.startswith("ADE_") and name == "model_name":
        return "animatediff_models"
    return FOLDER_BY_INPUT.get(name, "")


def custom_node_pack(class_type: str) -> str:
    """The custom node pack that contains a class; "" when it is ComfyUI's own or unknown."""
    pack_name = next((name for prefix, name in _PACKS if class_type.startswith(prefix)), "")
    return pack_name or ("comfyui_controlnet_aux" if class_type.endswith("Preprocessor") else "")

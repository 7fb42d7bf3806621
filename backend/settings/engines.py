"""Settings of what draws, trains, moves, captions and writes, and of what that may cost."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PositiveFloat, SecretStr

from backend.settings.section import SettingsSection, env, secret, split

Names = Annotated[frozenset[str], BeforeValidator(split)]
"""Several, comma-separated."""
NoneOrMore = Annotated[int, Field(ge=0)]


class ComfyUISettings(SettingsSection):
    """ComfyUI"""

    url: str = env("COMFYUI_URL", "", "http://host:8188; several, comma-separated: each is a device")
    models_dir: str = env("COMFYUI_MODELS_DIR", "", "their models folder as this machine sees it; one for all or one each")
    allowed_classes: Names = env(
        "COMFYUI_ALLOWED_CLASSES", frozenset(), "node classes that imported workflows may have beyond the built-in list"
    )
    timeout_ms: int = env("COMFYUI_TIMEOUT", 300_000, "milliseconds without progress until a server counts as stuck")


class KohyaSettings(SettingsSection):
    """kohya sd-scripts"""

    folder: Path | None = env("KOHYA_DIR", None, "folder of kohya sd-scripts (train_network.py in it)")
    python: Path | None = env("KOHYA_PYTHON", None, "python of its environment; default: venv/bin/python in KOHYA_DIR")
    models_dir: Path | None = env("KOHYA_MODELS_DIR", None, "checkpoints to train on; default: those of COMFYUI_MODELS_DIR")
    vram_gb: int = env("KOHYA_VRAM_GB", 0, "memory a training may use: 8, 12, 16, 24; 0 = what the card has")


class LocalEngineSettings(SettingsSection):
    """Engines on this machine"""

    models_dir: Path | None = env("MODELS_DIR", None, "folder of Stable Diffusion folders in diffusers format")
    default_model: str = env("DEFAULT_MODEL", "starter")
    device: str = env("ENGINE_DEVICE", "auto", "auto, cpu, cuda, cuda:0, mps")
    threads: int = env("ENGINE_THREADS", 0, "CPU threads of a local engine; 0 = all cores")
    x264_preset: Literal["veryfast", "fast", "medium"] = env(
        "FINISH_PRESET", "medium", "of x264, for finished videos: veryfast takes a third of medium's time, for a larger file"
    )
    idle_s: float = env("ENGINE_IDLE_S", 300.0)
    memory_mb: int = env("ENGINE_MEMORY_MB", 0, "address-space limit of local engine children; 0 = none")


class IdentitySettings(SettingsSection):
    """Identity"""

    model: Path | None = env("IDENTITY_MODEL", None, "folder of a vision model (CLIP, DINOv2) that scores who is shown")
    device: str = env("IDENTITY_DEVICE", "cpu", "where it runs: cpu, cuda, cuda:0, mps")
    face_focus: bool = env("FACE_FOCUS", True, "whether crops look for the face in a picture and keep it")


class EngineSettings(SettingsSection):
    """Engines

    The names that are chosen of each capability, and what single engines need.
    """

    image: str = env("IMAGE_ENGINE", "auto", "auto (comfyui when COMFYUI_URL is set), diffusers, comfyui")
    trainer: str = env("TRAINER_ENGINE", "auto", "auto (kohya when KOHYA_DIR is set), peft, kohya")
    upscale: str = env("UPSCALE_ENGINE", "auto", "auto (as IMAGE_ENGINE), pillow, comfyui")
    motion: str = env("MOTION_ENGINE", "auto", "auto (as IMAGE_ENGINE, camera moves beside it), camera, comfyui")
    ffmpeg_binary: str = env("FFMPEG_BINARY", "", "an ffmpeg to use instead of the one that came with the requirements")
    comfyui: ComfyUISettings
    kohya: KohyaSettings
    local: LocalEngineSettings
    identity: IdentitySettings


class CaptionSettings(SettingsSection):
    """Captions of dataset pictures"""

    engine: str = env("CAPTION_ENGINE", "auto", "auto (all there are), vision, blip, template: who captions datasets")
    at_once: int = env("CAPTION_AT_ONCE", 4, "pictures shown to a vision model at once")
    blip_dir: Path | None = env("BLIP_DIR", None, "folder of a BLIP caption model in transformers format")
    blip_device: str = env("BLIP_DEVICE", "cpu", "where it runs: cpu, cuda, cuda:0, mps")
    automatic: bool = env(
        "ENABLE_AUTO_CAPTIONS",
        False,
        "new pictures without a caption get one: at once where it is free, else it is offered",
    )


class SpeechSettings(SettingsSection):
    """Voices that speak"""

    models_dir: Path | None = env(
        "SPEECH_MODELS_DIR", None, "your own voices: piper/NAME.onnx with NAME.onnx.json, kokoro/, pocket/LANGUAGE/ (README)"
    )
    openai_url: str = env(
        "OPENAI_SPEECH_URL", "", "any OpenAI-compatible server, up to /v1; default with a key: https://api.openai.com/v1"
    )
    openai_key: SecretStr = secret("OPENAI_SPEECH_API_KEY", "its key; may be empty for a server of one's own")
    openai_model: str = env("OPENAI_SPEECH_MODEL", "gpt-4o-mini-tts")
    openai_voices: str = env("OPENAI_SPEECH_VOICES", "alloy,ash,coral,echo,nova,sage,shimmer", "its voices, comma-separated")
    openai_languages: str = env("OPENAI_SPEECH_LANGUAGES", "en,it,es,fr,de,pt,nl,pl", "what they speak, comma-separated")
    openai_price: float = env(
        "OPENAI_SPEECH_PRICE", 15.0, "USD per million characters, counted against budgets; 0: it costs nothing"
    )
    elevenlabs_key: SecretStr = secret("ELEVENLABS_API_KEY", "set: the voices of this ElevenLabs account are offered")
    elevenlabs_url: str = env("ELEVENLABS_URL", "https://api.elevenlabs.io")
    elevenlabs_model: str = env("ELEVENLABS_MODEL", "eleven_multilingual_v2")
    elevenlabs_price: float = env("ELEVENLABS_PRICE", 165.0, "USD per million characters, counted against budgets")
    timeout_s: float = env("SPEECH_TIMEOUT_S", 120.0, "silence of a speech server until its answer counts as lost")


class TextSettings(SettingsSection):
    """Language models

    `model_*`: the first choice for each use. `max_tokens_*`: the most tokens of one answer, or 0.
    """

    api_key: SecretStr = secret("OPENROUTER_API_KEY", "set: a language model writes; else the offline writer")
    base_url: str = env(
        "OPENROUTER_BASE_URL",
        "",
        "default with a key: https://openrouter.ai/api/v1; any OpenAI-compatible server, e.g. Ollama, vLLM",
    )
    model_planning: str = env("TEXT_MODEL_PLANNING", "openai/gpt-4-turbo")
    model_writing: str = env("TEXT_MODEL_WRITING", "anthropic/claude-3-5-sonnet", "prompts and captions")
    model_cheap: str = env("TEXT_MODEL_CHEAP", "meta-llama/llama-3.1-70b-instruct")
    model_style: str = env("TEXT_MODEL_STYLE", "anthropic/claude-opus-4.5")
    model_vision: str = env("TEXT_MODEL_VISION", "openai/gpt-4o-mini", "captions of dataset pictures")
    fallbacks: str = env(
        "TEXT_FALLBACKS",
        "meta-llama/llama-3.1-70b-instruct",
        "comma-separated: asked in this order when a model is down",
    )
    fallbacks_vision: str = env("TEXT_FALLBACKS_VISION", "", "the same for pictures: models that can see")
    prices: str = env("TEXT_PRICES", "", "model=in/out, … in USD per million tokens, for models the server names no price of")
    max_tokens_planning: NoneOrMore = env(
        "MAX_TOKENS_PLANNING", 0, "tokens a model may generate for one answer; 0: as many as the text needs"
    )
    max_tokens_writing: NoneOrMore = env("MAX_TOKENS_WRITING", 0)
    max_tokens_cheap: NoneOrMore = env("MAX_TOKENS_CHEAP", 0)
    max_tokens_style: NoneOrMore = env("MAX_TOKENS_STYLE", 0)
    max_tokens_vision: NoneOrMore = env("MAX_TOKENS_VISION", 0)
    timeout_s: float = env("TEXT_TIMEOUT_S", 120.0, "silence until an answer counts as lost")
    caching: bool = env("ENABLE_CACHING", True, "a question asked again within 24 hours is not paid again")

    @property
    def is_model(self) -> bool:
        """Whether a language model writes, and not the offline writer."""
        return bool(self.api_key.get_secret_value() or self.base_url)

    def models(self, use: str) -> tuple[str, ...]:
        """Names for a use (planning, writing, cheap, style, vision), the first choice first, each once."""
        fallbacks = self.fallbacks_vision if use == "vision" else self.fallbacks
        named = [getattr(self, f"model_{use}"), *fallbacks.split(",")]
        return tuple(dict.fromkeys(name for name in (item.strip() for item in named) if name))

    def max_tokens(self, use: str, needed: int) -> int:
        """How many tokens an answer for a use may have: `needed`, unless its setting allows less."""
        return min(needed, getattr(self, f"max_tokens_{use}") or needed)


def _rates(value: object) -> object:
    """`EUR=0.92,GBP=0.79` -> (("EUR", "0.92"), ("GBP", "0.79"))"""
    if not isinstance(value, str):
        return value
    pairs = (pair.partition("=") for pair in value.replace(" ", "").split(",") if pair)
    return tuple((currency.upper(), rate) for currency, _, rate in pairs)


Rates = Annotated[tuple[tuple[str, PositiveFloat], ...], BeforeValidator(_rates)]
"""Currency code -> what a US dollar is in it."""


class BudgetSettings(SettingsSection):
    """What language models may cost"""

    monthly_usd: float = env(
        "MONTHLY_OPENROUTER_BUDGET", 150.0, "USD a workspace may spend on words in a month; the owner may set less"
    )
    daily_usd: float = env("DAILY_OPENROUTER_BUDGET", 10.0, "the same in a day; 0: only the month counts")
    exchange_rates: Rates = env("EXCHANGE_RATES", (), "currencies that people may have costs shown in: EUR=0.92,GBP=0.79")

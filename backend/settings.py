"""Every setting, read once from the environment (or `.env`). Names are the user's; `.env.example` lists them all."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from backend.kit.hosts import Hosts, hosts

ROOT = Path(__file__).resolve().parent.parent
MB = 1024 * 1024


class Settings(BaseSettings):
    """Times are seconds unless the name says otherwise; sizes are bytes; `*_url` empty means the embedded server."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True)

    # The outside servers
    database_url: SecretStr = Field(
        SecretStr(""), description="postgresql://… login of the app; for `make run` the owner's will do"
    )
    database_owner_url: SecretStr = Field(SecretStr(""), description="migrations and backup; default: DATABASE_URL")
    worker_database_url: SecretStr = Field(
        SecretStr(""), description="login of the workers; `make run` makes it from the owner's"
    )
    studio_app_password: SecretStr = Field(SecretStr(""), description="given to the app login when the owner migrates")
    studio_worker_password: SecretStr = Field(SecretStr(""), description="given to the worker login when the owner migrates")
    redis_url: SecretStr = SecretStr("")
    s3_endpoint: str = Field("", description="http://host:port")
    s3_public_endpoint: str = Field("", description="what browsers can reach; set: media is redirected to presigned URLs")
    s3_key: SecretStr = SecretStr("")
    s3_secret: SecretStr = SecretStr("")
    s3_bucket: str = "assets"
    s3_region: str = "us-east-1"
    s3_force_path_style: bool = True

    # The studio
    host: str = "127.0.0.1"
    port: int = 8501
    public_url: str = Field("", description="where people reach it, https://… behind a proxy that ends TLS")
    allowed_hosts: str = Field(
        "", description="more names the studio answers to, comma-separated (*.example.org: all below it; *: any)"
    )
    forwarded_allow_ips: str = Field(
        "127.0.0.1", description="proxies whose X-Forwarded-For is believed: addresses or networks, comma-separated"
    )
    metrics_token: SecretStr = Field(
        SecretStr(""), description="Authorization: Bearer … for /metrics; without it only this machine reads them"
    )
    secret_keys: SecretStr = Field(SecretStr(""), description="comma-separated base64 keys of 32 bytes, newest first")
    data_dir: Path = Field(ROOT / "var", validation_alias="DATA_SHARED_BASE")
    log_level: str = "INFO"
    session_days: int = 7
    session_cleanup_hours: int = 24
    job_cleanup_hours: int = 24 * 30

    # Uploads
    max_upload_size: int = Field(100 * MB, description="a picture file")
    max_archive_size: int = 4096 * MB
    max_lora_size: int = 2048 * MB
    max_dataset_images: int = 5000
    max_image_pixels: int = 40_000_000
    min_image_side: int = 64
    max_style_pdf_size: int = Field(50 * MB, description="a PDF that a writing style learns from")
    max_style_pages: int = Field(1000, description="pages of one")
    styleforge_paths: bool = Field(
        False, description="/sessions /train /generate /jobs/{id} /results/{id} too, without /api/style"
    )

    # Jobs
    queue_concurrency_training: int = 1
    queue_concurrency_content: int = 3
    queue_concurrency_video: int = 2
    queue_concurrency_writing: int = 3
    queue_concurrency_ingest: int = 2
    queue_concurrency_publishing: int = Field(4, description="posts sent at once")
    upkeep_every_s: int = 3600
    max_concurrent_jobs: int = Field(8, description="running jobs of one workspace")
    job_beat_s: float = 2.0
    job_lease_s: float = 15.0
    job_deaths_within_s: float = Field(
        3600.0, description="a job that is killed three times within so long, without a finished step, has failed"
    )
    job_retry_delays_s: Annotated[tuple[float, ...], NoDecode] = (5.0, 25.0, 125.0)
    job_tick_s: float = 1.0
    job_stall_s: float = 120.0
    job_deadline_content_s: float = 600.0
    job_deadline_training_s: float = 12 * 3600.0
    job_deadline_ingest_s: float = 2 * 3600.0
    job_deadline_video_s: float = 1800.0
    job_deadline_publishing_s: float = 3600.0
    worker_threads: int = Field(4, description="jobs at once for each queue of a worker")
    worker_poll_ms: int = Field(150, description="how often an idle worker looks for a wake-up")
    device_probe_s: float = Field(15.0, description="how often a device marked down is tried again")
    worker_stop_grace_s: float = 20.0
    fault_step: str = Field("", description="tests only: `<kind>:<step>:kill|freeze` stops the worker process there")

    # Engines
    image_engine: str = Field("auto", description="auto (comfyui when COMFYUI_URL is set), diffusers, comfyui")
    trainer_engine: str = Field("auto", description="auto (kohya when KOHYA_DIR is set), peft, kohya")
    upscale_engine: str = Field("auto", description="auto (as IMAGE_ENGINE), pillow, comfyui")
    motion_engine: str = Field("auto", description="auto (as IMAGE_ENGINE, camera moves beside it), camera, comfyui")
    ffmpeg_binary: str = Field("", description="an ffmpeg to use instead of the one that came with the requirements")
    comfyui_url: str = Field("", description="http://host:8188; several, comma-separated: each is a device")
    comfyui_models_dir: str = Field("", description="their models folder as this machine sees it; one for all or one each")
    comfyui_allowed_classes: str = Field(
        "", description="node classes that imported workflows may have beyond the built-in list"
    )
    comfyui_timeout: int = Field(300_000, description="milliseconds without progress until a server counts as stuck")
    kohya_dir: Path | None = Field(None, description="folder of kohya sd-scripts (train_network.py in it)")
    kohya_python: Path | None = Field(None, description="python of its environment; default: venv/bin/python in KOHYA_DIR")
    kohya_models_dir: Path | None = Field(None, description="checkpoints to train on; default: those of COMFYUI_MODELS_DIR")
    kohya_vram_gb: int = Field(0, description="memory a training may use: 8, 12, 16, 24; 0 = what the card has")
    models_dir: Path | None = Field(None, description="folder of Stable Diffusion folders in diffusers format")
    default_model: str = "starter"
    engine_device: str = Field("auto", description="auto, cpu, cuda, cuda:0, mps")
    engine_threads: int = Field(0, description="CPU threads of a local engine; 0 = all cores")
    engine_idle_s: float = 300.0
    identity_model: Path | None = Field(None, description="folder of a vision model (CLIP, DINOv2) that scores who is shown")
    identity_device: str = Field("cpu", description="where it runs: cpu, cuda, cuda:0, mps")
    openrouter_api_key: SecretStr = Field(SecretStr(""), description="set: a language model writes; else the offline writer")
    openrouter_base_url: str = Field(
        "", description="default with a key: https://openrouter.ai/api/v1; any OpenAI-compatible server, e.g. Ollama, vLLM"
    )
    text_model_planning: str = "openai/gpt-4-turbo"
    text_model_writing: str = Field("anthropic/claude-3-5-sonnet", description="prompts and captions")
    text_model_cheap: str = "meta-llama/llama-3.1-70b-instruct"
    text_model_style: str = "anthropic/claude-opus-4.5"
    text_model_vision: str = Field("openai/gpt-4o-mini", description="captions of dataset pictures")
    text_fallbacks: str = Field(
        "meta-llama/llama-3.1-70b-instruct", description="comma-separated: asked in this order when a model is down"
    )
    text_fallbacks_vision: str = Field("", description="the same for pictures: models that can see")
    text_prices: str = Field(
        "", description="model=in/out, … in USD per million tokens, for models the server names no price of"
    )
    text_timeout_s: float = Field(120.0, description="silence until an answer counts as lost")
    monthly_openrouter_budget: float = Field(
        150.0, description="USD a workspace may spend on words in a month; the owner may set less"
    )
    daily_openrouter_budget: float = Field(10.0, description="the same in a day; 0: only the month counts")
    enable_caching: bool = Field(True, description="a question asked again within 24 hours is not paid again")
    caption_engine: str = Field("auto", description="auto (all there are), vision, blip, template: who captions datasets")
    caption_at_once: int = Field(4, description="pictures shown to a vision model at once")
    blip_dir: Path | None = Field(None, description="folder of a BLIP caption model in transformers format")
    blip_device: str = Field("cpu", description="where it runs: cpu, cuda, cuda:0, mps")
    enable_auto_captions: bool = Field(
        False, description="new pictures without a caption get one: at once where it is free, else it is offered"
    )
    engine_memory_mb: int = Field(0, description="address-space limit of local engine children; 0 = none")

    # Platforms
    instagram_app_id: str = Field("", description="of your Meta app (API setup with Instagram login)")
    instagram_app_secret: SecretStr = SecretStr("")
    instagram_api_version: str = "v25.0"
    instagram_graph_url: str = "https://graph.instagram.com"
    instagram_authorize_url: str = "https://www.instagram.com/oauth/authorize"
    instagram_token_url: str = "https://api.instagram.com/oauth/access_token"
    tiktok_client_key: str = Field("", description="of your TikTok app (Login Kit and Content Posting API)")
    tiktok_client_secret: SecretStr = SecretStr("")
    tiktok_api_url: str = "https://open.tiktokapis.com"
    tiktok_authorize_url: str = "https://www.tiktok.com/v2/auth/authorize/"
    youtube_client_id: str = Field("", description="OAuth client of a Google Cloud project with the YouTube Data API")
    youtube_client_secret: SecretStr = SecretStr("")
    youtube_api_url: str = "https://www.googleapis.com"
    youtube_authorize_url: str = "https://accounts.google.com/o/oauth2/v2/auth"
    youtube_token_url: str = "https://oauth2.googleapis.com/token"
    sandbox_url: str = Field("", description="the practice platform; `make run` starts one")
    sandbox_host: str = Field(
        "127.0.0.1", description="where that one listens: it has no passwords, so other machines reach it only if this says so"
    )
    sandbox_public_url: str = Field("", description="where browsers reach it; default: SANDBOX_URL")
    platform_timeout_s: float = Field(60.0, description="silence until a platform's answer counts as lost")
    platform_poll_s: float = Field(
        5.0, description="how soon a platform is asked again whether a picture is ready; videos: 4 times that"
    )
    platform_settle_s: float = Field(90.0, description="after a lost answer, how long a platform's no is not believed yet")
    platform_chunk_size: int = Field(
        8 * MB, description="bytes sent at once; TikTok takes 5 to 64 MB, YouTube multiples of 256 KB"
    )

    post_retry_delays_s: Annotated[tuple[float, ...], NoDecode] = Field(
        (60.0, 300.0, 900.0, 3600.0, 10800.0), description="after a failed try to publish, until the next; then it has failed"
    )

    # Retention
    retain_unused_days: int = 90
    retain_archive_days: int = Field(7, description="ZIP files people asked for")
    purge_after_days: int = 7
    retain_renditions_days: int = Field(30, description="files prepared for platforms that no post asked for since")
    retain_acts_days: int = Field(30, description="how long acts on pictures can be undone")

    @field_validator("job_retry_delays_s", "post_retry_delays_s", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(float(part) for part in value.split(",") if part) if isinstance(value, str) else value

    @property
    def allowed_classes(self) -> frozenset[str]:
        """Of COMFYUI_ALLOWED_CLASSES."""
        return frozenset(part.strip() for part in self.comfyui_allowed_classes.split(",") if part.strip())

    @property
    def text_is_model(self) -> bool:
        """Whether a language model writes, and not the offline writer."""
        return bool(self.openrouter_api_key.get_secret_value() or self.openrouter_base_url)

    def text_models(self, use: str) -> tuple[str, ...]:
        """Names for a use (planning, writing, cheap, style, vision), the first choice first, each once."""
        fallbacks = self.text_fallbacks_vision if use == "vision" else self.text_fallbacks
        named = [getattr(self, f"text_model_{use}"), *fallbacks.split(",")]
        return tuple(dict.fromkeys(name for name in (item.strip() for item in named) if name))

    @property
    def owner_url(self) -> str:
        return self.database_owner_url.get_secret_value() or self.database_url.get_secret_value()

    @cached_property
    def hosts(self) -> Hosts:
        """The names the studio answers to."""
        return hosts(public_url=self.public_url, listens_on=self.host, allowed=self.allowed_hosts, own_url=self.base_url)

    @property
    def base_url(self) -> str:
        """Where people reach the studio, without a trailing slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")


_FOREIGN_NAMES = {
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "SSL_CERT_FILE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
}
_FOREIGN_PREFIXES = (
    "LC_",
    "HF_",
    "XDG_",
    "CUDA_",
    "NVIDIA_",
    "TORCH",
    "PYTORCH_",
    "OMP_",
    "MKL_",
    "HIP_",
    "HSA_",
    "ROCM_",
    "ROCR_",
)


def foreign_environment() -> dict[str, str]:
    """Our environment without our settings: what another program needs to find its libraries, its GPU and the network."""
    return {
        name: value
        for name, value in os.environ.items()
        if name.upper() in _FOREIGN_NAMES or name.startswith(_FOREIGN_PREFIXES)
    }

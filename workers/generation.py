"""What a worker runs for generation."""

from backend.generation import pipeline
from backend.generation.schemas import GenerationPayload
from backend.jobs import Handler

KINDS = {
    "image-generation": Handler(GenerationPayload, pipeline.run),
    "image-upscale": Handler(GenerationPayload, pipeline.upscale),
    "image-upscale-gpu": Handler(GenerationPayload, pipeline.upscale),
    "image-sheet": Handler(GenerationPayload, pipeline.sheet),
}

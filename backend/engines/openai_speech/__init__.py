"""Any server that speaks as OpenAI's `/v1/audio/speech` does: OpenAI, Kokoro-FastAPI, LocalAI and others."""

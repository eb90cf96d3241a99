# The emulator of the service, and nothing else:
#
#   docker build -t ttsgate-emulator .
#   docker run --rm -p 8123:8123 ttsgate-emulator
#   docker run --rm -p 8123:8123 ttsgate-emulator --fault stall:for=3s --api-key sk-of-the-tests
#
# The image contains eSpeak NG (GPL-3.0-or-later) through the package espeakng-loader.

FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements/dev.txt requirements/
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY src src
# The versions of the lock, but only those packages that the emulator imports.
RUN python -m venv /opt/ttsgate \
    && grep '^[^ ]*==' requirements/dev.txt | sed 's/ *\\$//' > /tmp/constraints.txt \
    && /opt/ttsgate/bin/pip install --no-cache-dir --disable-pip-version-check -c /tmp/constraints.txt \
        aiohttp click espeakng-loader hatchling msgspec numpy rich soundfile soxr trustme \
    && /opt/ttsgate/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation . \
    && /opt/ttsgate/bin/pip uninstall --yes --quiet hatchling pip \
    && /opt/ttsgate/bin/python -m compileall -q /opt/ttsgate

FROM python:3.13-slim
RUN useradd --system --no-create-home --uid 10001 emulator
COPY --from=build /opt/ttsgate /opt/ttsgate
USER emulator
EXPOSE 8123
# Any answer will do: without the key it is 401, and it costs the emulator nothing.
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s \
    CMD ["/opt/ttsgate/bin/python", "-c", "import http.client as h; c = h.HTTPConnection('127.0.0.1', 8123, timeout=2); c.request('GET', '/compatible-mode/v1/models'); assert c.getresponse().status == 401"]
ENTRYPOINT ["/opt/ttsgate/bin/ttsgate", "serve", "--host", "0.0.0.0", "--port", "8123"]

# One function: docker build --build-arg FUNCTION=posts --tag posts .
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
ENV PYTHONHASHSEED=0
WORKDIR /app
COPY requirements/functions.txt /tmp/
RUN python3 -m pip install --quiet --no-cache-dir --root-user-action ignore --disable-pip-version-check \
      --no-compile --require-hashes --only-binary :all: --target lib --requirement /tmp/functions.txt \
 && rm -r lib/bin \
 && python3 -m compileall -q --invalidation-mode unchecked-hash lib
COPY LICENSE LICENSE
COPY eventing eventing
COPY functions/__init__.py functions/events.py functions/
ARG FUNCTION
COPY functions/${FUNCTION} functions/${FUNCTION}
# Without FUNCTION every function has been copied: then there is no such file.
RUN test -f "functions/$FUNCTION/main.py" \
 && python3 -m compileall -q --invalidation-mode unchecked-hash eventing functions \
 && chmod -R a+rX . # whatever the umask of whoever has checked this out

FROM ${PYTHON_IMAGE}
WORKDIR /app
COPY --from=build /app/lib lib
ARG FUNCTION
LABEL org.opencontainers.image.title="${FUNCTION}" \
      org.opencontainers.image.description="The function ${FUNCTION} of a blog that sleeps until something wakes it" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV FUNCTION_SOURCE=functions/${FUNCTION}/main.py \
    FUNCTION_TARGET=${FUNCTION} \
    HOST=0.0.0.0 \
    PORT=8080 \
    HOME=/tmp \
    PYTHONPATH=/app:/app/lib
COPY --from=build /app/LICENSE LICENSE
COPY --from=build /app/eventing eventing
COPY --from=build /app/functions functions
# A base image may lack the bytecode of Python's own modules, and nobody can write it later. Whoever
# mounts a volume at /data may write there.
RUN PYTHONHASHSEED=0 AUTHOR_OPEN=1 LOG_LEVEL=error \
      python3 -c "import runpy, eventing.serve, eventing.postgres; runpy.run_path('$FUNCTION_SOURCE')" \
 && mkdir /data && chown 65532:65532 /data
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["python3", "-m", "eventing.serve"]

# The version is that of the README's commands; the binary that is made holds the same one.
FROM denoland/deno:2.9.6 AS build
WORKDIR /src
COPY . .
RUN deno task compile /out/sluice

FROM debian:stable-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/sluice --create-home sluice
COPY --from=build /out/sluice /usr/local/bin/sluice
COPY pipelines /usr/share/sluice/pipelines
ENV SLUICE_STATE_DIR=/var/lib/sluice
USER sluice
WORKDIR /var/lib/sluice
VOLUME /var/lib/sluice
HEALTHCHECK --interval=30s --timeout=5s --start-period=5s CMD ["sluice", "version"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["sluice"]
CMD ["--help"]

# Prometheus from Debian: scrapes PROMETHEUS_TARGETS (host:port, comma separated; itself otherwise) each second
# at PROMETHEUS_METRICS_PATH (/metrics), and takes remote write.
check() { command -v prometheus && command -v curl; }
fetch() { apt_install prometheus curl; }
start() {
  local port targets; port=$(port PROMETHEUS_PORT); targets=${PROMETHEUS_TARGETS:-127.0.0.1:$port}
  cat >"$RUN/prometheus.yml" <<CONF
global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_configs:
  - job_name: sluice
    metrics_path: ${PROMETHEUS_METRICS_PATH:-/metrics}
    static_configs: [ { targets: [ "${targets//,/\", \"}" ] } ]
CONF
  spawn prometheus prometheus --config.file="$RUN/prometheus.yml" --storage.tsdb.path="$DATA" \
    --web.listen-address="127.0.0.1:$port" --web.enable-remote-write-receiver --log.level=warn
  wait_for curl -fsS "http://127.0.0.1:$port/-/ready"
  say PROMETHEUS_URL "http://127.0.0.1:$port"
}

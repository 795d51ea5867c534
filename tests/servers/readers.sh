# No server: a Python with readers that others have written, for what sinks write: pyarrow (Parquet, ORC, Avro's and
# Hadoop's codecs), DuckDB (SQL over Parquet), fastavro, cramjam (snappy, lz4, zstd, bzip2). Prints READERS_PYTHON.
READERS_PACKAGES=(pyarrow==26.0.1 duckdb==2.0.0 fastavro==1.13.1 cramjam==2.14.0)
check() { "$CACHE/bin/python" -c 'import pyarrow, duckdb, fastavro, cramjam'; }
fetch() {
  command -v python3 || apt_install python3 python3-venv
  rm -rf "$CACHE"/{bin,lib,lib64,include,pyvenv.cfg}
  python3 -m venv "$CACHE"
  "$CACHE/bin/pip" install -q --disable-pip-version-check "${READERS_PACKAGES[@]}" </dev/null
}
start() { say READERS_PYTHON "$CACHE/bin/python"; }

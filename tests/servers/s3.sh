# An S3 server that checks signatures: Versity S3 Gateway, a Go module, over a plain folder. Setting: S3_PORT.
# Prints S3_ENDPOINT (http), S3_REGION, S3_BUCKET (empty), S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY, and S3_FOLDER, where
# the objects of the bucket lie as files.
# Controls: `kill` (as a power cut does) and `start` (again, with its objects); they answer with S3_PID, 0 for none.
S3_MODULE=github.com/versity/versitygw/cmd/versitygw@v1.8.0
check() { [ -x "$CACHE/bin/versitygw" ]; }
fetch() {
  command -v go || apt_install golang-go
  GOBIN=$CACHE/bin GOFLAGS=-mod=mod nice go install "$S3_MODULE" </dev/null
}
start() {
  S3_AT=$(port S3_PORT)
  mkdir -p "$DATA/buckets/sluice" "$DATA/meta" "$DATA/iam"
  s3_spawn
  say S3_ENDPOINT "http://127.0.0.1:$S3_AT"; say S3_REGION us-east-1; say S3_BUCKET sluice
  say S3_ACCESS_KEY_ID sluice-access; say S3_SECRET_ACCESS_KEY sluice-secret-key; say S3_FOLDER "$DATA/buckets/sluice"
}
s3_spawn() {
  spawn s3 env ROOT_ACCESS_KEY=sluice-access ROOT_SECRET_KEY=sluice-secret-key "$CACHE/bin/versitygw" \
    --port "127.0.0.1:$S3_AT" --region us-east-1 --quiet --iam-dir "$DATA/iam" posix --sidecar "$DATA/meta" "$DATA/buckets"
  S3_PID=${PIDS[-1]}
  wait_for answers "$S3_AT"
  say S3_PID "$S3_PID"
}
control() { # kill|start
  case $1${S3_PID:+ running} in
    "kill running") end_one "$S3_PID" KILL; S3_PID=; say S3_PID 0 ;;
    start) s3_spawn ;;
    *) die "cannot $*: it is ${S3_PID:+running as process }${S3_PID:-not running}" ;;
  esac
}

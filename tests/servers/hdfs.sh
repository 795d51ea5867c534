# Apache Hadoop HDFS from Maven Central: NameNode and DataNodes as processes of their own, with WebHDFS. Settings:
#   HDFS_DATANODES   how many (1), and as many replicas of each block
#   HDFS_NAMENODES   2: a pair, of which the first is active; they share their edits by way of a folder. 0: no servers at all,
#                    but the command line for files here
#   HDFS_HTTPFS=1    adds the HttpFS gateway
#   HDFS_SETTINGS    more Hadoop properties, with ";" between: "dfs.blocksize=1048576;dfs.permissions.superusergroup=all"
#   HDFS_HEAP        of each process (384m)
#   HDFS_JIT=full    compiles as for a long life: faster in the end, and twice as long until it has started
# Prints HDFS_WEBHDFS and HDFS_RPC (host:port of all NameNodes, with commas), HDFS_HTTPFS (host:port), HDFS_URI, HDFS_USER
# (the superuser), HDFS_PIDS ("namenode1:123,datanode1:124") and HDFS_CLI, Hadoop's own command line:
# `$HDFS_CLI dfs -text /f`, `fsck /`, `dfsadmin -report`.
# Controls: `kill datanode1` (as a power cut does), `stop namenode1` (in order), `start namenode1` (again, with its files;
# answers when it listens), `pause httpfs`, `resume httpfs`, and for a pair `active namenode2`, which the other must be
# stopped for; they answer with HDFS_PIDS. A server that has been started again may be in safe mode for a moment.
HDFS_APP=org.apache.hadoop.hdfs
END_SIGNAL=KILL
inputs() { echo "$HERE/hdfs.pom.xml"; }
check() {
  ls "$CACHE/lib/hadoop-hdfs-3.4.2.jar" "$CACHE/lib/empty-files.jar" "$CACHE/empty/current/VERSION" "$CACHE"/{namenode,datanode,cli}.jsa &&
    command -v java
}
fetch() {
  command -v jar || apt_install openjdk-17-jdk-headless
  maven_jars "$HERE/hdfs.pom.xml" "$CACHE/lib"
  # Pages that belong to the servers and are not on Maven Central, and configuration files: both must be there, though empty.
  local app folder=$CACHE/empty-files
  for app in hdfs datanode; do
    mkdir -p "$folder/webapps/$app/WEB-INF"
    echo '<web-app xmlns="http://java.sun.com/xml/ns/j2ee" version="2.4"/>' >"$folder/webapps/$app/WEB-INF/web.xml"
  done
  for app in core hdfs; do echo '<configuration/>' >"$folder/$app-site.xml"; done
  jar --create --file "$CACHE/lib/empty-files.jar" -C "$folder" .
  hdfs_prepare
}
# An empty file system, and archives of the loaded classes, with which all starts in half the time.
hdfs_prepare() (
  RUN=$(mktemp -d) DATA=$RUN/data HDFS_CLASSES=-XX:ArchiveClassesAtExit
  trap end_all EXIT
  mkdir -p "$DATA"; : >"$RUN/said"
  hdfs_configure
  hdfs_java cli 256m; "${HDFS_JAVA[@]:0:1}" "${HDFS_JAVA[@]:2}" "$HDFS_APP.server.namenode.NameNode" -conf "$RUN/namenode1.xml" -format -nonInteractive
  rm -rf "$CACHE/empty"; cp -r "$DATA/namenode1" "$CACHE/empty"
  hdfs_begin
  printf 'hello\n' >"$RUN/hello"
  "$RUN/cli" dfs -put "$RUN/hello" /hello
  end_one "${HDFS_PID[datanode1]}" TERM
  end_one "${HDFS_PID[namenode1]}" TERM
)

start() {
  [ "${HDFS_NAMENODES:-1}" != 0 ] || HDFS_DATANODES=0
  hdfs_configure
  [ "${HDFS_NAMENODES:-1}" != 0 ] || { say HDFS_CLI "$RUN/cli"; return; }
  for name in "${HDFS_ALL[@]}"; do
    case $name in namenode*) cp -r "$CACHE/empty" "$DATA/$name" ;; esac
  done
  [ "${HDFS_NAMENODES:-1}" = 1 ] || cp -r "$CACHE/empty" "$DATA/edits"
  hdfs_begin
}
hdfs_begin() {
  local name
  for name in "${HDFS_ALL[@]}"; do hdfs_spawn "$name"; done
  hdfs_wait namenode1
  # HttpFS answers when there is an active one.
  [ "${HDFS_NAMENODES:-1}" = 1 ] || { hdfs_wait namenode2; hdfs_activate namenode1; }
  for name in "${HDFS_ALL[@]}"; do hdfs_wait "$name"; done
  wait_for hdfs_has_datanodes
  hdfs_say
}
hdfs_say() {
  local both=127.0.0.1:${HDFS_PORT[namenode1]} rpc=127.0.0.1:${HDFS_PORT[namenode1.rpc]}
  if [ "${HDFS_NAMENODES:-1}" = 2 ]; then
    both+=,127.0.0.1:${HDFS_PORT[namenode2]}; rpc+=,127.0.0.1:${HDFS_PORT[namenode2.rpc]}
  fi
  say HDFS_WEBHDFS "$both"; say HDFS_RPC "$rpc"; say HDFS_URI "$(hdfs_uri)"
  say HDFS_USER "$(id -un)"; say HDFS_CLI "$RUN/cli"
  [ "${HDFS_HTTPFS:-0}" = 0 ] || say HDFS_HTTPFS "127.0.0.1:${HDFS_PORT[httpfs]}"
  hdfs_say_pids
}
hdfs_say_pids() { # of all that run
  local name pids=()
  for name in "${HDFS_ALL[@]}"; do [ -z "${HDFS_PID[$name]:-}" ] || pids+=("$name:${HDFS_PID[$name]}"); done
  (IFS=,; say HDFS_PIDS "${pids[*]}")
}

control() { # kill|stop|start|pause|resume|active NAME
  local pid=${HDFS_PID[${2:-none}]:-}
  [[ " ${HDFS_ALL[*]} " == *" ${2:-none} "* ]] || die "cannot $*: there are ${HDFS_ALL[*]}"
  case $1${pid:+ running} in
    "kill running") end_one "$pid" KILL; unset "HDFS_PID[$2]" ;;
    "stop running") end_one "$pid" TERM; unset "HDFS_PID[$2]" ;;
    "pause running") kill -STOP "$pid" ;;
    "resume running") kill -CONT "$pid" ;;
    "active running") hdfs_activate "$2" ;;
    start) hdfs_spawn "$2"; hdfs_wait "$2" ;;
    *) die "cannot $*: ${2:-it} is ${pid:+running as process }${pid:-not running}" ;;
  esac
  hdfs_say_pids
}

# ---- One process of them

hdfs_java() { # ARCHIVE HEAP: sets HDFS_JAVA
  HDFS_JAVA=(java "${HDFS_CLASSES:--XX:SharedArchiveFile}=$CACHE/$1.jsa" "-Xmx$2" -XX:+UseSerialGC
    "-XX:TieredStopAtLevel=$([ "${HDFS_JIT:-quick}" = full ] && echo 4 || echo 1)" -Xlog:cds=off -Xlog:cds+dynamic=off
    --add-opens=java.base/java.lang=ALL-UNNAMED --add-opens=java.base/java.nio=ALL-UNNAMED
    -Djava.net.preferIPv4Stack=true "-Dlog4j.configuration=file:$RUN/log4j.properties" -cp "$CACHE/lib/*")
}
hdfs_spawn() { # NAME
  local of=${1%[0-9]} run
  hdfs_java "$of" "${HDFS_HEAP:-384m}"
  case $of in
    namenode) run=("${HDFS_JAVA[@]}" "$HDFS_APP.server.namenode.NameNode" -conf "$RUN/$1.xml") ;;
    datanode) run=("${HDFS_JAVA[@]}" "$HDFS_APP.server.datanode.DataNode" -conf "$RUN/$1.xml") ;;
    httpfs) run=("${HDFS_JAVA[@]:0:1}" "${HDFS_JAVA[@]:2}:$RUN/httpfs/conf" "-Dhttpfs.home.dir=$RUN/httpfs"
      "-Dhttpfs.config.dir=$RUN/httpfs/conf" "-Dhttpfs.log.dir=$RUN/httpfs" org.apache.hadoop.fs.http.server.HttpFSServerWebServer) ;;
  esac
  spawn "$1" "${run[@]}"
  HDFS_PID[$1]=${PIDS[-1]}
}
hdfs_wait() { # NAME
  case $1 in
    datanode*) wait_for answers "${HDFS_PORT[$1]}" ;;
    *) wait_for hdfs_get "${HDFS_PORT[$1]}" "/webhdfs/v1/?op=GETFILESTATUS&user.name=$(id -un)" 'HTTP/1.1 [24]0[03]*' ;;
  esac
}
# One request; the start of the answer must fit.
hdfs_get() ( # PORT PATH PATTERN
  exec 3<>"/dev/tcp/127.0.0.1/$1"
  printf 'GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n' "$2" >&3
  answer=$(timeout 10 cat <&3 | tr -d '\0\r' | head -c 8192) || true
  # shellcheck disable=SC2254
  case $answer in $3) exit 0 ;; *) exit 1 ;; esac
)
hdfs_has_datanodes() {
  local count=${HDFS_DATANODES:-1} of=FSNamesystemState at=${HDFS_PORT[namenode1]}
  hdfs_get "$at" "/jmx?qry=Hadoop:service=NameNode,name=$of" "*\"NumLiveDataNodes\" : $count,*" &&
    hdfs_get "$at" "/jmx?qry=Hadoop:service=NameNode,name=$of" '*"FSState" : "Operational"*'
}
hdfs_activate() { "$RUN/cli" haadmin -transitionToActive --forceactive "$1" </dev/null >>"$RUN/haadmin.log" 2>&1 || die "$(cat "$RUN/haadmin.log")"; }

# ---- Its files

hdfs_configure() {
  declare -gA HDFS_PORT HDFS_PID
  local name
  HDFS_ALL=()
  for name in $(seq "${HDFS_NAMENODES:-1}"); do HDFS_ALL+=("namenode$name"); done
  for name in $(seq "${HDFS_DATANODES:-1}"); do HDFS_ALL+=("datanode$name"); done
  [ "${HDFS_HTTPFS:-0}" = 0 ] || HDFS_ALL+=(httpfs)
  for name in "${HDFS_ALL[@]}"; do HDFS_PORT[$name]=$(port); HDFS_PORT[$name.rpc]=$(port); HDFS_PORT[$name.blocks]=$(port); done
  hdfs_log >"$RUN/log4j.properties"
  for name in "${HDFS_ALL[@]}"; do hdfs_xml "$(hdfs_properties; hdfs_own_properties "$name")" >"$RUN/$name.xml"; done
  hdfs_xml "$(hdfs_properties)" >"$RUN/cli.xml"
  [ "${HDFS_HTTPFS:-0}" = 0 ] || hdfs_httpfs
  hdfs_cli
}
hdfs_uri() {
  case ${HDFS_NAMENODES:-1} in
    0) echo file:/// ;;
    1) echo "hdfs://127.0.0.1:${HDFS_PORT[namenode1.rpc]}" ;;
    2) echo hdfs://pair ;;
  esac
}
# name=value lines as Hadoop's XML.
hdfs_xml() { # LINES
  echo '<configuration>'
  sed -e '/^$/d' -e 's/&/\&amp;/g; s/</\&lt;/g' -e 's|^\([^=]*\)=\(.*\)$|<property><name>\1</name><value>\2</value></property>|' <<<"$1"
  echo '</configuration>'
}
# Small, quick to notice who is gone, and all that is optional switched on.
hdfs_properties() {
  local codec codecs=()
  for codec in Gzip Default BZip2 Snappy Lz4 ZStandard; do codecs+=("org.apache.hadoop.io.compress.${codec}Codec"); done
  cat <<CONF
fs.defaultFS=$(hdfs_uri)
hadoop.tmp.dir=$DATA/tmp
hadoop.http.staticuser.user=$(id -un)
hadoop.proxyuser.$(id -un).hosts=*
hadoop.proxyuser.$(id -un).groups=*
io.compression.codecs=$(IFS=,; echo "${codecs[*]}")
dfs.replication=${HDFS_DATANODES:-1}
dfs.namenode.datanode.registration.ip-hostname-check=false
dfs.namenode.fs-limits.min-block-size=1024
dfs.namenode.safemode.extension=0
dfs.namenode.heartbeat.recheck-interval=1000
dfs.namenode.delegation.token.always-use=true
dfs.heartbeat.interval=1
dfs.client.block.write.replace-datanode-on-failure.policy=NEVER
dfs.client.block.write.locateFollowingBlock.initial.delay.ms=20
CONF
  [ "${HDFS_NAMENODES:-1}" != 2 ] || hdfs_pair_properties
  printf '%s\n' "${HDFS_SETTINGS:-}" | tr ';' '\n'
}
hdfs_pair_properties() {
  local name
  cat <<CONF
dfs.nameservices=pair
dfs.ha.namenodes.pair=namenode1,namenode2
dfs.client.failover.proxy.provider.pair=$HDFS_APP.server.namenode.ha.ConfiguredFailoverProxyProvider
dfs.namenode.shared.edits.dir=file://$DATA/edits
dfs.ha.fencing.methods=shell(/bin/true)
dfs.ha.tail-edits.period=500ms
dfs.ha.log-roll.period=5
CONF
  for name in namenode1 namenode2; do
    echo "dfs.namenode.rpc-address.pair.$name=127.0.0.1:${HDFS_PORT[$name.rpc]}"
    echo "dfs.namenode.http-address.pair.$name=127.0.0.1:${HDFS_PORT[$name]}"
  done
}
hdfs_own_properties() { # NAME
  case $1 in
    namenode*)
      echo "dfs.namenode.name.dir=file://$DATA/$1"
      echo "dfs.namenode.http-address=127.0.0.1:${HDFS_PORT[$1]}"
      echo "dfs.ha.namenode.id=$1" ;;
    datanode*)
      echo "dfs.datanode.data.dir=file://$DATA/$1"
      echo "dfs.datanode.hostname=127.0.0.1"
      echo "dfs.datanode.address=127.0.0.1:${HDFS_PORT[$1.blocks]}"
      echo "dfs.datanode.http.address=127.0.0.1:${HDFS_PORT[$1]}"
      echo "dfs.datanode.ipc.address=127.0.0.1:${HDFS_PORT[$1.rpc]}" ;;
  esac
}
hdfs_httpfs() {
  local conf=$RUN/httpfs/conf
  mkdir -p "$conf" "$RUN/httpfs/temp"
  cp "$RUN/cli.xml" "$conf/core-site.xml"; cp "$RUN/cli.xml" "$conf/hdfs-site.xml"
  cp "$RUN/log4j.properties" "$conf/httpfs-log4j.properties"
  echo sluice-secret >"$conf/secret"
  hdfs_xml "httpfs.hadoop.config.dir=$conf
httpfs.authentication.signature.secret.file=$conf/secret
httpfs.http.hostname=127.0.0.1
httpfs.http.port=${HDFS_PORT[httpfs]}
httpfs.proxyuser.$(id -un).hosts=*
httpfs.proxyuser.$(id -un).groups=*" >"$conf/httpfs-site.xml"
}
hdfs_cli() {
  hdfs_java cli 512m
  { echo '#!/usr/bin/env bash'
    echo 'of=$1; shift'
    echo 'case $of in'
    echo "  dfs) app=org.apache.hadoop.fs.FsShell ;; dfsadmin) app=$HDFS_APP.tools.DFSAdmin ;;"
    echo "  fsck) app=$HDFS_APP.tools.DFSck ;; haadmin) app=$HDFS_APP.tools.DFSHAAdmin ;; debug) app=$HDFS_APP.tools.DebugAdmin ;;"
    echo '  *) echo "usage: cli dfs|dfsadmin|fsck|haadmin|debug ..." >&2; exit 2 ;;'
    echo 'esac'
    printf 'exec '; printf '%q ' "${HDFS_JAVA[@]}" -Dlog4j.rootLogger=ERROR,out; printf '"$app" -conf %q "$@"\n' "$RUN/cli.xml"
  } >"$RUN/cli"; chmod +x "$RUN/cli"
}
hdfs_log() { cat <<'CONF'
log4j.rootLogger=INFO,out
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.target=System.err
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=%d{ISO8601} %p %c{1}: %m%n
log4j.logger.org.eclipse.jetty=WARN
log4j.logger.org.apache.hadoop.util.NativeCodeLoader=ERROR
CONF
}

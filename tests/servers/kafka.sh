# Apache Kafka from Maven Central in KRaft mode. Settings:
#   KAFKA_VERSION   4.4.0, or 3.9.2
#   KAFKA_NODES     brokers, which are controllers, too (1); three keep three replicas, of which two must have what is sent
#   KAFKA_SETTINGS  more lines for server.properties, with ";" between: "message.max.bytes=2000;num.partitions=3"
#   KAFKA_PROXIES   host:port of a proxy for each broker, with commas: adds a listener at which clients are told these
#                   addresses, so that they come by way of the proxies; KAFKA_PROXIED says where the proxies lead to
#   KAFKA_HEAP      of each broker (384m)
# Prints host:port of all brokers, with commas: KAFKA_BROKERS (PLAINTEXT), KAFKA_SASL_PLAINTEXT and KAFKA_SASL_SSL
# (PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512 with KAFKA_USER and KAFKA_PASSWORD), KAFKA_SSL, KAFKA_MTLS (asks for a client
# certificate) and KAFKA_EXPIRED (its own has expired); KAFKA_CA, KAFKA_CERT, KAFKA_KEY (PEM files), KAFKA_PIDS, and
# KAFKA_CLASSPATH with the Java client and tests/peers/kafka/KafkaLoad.java.
# Controls: `kill 2` (as a power cut does), `stop 2` (in order), `start 2` (again, with its log); they answer with KAFKA_PIDS.
KAFKA_VERSIONS=(4.4.0 3.9.2)
KAFKA_LISTENERS=(PLAINTEXT SASL_PLAINTEXT SASL_SSL SSL MTLS EXPIRED)
KAFKA_PASSWORD=sluice-secret
END_SIGNAL=KILL
inputs() { echo "$HERE/kafka.pom.xml" "$HERE/../peers/kafka/KafkaLoad.java"; }
check() {
  local version
  for version in "${KAFKA_VERSIONS[@]}"; do ls "$CACHE/lib-$version/kafka_2.13-$version.jar" || return 1; done
  ls "$CACHE/classes/KafkaLoad.class" && command -v java && command -v openssl
}
fetch() {
  local version
  command -v javac || apt_install openjdk-17-jdk-headless
  command -v openssl || apt_install openssl
  for version in "${KAFKA_VERSIONS[@]}"; do
    maven_jars "$HERE/kafka.pom.xml" "$CACHE/lib-$version" "-Dkafka.version=$version"
    kafka_archive "$version"
  done
  javac -cp "$CACHE/lib-${KAFKA_VERSIONS[0]}/*" -d "$CACHE/classes" -encoding UTF-8 "$HERE/../peers/kafka/KafkaLoad.java"
}
# With an archive of its loaded classes a broker starts in half the time.
kafka_archive() ( # VERSION
  RUN=$(mktemp -d) DATA=$RUN/data KAFKA_VERSION=$1 KAFKA_CLASSES=-XX:ArchiveClassesAtExit
  trap end_all EXIT
  start
  end_one "${KAFKA_PID[1]}" TERM
)

start() {
  declare -gA KAFKA_PORT KAFKA_PID
  local version=${KAFKA_VERSION:-${KAFKA_VERSIONS[0]}} listener node
  [ -d "$CACHE/lib-$version" ] || die "there is no Kafka $version here, but ${KAFKA_VERSIONS[*]}"
  mapfile -t KAFKA_ALL < <(seq "${KAFKA_NODES:-1}")
  KAFKA_JAVA=(java "${KAFKA_CLASSES:--XX:SharedArchiveFile}=$CACHE/$version.jsa" "-Xmx${KAFKA_HEAP:-384m}" -XX:+UseSerialGC "-Dlog4j2.configurationFile=$RUN/log4j2.properties" -cp "$CACHE/lib-$version/*")
  [ -z "${KAFKA_PROXIES:-}" ] || KAFKA_LISTENERS+=(PROXIED)
  for listener in "${KAFKA_LISTENERS[@]}" CONTROLLER; do
    for node in "${KAFKA_ALL[@]}"; do KAFKA_PORT[$listener$node]=$(port); done
  done
  kafka_tls
  kafka_log >"$RUN/log4j2.properties"
  for node in "${KAFKA_ALL[@]}"; do kafka_properties "$node" >"$RUN/$node.properties"; kafka_format "$node"; done
  for node in "${KAFKA_ALL[@]}"; do kafka_spawn "$node"; done
  for node in "${KAFKA_ALL[@]}"; do kafka_wait "$node"; done
  kafka_say
}
kafka_say() {
  say KAFKA_BROKERS "$(kafka_list PLAINTEXT)"
  for listener in "${KAFKA_LISTENERS[@]:1}"; do say "KAFKA_$listener" "$(kafka_list "$listener")"; done
  say KAFKA_USER sluice; say KAFKA_PASSWORD "$KAFKA_PASSWORD"
  say KAFKA_CA "$RUN/tls/ca.pem"; say KAFKA_CERT "$RUN/tls/client.pem"; say KAFKA_KEY "$RUN/tls/client.key"
  say KAFKA_CLASSPATH "$CACHE/lib-$version/*:$CACHE/classes"
  kafka_say_pids
}
kafka_say_pids() { # 0 for one that does not run
  local node pids=()
  for node in "${KAFKA_ALL[@]}"; do pids+=("${KAFKA_PID[$node]:-0}"); done
  (IFS=,; say KAFKA_PIDS "${pids[*]}")
}

# ---- One broker of them

kafka_format() { # NODE
  local mechanism scram=()
  for mechanism in 256 512; do scram+=(--add-scram "SCRAM-SHA-$mechanism=[name=sluice,password=$KAFKA_PASSWORD]"); done
  "${KAFKA_JAVA[@]}" -XX:TieredStopAtLevel=1 kafka.tools.StorageTool format --cluster-id 4L6g3nShT-eMCtK--X86sw \
    -c "$RUN/$1.properties" "${scram[@]}" >"$RUN/format-$1.log" 2>&1
}
kafka_spawn() { # NODE
  : >"$RUN/kafka-$1.log"
  spawn "kafka-$1" "${KAFKA_JAVA[@]}" kafka.Kafka "$RUN/$1.properties"
  KAFKA_PID[$1]=${PIDS[-1]}
}
kafka_wait() { wait_for grep -q 'Kafka Server started' "$RUN/kafka-$1.log"; } # NODE

control() { # kill|stop|start NODE
  local pid=${KAFKA_PID[${2:-0}]:-}
  case $1${pid:+ running} in
    "kill running") end_one "$pid" KILL; unset "KAFKA_PID[$2]" ;;
    "stop running") end_one "$pid" TERM; unset "KAFKA_PID[$2]" ;;
    start) kafka_spawn "$2"; kafka_wait "$2" ;;
    *) die "cannot $*: broker ${2:-} is ${pid:+running as process }${pid:-not running}" ;;
  esac
  kafka_say_pids
}

# ---- Its files

# The address of a listener at each node; with the number of the node before it when AT is given.
kafka_list() { # LISTENER [AT]
  local node all=()
  for node in "${KAFKA_ALL[@]}"; do all+=("${2:+$node$2}127.0.0.1:${KAFKA_PORT[$1$node]}"); done
  (IFS=,; echo "${all[*]}")
}
kafka_properties() { # NODE
  local listener bound=() told=() map=() proxies replicas=1
  IFS=, read -ra proxies <<<"${KAFKA_PROXIES:-}"
  [ "${KAFKA_NODES:-1}" -lt 3 ] || replicas=3
  for listener in "${KAFKA_LISTENERS[@]}"; do
    bound+=("$listener://127.0.0.1:${KAFKA_PORT[$listener$1]}")
    told+=("${bound[-1]}")
    case $listener in
      MTLS | EXPIRED) map+=("$listener:SSL") ;;
      PROXIED) map+=(PROXIED:PLAINTEXT); told[-1]="PROXIED://${proxies[$1 - 1]}" ;;
      *) map+=("$listener:$listener") ;;
    esac
  done
  local IFS=,
  cat <<CONF
process.roles=broker,controller
node.id=$1
controller.quorum.voters=$(kafka_list CONTROLLER @)
listeners=${bound[*]},CONTROLLER://127.0.0.1:${KAFKA_PORT[CONTROLLER$1]}
advertised.listeners=${told[*]}
listener.security.protocol.map=${map[*]},CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs=$DATA/$1
CONF
  kafka_security
  kafka_limits "$replicas"
  printf '%s\n' "${KAFKA_SETTINGS:-}" | tr ';' '\n'
}
kafka_security() {
  local listener mechanism login=org.apache.kafka.common.security
  cat <<CONF
ssl.keystore.type=PEM
ssl.keystore.location=$RUN/tls/server.store
ssl.truststore.type=PEM
ssl.truststore.location=$RUN/tls/ca.pem
listener.name.mtls.ssl.client.auth=required
listener.name.expired.ssl.keystore.location=$RUN/tls/expired.store
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
CONF
  for listener in sasl_plaintext sasl_ssl; do
    echo "listener.name.$listener.plain.sasl.jaas.config=$login.plain.PlainLoginModule required user_sluice=\"$KAFKA_PASSWORD\";"
    for mechanism in 256 512; do
      echo "listener.name.$listener.scram-sha-$mechanism.sasl.jaas.config=$login.scram.ScramLoginModule required;"
    done
  done
}
# Small, and quick to notice who is gone.
kafka_limits() { # REPLICAS
  cat <<CONF
num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=4194304
default.replication.factor=$1
min.insync.replicas=$(($1 - $1 / 2))
offsets.topic.replication.factor=$1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=$1
transaction.state.log.min.isr=$(($1 - $1 / 2))
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=$1
share.coordinator.state.topic.min.isr=1
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=500
group.consumer.min.heartbeat.interval.ms=100
group.consumer.heartbeat.interval.ms=500
group.consumer.min.session.timeout.ms=500
group.consumer.session.timeout.ms=6000
CONF
}
kafka_tls() {
  local folder=$RUN/tls name
  make_tls "$folder"
  openssl x509 -req -in "$folder/server.csr" -CA "$folder/ca.pem" -CAkey "$folder/ca.key" -CAcreateserial \
    -days -1 -extfile "$folder/ext" -out "$folder/expired.pem" 2>/dev/null
  for name in server expired; do cat "$folder/server.key" "$folder/$name.pem" "$folder/ca.pem" >"$folder/$name.store"; done
}
kafka_log() { cat <<'CONF'
status=error
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d{ISO8601} %p %m (%c)%n
rootLogger.level=warn
rootLogger.appenderRef.out.ref=out
logger.start.name=kafka.server.KafkaRaftServer
logger.start.level=info
CONF
}

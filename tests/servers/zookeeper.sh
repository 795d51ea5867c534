# Apache ZooKeeper from Maven Central, one server. ZOOKEEPER_CLI is its own command line: `$ZOOKEEPER_CLI get /path`.
inputs() { echo "$HERE/zookeeper.pom.xml"; }
check() { ls "$CACHE"/lib/zookeeper-3*.jar && command -v java; }
fetch() {
  command -v java || apt_install openjdk-17-jre-headless
  maven_jars "$HERE/zookeeper.pom.xml" "$CACHE/lib"
}
is_ok() ( exec 3<>"/dev/tcp/127.0.0.1/$1"; printf ruok >&3; read -r -t 2 -N 4 answer <&3; [ "$answer" = imok ] )
start() {
  local port java; port=$(port ZOOKEEPER_PORT)
  cat >"$RUN/zoo.cfg" <<CONF
tickTime=500
dataDir=$DATA
clientPort=$port
clientPortAddress=127.0.0.1
maxClientCnxns=0
minSessionTimeout=1000
admin.enableServer=false
4lw.commands.whitelist=*
CONF
  cat >"$RUN/logback.xml" <<'CONF'
<configuration><appender name="out" class="ch.qos.logback.core.ConsoleAppender"><encoder><pattern>%d %-5level %logger{0} - %msg%n</pattern></encoder></appender>
<root level="${zk.level:-INFO}"><appender-ref ref="out"/></root></configuration>
CONF
  java=(java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx128m "-Dlogback.configurationFile=$RUN/logback.xml" -cp "$CACHE/lib/*")
  spawn zookeeper "${java[@]}" org.apache.zookeeper.server.ZooKeeperServerMain "$RUN/zoo.cfg"
  wait_for is_ok "$port"
  { echo '#!/usr/bin/env bash'
    printf 'exec '; printf '%q ' "${java[@]}" -Dzk.level=ERROR org.apache.zookeeper.ZooKeeperMain -server "127.0.0.1:$port"; echo '"$@"'
  } >"$RUN/cli"; chmod +x "$RUN/cli"
  say ZOOKEEPER_CONNECT "127.0.0.1:$port"; say ZOOKEEPER_CLI "$RUN/cli"
}

# Apache Flume 1.11 from Maven Central, with a client of its SDK. Nothing runs: tests start agents on files of their own
# with `java -cp "$FLUME_CLASSPATH" org.apache.flume.node.Application`, see tests/peers/flume/.
inputs() { echo "$HERE/../peers/flume/pom.xml" "$HERE/../peers/flume/RpcSender.java"; }
check() { ls "$CACHE"/lib/flume-ng-node-*.jar "$CACHE/classes/RpcSender.class" && command -v java; }
fetch() {
  command -v javac || apt_install openjdk-17-jdk-headless
  maven_jars "$HERE/../peers/flume/pom.xml" "$CACHE/lib"
  javac -cp "$CACHE/lib/*" -d "$CACHE/classes" -encoding UTF-8 "$HERE/../peers/flume/RpcSender.java"
}
start() { say FLUME_CLASSPATH "$CACHE/lib/*:$CACHE/classes"; }

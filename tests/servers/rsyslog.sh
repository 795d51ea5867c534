# rsyslog from Debian, as a syslog client, forwarder and receiver.
# It takes UDP on RSYSLOG_UDP_PORT, TCP on RSYSLOG_TCP_PORT, TLS on RSYSLOG_TLS_PORT, and `logger -u "$RSYSLOG_SOCKET"`,
# writes all that to RSYSLOG_FILE, and forwards it to each target that is given (host:port):
#   RSYSLOG_TO_UDP   RSYSLOG_TO_TCP (a newline behind each)   RSYSLOG_TO_TCP_OCTET (octet counting)
#   RSYSLOG_TO_TLS (octet counting)   RSYSLOG_TO_RELP
# RSYSLOG_FORMAT is rfc5424 (default) or rfc3164. RSYSLOG_TLS_DIR is a folder with ca.pem, client.pem, client.key,
# server.pem and server.key to use instead of new ones.
check() { [ -x /usr/sbin/rsyslogd ] && ls /usr/lib/*/rsyslog/lmnsd_ossl.so /usr/lib/*/rsyslog/omrelp.so && command -v logger; }
fetch() { apt_install rsyslog rsyslog-openssl rsyslog-relp openssl bsdutils; }
forward() { # HOST:PORT SETTINGS
  [ -z "$1" ] || echo "  action(target=\"${1%:*}\" port=\"${1##*:}\" template=\"$template\" $2 action.resumeRetryCount=\"-1\" action.resumeInterval=\"1\" queue.type=\"LinkedList\" queue.size=\"100000\")"
}
start() {
  local udp tcp tls keys template; udp=$(port RSYSLOG_UDP_PORT); tcp=$(port RSYSLOG_TCP_PORT); tls=$(port RSYSLOG_TLS_PORT)
  keys=${RSYSLOG_TLS_DIR:-$RUN/tls}; [ -e "$keys/server.pem" ] || make_tls "$keys"
  template=RSYSLOG_SyslogProtocol23Format
  [ "${RSYSLOG_FORMAT:-rfc5424}" != rfc3164 ] || template=RSYSLOG_TraditionalForwardFormat
  cat >"$RUN/rsyslog.conf" <<CONF
global(workDirectory="$DATA" maxMessageSize="64k" net.enableDNS="off"
  defaultNetstreamDriverCAFile="$keys/ca.pem" defaultNetstreamDriverCertFile="$keys/server.pem" defaultNetstreamDriverKeyFile="$keys/server.key")
module(load="imuxsock" sysSock.use="off")
module(load="imudp")
module(load="imtcp" maxSessions="500")
module(load="omrelp")
template(name="file" type="string" string="<%PRI%>1 %TIMESTAMP:::date-rfc3339% %HOSTNAME% %APP-NAME% %PROCID% %MSGID% %STRUCTURED-DATA% %msg%\n")
ruleset(name="all") {
  action(type="omfile" file="$RUN/received.txt" template="file" flushInterval="1" asyncWriting="off")
$(forward "${RSYSLOG_TO_UDP:-}" 'type="omfwd" protocol="udp"')
$(forward "${RSYSLOG_TO_TCP:-}" 'type="omfwd" protocol="tcp" tcp_framing="traditional"')
$(forward "${RSYSLOG_TO_TCP_OCTET:-}" 'type="omfwd" protocol="tcp" tcp_framing="octet-counted"')
$(forward "${RSYSLOG_TO_TLS:-}" "type=\"omfwd\" protocol=\"tcp\" tcp_framing=\"octet-counted\" streamDriver=\"ossl\" streamDriverMode=\"1\" streamDriverAuthMode=\"x509/certvalid\" streamDriver.CAFile=\"$keys/ca.pem\" streamDriver.CertFile=\"$keys/client.pem\" streamDriver.KeyFile=\"$keys/client.key\"")
$(forward "${RSYSLOG_TO_RELP:-}" 'type="omrelp"')
}
input(type="imuxsock" socket="$RUN/log.sock" createPath="on" ruleset="all" usePIDFromSystem="on")
input(type="imudp" address="127.0.0.1" port="$udp" ruleset="all")
input(type="imtcp" address="127.0.0.1" port="$tcp" ruleset="all")
input(type="imtcp" address="127.0.0.1" port="$tls" ruleset="all" streamDriver.name="ossl" streamDriver.mode="1" streamDriver.authMode="${RSYSLOG_TLS_AUTH:-anon}")
CONF
  /usr/sbin/rsyslogd -N1 -f "$RUN/rsyslog.conf" >"$RUN/check.log" 2>&1
  spawn rsyslog /usr/sbin/rsyslogd -n -f "$RUN/rsyslog.conf" -i "$RUN/rsyslogd.pid"
  wait_for answers "$tcp"; wait_for test -S "$RUN/log.sock"
  say RSYSLOG_UDP_PORT "$udp"; say RSYSLOG_TCP_PORT "$tcp"; say RSYSLOG_TLS_PORT "$tls"
  say RSYSLOG_SOCKET "$RUN/log.sock"; say RSYSLOG_FILE "$RUN/received.txt"; say RSYSLOG_TLS_DIR "$keys"
}

# ngIRCd from Debian on NGIRCD_PORT, with TLS on NGIRCD_TLS_PORT; it asks for NGIRCD_PASSWORD when that is given.
check() { command -v ngircd || [ -x /usr/sbin/ngircd ]; }
fetch() { apt_install ngircd openssl; }
start() {
  local port tls user; port=$(port NGIRCD_PORT); tls=$(port NGIRCD_TLS_PORT); user=$(plain_user nobody)
  make_tls "$RUN/tls"
  cat >"$RUN/ngircd.conf" <<CONF
[Global]
 Name = irc.sluice.test
 Info = test server
 Listen = 127.0.0.1
 Ports = $port
 Network = sluice
 MotdPhrase = "test server"
 ${NGIRCD_PASSWORD:+Password = $NGIRCD_PASSWORD}
 ServerUID = $user
 ServerGID = $(id -gn "$user")
[Limits]
 MaxConnectionsIP = 0
 MaxJoins = 0
 MaxNickLength = 30
[Options]
 DNS = no
 Ident = no
 PAM = no
 SyslogFacility = local7
[SSL]
 CertFile = $RUN/tls/server.pem
 KeyFile = $RUN/tls/server.key
 Ports = $tls
[Channel]
 Name = #sluice
 Topic = test channel
CONF
  [ "$(id -u)" != 0 ] || chown -R "$user" "$RUN/tls" "$RUN/ngircd.conf"
  spawn_as "$user" ngircd "$(command -v ngircd || echo /usr/sbin/ngircd)" --nodaemon --config "$RUN/ngircd.conf"
  wait_for answers "$port"
  say NGIRCD_HOST 127.0.0.1; say NGIRCD_PORT "$port"; say NGIRCD_TLS_PORT "$tls"
  say NGIRCD_TLS_CA "$RUN/tls/ca.pem"; say NGIRCD_CHANNEL '#sluice'
}

# Ganglia's daemon from Debian: takes metrics by UDP on GMOND_PORT, and tells them as XML on GMOND_XML_PORT.
# It collects none of its own: what the XML shows was sent to it.
check() { [ -x /usr/sbin/gmond ]; }
fetch() { apt_install ganglia-monitor; }
start() {
  local udp xml; udp=$(port GMOND_PORT); xml=$(port GMOND_XML_PORT)
  cat >"$RUN/gmond.conf" <<CONF
globals { daemonize = no  setuid = no  debug_level = 0  mute = yes  deaf = no  host_dmax = 86400  cleanup_threshold = 300  gexec = no  send_metadata_interval = 0 }
cluster { name = "sluice"  owner = "unspecified"  latlong = "unspecified"  url = "unspecified" }
host { location = "loopback" }
udp_recv_channel { bind = 127.0.0.1  port = $udp  family = inet4 }
tcp_accept_channel { bind = 127.0.0.1  port = $xml  family = inet4 }
CONF
  spawn gmond /usr/sbin/gmond -f -c "$RUN/gmond.conf"
  wait_for answers "$xml"
  say GMOND_HOST 127.0.0.1; say GMOND_PORT "$udp"; say GMOND_XML_PORT "$xml"; say GMOND_CONF "$RUN/gmond.conf"
}

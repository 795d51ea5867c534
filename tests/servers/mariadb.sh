# MariaDB from Debian with an empty database: MARIADB_DATABASE (sluice), which MARIADB_USER (sluice) with
# MARIADB_PASSWORD (sluice-secret) may use over TCP on MARIADB_PORT.
check() { [ -x /usr/sbin/mariadbd ] && command -v mariadb-install-db && command -v mariadb; }
fetch() { apt_install mariadb-server mariadb-client; }
start() {
  local port user database name password; port=$(port MARIADB_PORT); user=$(plain_user mysql)
  database=${MARIADB_DATABASE:-sluice}; name=${MARIADB_USER:-sluice}; password=${MARIADB_PASSWORD:-sluice-secret}
  [ "$(id -u)" != 0 ] || chown "$user" "$RUN" "$DATA"
  as_user "$user" mariadb-install-db --no-defaults --auth-root-authentication-method=normal --skip-test-db \
    --datadir="$DATA" --innodb-log-file-size=16M >"$RUN/install.log" 2>&1
  cat >"$RUN/init.sql" <<SQL
CREATE DATABASE $database CHARACTER SET utf8mb4;
CREATE OR REPLACE USER '$name'@'127.0.0.1' IDENTIFIED BY '$password';
GRANT ALL ON $database.* TO '$name'@'127.0.0.1';
SQL
  spawn_as "$user" mariadb /usr/sbin/mariadbd --no-defaults --datadir="$DATA" --bind-address=127.0.0.1 --port="$port" \
    --socket="$RUN/s" --pid-file="$RUN/pid" --init-file="$RUN/init.sql" --skip-name-resolve --innodb-buffer-pool-size=64M \
    --innodb-log-file-size=16M --performance-schema=off
  wait_for mariadb --no-defaults -h 127.0.0.1 -P "$port" -u "$name" "-p$password" "$database" -e 'select 1'
  say MARIADB_PORT "$port"; say MARIADB_USER "$name"; say MARIADB_PASSWORD "$password"; say MARIADB_DATABASE "$database"
}

#!/bin/sh
# Starts and stops a throw-away PostgreSQL cluster for the tests.
#
#   tests/postgres.sh start DIR   makes a cluster in DIR (which must not exist) and prints its URL
#   tests/postgres.sh stop DIR    stops it and deletes DIR
#
# It listens on a socket inside DIR only, and DIR is readable by its owner only. As root it runs as
# the system's user `postgres`, since PostgreSQL refuses root. Keep DIR short: a socket's path has
# at most 107 bytes. All settings are PostgreSQL's own, fsync included.
set -eu

fail() {
    echo "postgres.sh: $*" >&2
    exit 2
}

[ $# -eq 2 ] || fail "use: postgres.sh start|stop DIR"
command=$1
case $2 in
    /*) dir=$2 ;;
    *) dir=$(pwd)/$2 ;;
esac

bin=
for candidate in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/local/pgsql/bin; do
    if [ -x "$candidate/initdb" ]; then bin=$candidate; fi
done
if [ -z "$bin" ] && command -v initdb >/dev/null; then bin=$(dirname "$(command -v initdb)"); fi
[ -n "$bin" ] || fail "no PostgreSQL server found; on Debian: apt-get install postgresql"

as_owner() {
    if [ "$(id -u)" -eq 0 ]; then
        (cd / && runuser -u postgres -- "$@")
    else
        (cd / && "$@")
    fi
}

case $command in
    start)
        [ ! -e "$dir" ] || fail "\`$dir\` is there already"
        [ "${#dir}" -le 80 ] || fail "\`$dir\` is too long for a socket"
        mkdir -m 700 "$dir"
        if [ "$(id -u)" -eq 0 ]; then chown postgres "$dir"; fi
        as_owner "$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C \
            >"$dir/initdb.log" 2>&1 || { cat "$dir/initdb.log" >&2; fail "initdb failed"; }
        as_owner "$bin/pg_ctl" -D "$dir/data" -l "$dir/data/server.log" -w -t 60 \
            -o "-c listen_addresses='' -c unix_socket_directories='$dir' -c max_connections=300" start \
            >"$dir/start.log" 2>&1 </dev/null || { cat "$dir/data/server.log" >&2; fail "the server did not start"; }
        encoded=$(printf '%s' "$dir" | sed 's|/|%2F|g')
        echo "postgres://postgres@$encoded/postgres"
        ;;
    stop)
        [ -d "$dir/data" ] || fail "\`$dir\` holds no cluster of this script"
        as_owner "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1 || true
        rm -rf "$dir"
        ;;
    *) fail "use: postgres.sh start|stop DIR" ;;
esac

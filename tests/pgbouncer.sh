#!/usr/bin/env bash
# Starts a private, throw-away PgBouncer in transaction mode before a PostgreSQL
# server that lets everybody in, as tests/postgres.sh starts one.
#
#   tests/pgbouncer.sh postgres://USER@HOST:PORT/DATABASE
#
# Prints one line, the URL of the same database through the pooler, and serves
# until standard input closes. It has fewer connections to the server than its
# clients have to it, so that a client's transactions wander between them.
set -euo pipefail

address=${1#*://}
user=${address%%@*}
server=${address#*@}
path=${server#*/}
server=${server%%/*}

program=$(command -v pgbouncer || echo /usr/sbin/pgbouncer)
if [ ! -x "$program" ]; then
    echo "pgbouncer.sh: no PgBouncer found; run .ci/need pgbouncer" >&2
    exit 1
fi

home=$(mktemp -d "${TMPDIR:-/tmp}/gateway-pgbouncer.XXXXXX")
pooler=
stop() {
    trap - EXIT
    if [ -n "$pooler" ]; then
        kill -KILL "$pooler" 2>/dev/null || true
        wait "$pooler" 2>/dev/null || true
    fi
    rm -rf "$home"
}
trap stop EXIT
trap 'exit 1' HUP INT TERM PIPE

launch=()
if command -v setpriv >/dev/null; then
    launch=(setpriv --pdeathsig KILL)
fi
if [ "$(id -u)" = 0 ]; then
    # It refuses to run as root.
    chown postgres "$home"
    launch+=(--reuid postgres --regid postgres --clear-groups)
fi

echo "\"$user\" \"\"" >"$home/users"
configure() {
    cat >"$home/pgbouncer.ini" <<INI
[databases]
* = host=${server%:*} port=${server##*:}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $1
unix_socket_dir =
auth_type = trust
auth_file = $home/users
pool_mode = transaction
default_pool_size = 3
max_client_conn = 500
INI
}

# Returns once the pooler takes connections; fails when it ends instead.
serve() {
    configure "$1"
    "${launch[@]}" "$program" "$home/pgbouncer.ini" </dev/null >"$home/log" 2>&1 &
    pooler=$!
    while kill -0 "$pooler" 2>/dev/null; do
        if grep -q 'process up' "$home/log" && grep -q "listening on 127.0.0.1:$1" "$home/log"; then
            return
        fi
        if grep -q 'process up' "$home/log"; then
            kill -KILL "$pooler"
        fi
        sleep 0.02
    done
    wait "$pooler" || true
    pooler=
    return 1
}

for _ in 1 2 3 4 5 6 7 8; do
    port=$((20000 + RANDOM % 12000))
    if serve "$port"; then
        echo "postgres://$user@127.0.0.1:$port/${path%%\?*}?sslmode=disable&pooler=transaction"
        cat >/dev/null
        exit
    fi
done
echo "pgbouncer.sh: the pooler did not start" >&2
tail -n 20 "$home/log" >&2
exit 1

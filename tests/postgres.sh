#!/usr/bin/env bash
# Starts a private, throw-away PostgreSQL server for tests.
#
# Prints one line, its URL, and serves until standard input closes; then the
# server is stopped and its directory removed. The process that starts this
# script therefore owns the server: it goes away with its owner, however the
# owner ends. Many can run side by side. Nothing in it survives a crash of the
# machine (fsync is off): never keep data here.
#
# Options of the server follow the script's name: `tests/postgres.sh -c max_connections=20`.
#
# Meanwhile it obeys lines on standard input: `stop` stops the server as its
# administrator would and `crash` without a word to anybody, and both print
# `stopped`; `start` starts it on the same data and port, `standby` the same in
# recovery, where it can only be read until it is promoted, and both print the URL.
set -euo pipefail

find_binaries() {
    local directory
    if command -v initdb >/dev/null; then
        dirname "$(readlink -f "$(command -v initdb)")"
        return
    fi
    for directory in "$(pg_config --bindir 2>/dev/null || true)" $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -rV); do
        if [ -x "$directory/initdb" ] && [ -x "$directory/postgres" ]; then
            echo "$directory"
            return
        fi
    done
    echo "postgres.sh: no PostgreSQL server found; run .ci/need postgres" >&2
    return 1
}

options=("$@")
bin=$(find_binaries)
home=$(mktemp -d "${TMPDIR:-/tmp}/gateway-postgres.XXXXXX")
server=
stop() {
    trap - EXIT
    if [ -n "$server" ]; then
        kill -QUIT "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -rf "$home"
}
trap stop EXIT
trap 'exit 1' HUP INT TERM PIPE

# The server refuses to run as root. On Linux it also ends with this script,
# should the script be killed before it can clean up.
launch=()
if command -v setpriv >/dev/null; then
    launch=(setpriv --pdeathsig QUIT)
fi
if [ "$(id -u)" = 0 ]; then
    chown postgres "$home"
    launch+=(--reuid postgres --regid postgres --clear-groups)
fi
# Replaces the current subshell, so that its process id is the program's.
run() {
    cd "$home"
    exec "${launch[@]}" "$@" </dev/null >>"$home/log" 2>&1
}
fail() {
    echo "postgres.sh: $1" >&2
    tail -n 20 "$home/log" >&2
    exit 1
}

(run "$bin/initdb" -D "$home/data" --username=postgres --auth=trust --encoding=UTF8 --locale=C --no-sync) ||
    fail "initdb failed"

# Serves on a port, and returns once the server takes connections; fails when it
# ends instead.
serve() {
    run "$bin/postgres" -D "$home/data" -p "$1" -k "$home" \
        -c listen_addresses=127.0.0.1 -c max_connections=300 -c shared_buffers=64MB \
        -c fsync=off -c full_page_writes=off -c synchronous_commit=off "${options[@]}" &
    server=$!
    while kill -0 "$server" 2>/dev/null; do
        if grep -qE '^(ready|standby)' "$home/data/postmaster.pid" 2>/dev/null; then
            return
        fi
        sleep 0.02
    done
    wait "$server" || true
    server=
    return 1
}

# Ports below the range that the system hands out to clients; a taken one ends
# the server at once, so try another.
for _ in 1 2 3 4 5 6 7 8; do
    port=$((20000 + RANDOM % 12000))
    if serve "$port"; then
        break
    fi
done
[ -n "$server" ] || fail "the server did not start"

url="postgres://postgres@127.0.0.1:$port/postgres?sslmode=disable"
echo "$url"
while read -r line; do
    case $line in
    stop | crash)
        signal=INT
        [ "$line" = stop ] || signal=QUIT
        kill "-$signal" "$server"
        wait "$server" || true
        server=
        echo stopped
        ;;
    start | standby)
        [ "$line" = start ] || touch "$home/data/standby.signal"
        serve "$port" || fail "the server did not start again"
        echo "$url"
        ;;
    esac
done

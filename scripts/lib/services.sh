# A PostgreSQL and a chromedriver of our own, on loopback and free ports; sourced by `scripts/test`, which sets `work`
# (a temporary folder) and `logs`, and calls `stop_services` whatever happens.

postgres_data=""
chromedriver_pid=""

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# PostgreSQL refuses to run as root; then it runs as the user that its Debian package made.
as_postgres() {
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid=postgres --regid=postgres --clear-groups env HOME="$work" "$@"
    else
        "$@"
    fi
}

# Where the server's programs lie: Debian keeps them out of the path, one folder per version.
postgres_programs() {
    local initdb
    initdb="$(find /usr/lib/postgresql -path '*/bin/initdb' 2>/dev/null | sort -V | tail -1)"
    [ -n "$initdb" ] || initdb="$(command -v initdb || true)"
    [ -z "$initdb" ] || dirname "$initdb"
}

start_postgres() {
    local programs port attempt log="$work/postgres/server.log"
    programs="$(postgres_programs)"
    [ -n "$programs" ] || die "no PostgreSQL server programs found"
    pg_ctl="$programs/pg_ctl"

    mkdir -p "$work/postgres"
    [ "$(id -u)" != 0 ] || chown postgres: "$work/postgres"
    # From a folder that the other user may enter, or its programs complain.
    cd "$work"
    as_postgres "$programs/initdb" --pgdata="$work/postgres/data" --auth=trust --username=postgres --encoding=UTF8 \
        --locale=C.UTF-8 --no-instructions >"$logs/postgres.log" 2>&1 || { cat "$logs/postgres.log" >&2; return 1; }
    for attempt in 1 2 3; do
        port="$(free_port)"
        # Known before it runs, so that an interruption in between finds it.
        postgres_data="$work/postgres/data"
        if as_postgres "$pg_ctl" start --silent --wait --timeout=60 --pgdata="$postgres_data" --log="$log" \
            --options="-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories=$work/postgres \
                -c max_connections=200 -c fsync=on -c shared_buffers=64MB" >/dev/null 2>&1 </dev/null; then
            export WAYPOST_TEST_POSTGRES_URL="postgres://postgres@127.0.0.1:$port/postgres"
            cd "$root"
            return
        fi
        echo "PostgreSQL did not start on port $port (attempt $attempt)" >&2
    done
    cat "$log" >&2
    return 1
}

start_chromedriver() {
    local port log="$logs/chromedriver.log"
    port="$(free_port)"
    # Its own process group: an interruption reaches it through `stop_services`, after the tests that use it.
    set -m
    chromedriver --port="$port" --log-level=WARNING --log-path="$log" >/dev/null 2>&1 </dev/null &
    chromedriver_pid=$!
    set +m
    local attempt
    for attempt in $(seq 100); do
        if python3 - "$port" 2>/dev/null <<'PYTHON'
import sys, urllib.request
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
opener.open(f"http://127.0.0.1:{sys.argv[1]}/status", timeout=2)
PYTHON
        then
            export WAYPOST_TEST_WEBDRIVER_URL="http://127.0.0.1:$port"
            return
        fi
        kill -0 "$chromedriver_pid" 2>/dev/null || break
        sleep 0.1
    done
    echo "chromedriver did not start" >&2
    cat "$log" >&2
    return 1
}

# All processes below one, itself included.
family() {
    local child
    echo "$1"
    for child in $(cat "/proc/$1/task/"*/children 2>/dev/null); do
        family "$child"
    done
}

stop_services() {
    if [ -n "$chromedriver_pid" ]; then
        # Browsers that a killed test left open belong to chromedriver, and do not always end with it.
        local members
        members="$(family "$chromedriver_pid")"
        kill -TERM "$chromedriver_pid" 2>/dev/null || true
        wait "$chromedriver_pid" 2>/dev/null || true
        # shellcheck disable=SC2086 # one word per process
        kill -KILL $members 2>/dev/null || true
        chromedriver_pid=""
    fi
    if [ -n "$postgres_data" ]; then
        cd "$work"
        # Immediate: nobody reads these files again.
        as_postgres "$pg_ctl" stop --silent --mode=immediate --wait --timeout=30 --pgdata="$postgres_data" \
            >/dev/null 2>&1 || true
        postgres_data=""
        cd "$root"
    fi
}

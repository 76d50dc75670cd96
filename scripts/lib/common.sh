# shellcheck shell=bash
# Pieces the scripts in this directory share. Source it; it runs nothing.

# The directory for downloads and everything else that is expensive to make twice.
cache_dir() { printf '%s\n' "${PVPATCH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pvpatch}"; }

note() { printf '%s\n' "$*" >&2; }

# One sentence about what went wrong (or how the script was misused), and exit status 2.
die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 2
}

# The comment at the top of the calling script is its help text.
print_help() { sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; }

# retry TRIES SECONDS COMMAND…: run COMMAND until it succeeds, and give up on a try that hangs for SECONDS.
retry() {
    local tries=$1 seconds=$2 try
    shift 2
    for ((try = 1; try <= tries; try++)); do
        if timeout --kill-after=5 "$seconds" "$@"; then return 0; fi
        ((try == tries)) || note "try $try of $tries failed: $*"
    done
    return 1
}

# missing_packages PACKAGE…: those that are not installed, on one line.
missing_packages() {
    local package missing=()
    for package in "$@"; do
        [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
    done
    printf '%s\n' "${missing[*]}"
}

# install_packages PACKAGE…: by name, with apt; the package lists are refreshed only if the first attempt fails.
install_packages() {
    local install=(env DEBIAN_FRONTEND=noninteractive
        apt-get install -y -q --no-install-recommends
        -o Acquire::http::Timeout=20 -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120 "$@")
    retry 1 600 "${install[@]}" && return
    retry 3 120 apt-get update -q -o Acquire::http::Timeout=20 -o Acquire::Retries=3 || true
    retry 3 600 "${install[@]}"
}

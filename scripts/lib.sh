# Sourced by the scripts beside it: strict bash in the project's root, and steps that say what they do and how long.
# shellcheck shell=bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1
# The system's certificates where there are any, because an installation may sit behind a proxy with its own.
if [[ -e /etc/ssl/certs/ca-certificates.crt ]]; then export UV_SYSTEM_CERTS=1; fi
# uv does not read pip's settings; an installation's own index must serve both.
if [[ -n ${PIP_INDEX_URL:-} && -z ${UV_DEFAULT_INDEX:-} ]]; then export UV_DEFAULT_INDEX=$PIP_INDEX_URL; fi

say() { printf '%s\n' "$*" >&2; }

lasted() {
    local seconds=$1
    if ((seconds < 60)); then echo "${seconds} s"; else echo "$((seconds / 60)) min $((seconds % 60)) s"; fi
}

# step TEXT COMMAND…: run it with its output kept back; show the time while it runs, and its last words if it fails.
step() {
    local text=$1 start=$SECONDS log pid code=0 told=0
    shift
    log=$(mktemp)
    set -m  # a process group of its own, so that Ctrl-C ends a compiler and all that it started
    "$@" >"$log" 2>&1 </dev/null &
    pid=$!
    set +m
    # shellcheck disable=SC2064  # the values of now
    trap "kill -- -$pid 2>/dev/null; rm -f '$log'; exit 130" INT TERM
    while kill -0 "$pid" 2>/dev/null; do
        if [[ -t 2 ]]; then
            printf '\r· %s … %s ' "$text" "$(lasted $((SECONDS - start)))" >&2
        elif ((SECONDS - start >= told + 30)); then
            told=$((SECONDS - start))
            say "  $text … $(lasted "$told")"
        fi
        sleep 0.1
    done
    wait "$pid" || code=$?
    trap - INT TERM
    if [[ -t 2 ]]; then printf '\r\033[K' >&2; fi
    if ((code == 0)); then
        say "· $text: $(lasted $((SECONDS - start)))"
    else
        say "· $text: failed after $(lasted $((SECONDS - start))). Its last words:"
        tail -n 40 "$log" >&2
    fi
    rm -f "$log"
    return "$code"
}

#!/usr/bin/env bash
# Installs what the build needs and this machine lacks: a C++ compiler, cmake and libclang, for the HiGHS solver.
# Rust itself is expected to be there. Works as root and with sudo; does nothing, quickly, when nothing is missing.
#
#   scripts/setup.sh                  what `make demo` and `make test` need
#   scripts/setup.sh --with-browser   also Chromium, for the check of the report in a headless browser
set -euo pipefail

say() { echo "setup: $*"; }
fail() {
    echo "setup: $*" >&2
    exit 1
}
has() { command -v "$1" >/dev/null 2>&1; }

# The places that the bindings generator searches. Without libclang the build fails only after minutes of C++.
has_libclang() {
    local directory found
    for directory in "${LIBCLANG_PATH:-}" /usr/lib/llvm-*/lib /usr/lib/*-linux-gnu /usr/lib /usr/lib64 /usr/local/lib; do
        [ -d "$directory" ] || continue
        found=$(find -L "$directory" -maxdepth 1 -name 'libclang*.so*' ! -name 'libclang-cpp*' -print -quit 2>/dev/null)
        [ -z "$found" ] || return 0
    done
    return 1
}

has_browser() { has chromium || has chromium-browser; }

# Version 14 is the one tested most; a distribution that lacks it has a newer one.
libclang_package() {
    local all
    all=$(apt-cache --names-only search '^libclang1-[0-9]+$' | cut -d' ' -f1 | sort -V)
    if grep -qx libclang1-14 <<<"$all"; then echo libclang1-14; else tail -n 1 <<<"$all"; fi
}

missing=()
list_missing() {
    missing=()
    has c++ && has cc || missing+=(g++)
    has cmake || missing+=(cmake)
    has_libclang || missing+=(libclang)
    [ "$want_browser" = no ] || has_browser || missing+=(chromium)
}

check_rust() {
    has cargo || fail "cargo was not found; install Rust from https://rustup.rs, open a new shell, and try again"
    # Rustup fetches the toolchain that rust-toolchain.toml names; without rustup the installed one has to do.
    (cd "$(dirname "$0")/.." && cargo --version >/dev/null) || fail "cargo does not run; see the message above"
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

install_missing() {
    has apt-get || fail "please install with this system's package manager: ${missing[*]}"
    [ "$(id -u)" -eq 0 ] || has sudo || fail "not root and no sudo; please install: ${missing[*]}"
    say "installing ${missing[*]} with apt"
    as_root apt-get -qq -o DPkg::Lock::Timeout=300 update
    local packages=() name
    for name in "${missing[@]}"; do
        [ "$name" != libclang ] || name=$(libclang_package)
        packages+=("${name:-libclang-dev}")
    done
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 \
        install --no-install-recommends "${packages[@]}" >/dev/null
}

want_browser=no
case "${1:-}" in
"") ;;
--with-browser) want_browser=yes ;;
*) fail "unknown option $1; the only option is --with-browser" ;;
esac

check_rust
list_missing
if [ ${#missing[@]} -gt 0 ]; then
    install_missing
    list_missing
    [ ${#missing[@]} -eq 0 ] || fail "still missing after the installation: ${missing[*]}"
fi
say "everything that the build needs is installed"

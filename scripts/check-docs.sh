#!/usr/bin/env bash
# Holds the documents against the program: links and paths lead somewhere, figures are told once, examples run, flags are the ones
# that --help lists.
#
# An example is a fenced block that opens with "sh run"; its lines run one after another, in an empty directory, with the
# `lessor` of the release build first on the PATH. A flag is the first cell of a table row under a heading that names its
# verb, as in docs/cli.md.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
documents=(*.md docs/*.md docs/adr/*.md)
[ ! -f benches/README.md ] || documents+=(benches/README.md benches/peers/README.md)
failures=0

complain() {
    echo "docs: $*" >&2
    failures=$((failures + 1))
}

check_links() {
    local document target
    for document in "${documents[@]}"; do
        while read -r target; do
            [ -e "$(dirname "$document")/$target" ] || complain "$document links to $target, which is not there"
        done < <(grep -oE '\]\([^)#: ]+[)#]' "$document" | sed 's/^..//; s/.$//' || true)
    done
}

# Files and folders that a document names in code type. Decision records are left as they were written.
check_paths() {
    local document path
    # shellcheck disable=SC2016  # the backquotes are Markdown's
    local named='`([A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)+\.(rs|sh|md|toml)|(models|solver|market|engine|datasets|api|benches)/[a-z0-9_/]+)`'
    for document in "${documents[@]}"; do
        [[ $document != docs/adr/* ]] || continue
        while read -r path; do
            [ -e "$path" ] || complain "$document names $path, which is not there"
        done < <(grep -oE "$named" "$document" | tr -d '`' | sort -u || true)
    done
}

# Every part of a crate has a row in the table of folders.
check_folders() {
    local folder
    while read -r folder; do
        grep -qF "\`$folder\`" ARCHITECTURE.md || complain "ARCHITECTURE.md says nothing of $folder"
    done < <(git ls-files '*/src/*.rs' | grep -oE '^(models|solver|market|engine|datasets|api)/src/[a-z_]+/' | sed 's#/$##' | sort -u)
}

# Results of README.md that lead to benches/README.md: what is measured stands there, too.
check_figures() {
    local figure
    while read -r figure; do
        grep -qF "$figure" benches/README.md || complain "README.md has $figure among its results, and benches/README.md has not"
    done < <(grep -E '^\|.*benches/README\.md#' README.md | awk -F'|' '{ print $(NF - 1) }' | grep -oE '[0-9]+\.[0-9]+' | sort -u)
}

# The lines of every "sh run" block of a document.
examples() { awk '/^```/ { on = ($0 == "```sh run") ; next } on' "$1"; }

run_examples() {
    local document scratch
    for document in README.md docs/cli.md; do
        [ -n "$(examples "$document")" ] || continue
        scratch=$(mktemp -d)
        if (cd "$scratch" && PATH=$root/target/release:$PATH bash -euxo pipefail <(examples "$root/$document")) \
            >"$scratch.log" 2>&1; then
            echo "docs: the examples of $document ran"
        else
            cat "$scratch.log" >&2
            complain "an example of $document failed"
        fi
        rm -rf "$scratch" "$scratch.log"
    done
}

# "verb<TAB>flag" for every flag that docs/cli.md lists.
documented_flags() {
    awk -F'`' '/^##/ { verb = ($2 ~ /^lessor /) ? substr($2, 8) : "" }
               verb != "" && /^\| `--/ { split($2, words, " "); print verb "\t" words[1] }' docs/cli.md
}

# The flags that a verb's help lists, one a line. A flag named in passing in a sentence is not one.
offered_flags() {
    # shellcheck disable=SC2086  # a verb may be several words
    target/release/lessor $1 --help | grep -oE '^ +(-[A-Za-z], )?--[a-z-]+' | grep -oE -- '--[a-z-]+' | sort -u
}

check_flags() {
    local verb
    while read -r verb; do
        diff <(documented_flags | awk -F'\t' -v verb="$verb" '$1 == verb { print $2 }' | sort -u) \
            <(offered_flags "$verb" | grep -vxE -- '--(help|version)') ||
            complain "docs/cli.md and 'lessor $verb --help' list different flags (above: < document, > program)"
    done < <(documented_flags | cut -f1 | sort -u)
}

check_links
check_paths
check_folders
check_figures
if [ -x target/release/lessor ]; then
    run_examples
    check_flags
else
    complain "target/release/lessor is not there; build it first"
fi
[ "$failures" -eq 0 ] || exit 1
echo "docs: links, examples and flags agree with the program"

#!/usr/bin/env bash
# Holds the sources to what CONTRIBUTING.md says of files, lines and spelling. What rustfmt and clippy see to is not looked at here.
set -euo pipefail
cd "$(dirname "$0")/.."
lines_max=500
columns_max=132
british='(maxim|minim|optim|normal|initial|serial|general|recogn|organ|real|util|summar|priorit)is(e|ed|es|ing|ation|ations)'
british+='|(colou|neighbou|behaviou|favou|honou|labou)r[a-z]*|(centi|milli|kilo)?met(re|res)|centres?|labelled|modelled'
failures=0

complain() {
    echo "style: $*" >&2
    failures=$((failures + 1))
}

while read -r file; do
    lines=$(wc -l <"$file")
    [ "$lines" -le "$lines_max" ] || complain "$file has $lines lines; a file has at most $lines_max: split it by idea"
    while read -r place; do
        complain "$file:$place columns; a line stays within $columns_max"
    done < <(awk -v most="$columns_max" 'length > most { print NR " has " length }' "$file")
done < <(git ls-files '*.rs')

# Names of others (`Sense::Maximise`, `aria-labelledby`) are theirs.
while read -r place; do
    complain "$place: American spelling, please"
done < <(git grep -nIiwE "$british" -- '*.rs' '*.md' '*.proto' '*.toml' '*.sh' ':!scripts/check-style.sh' |
    grep -vE 'Sense::|\.(max|min)imise\(' || true)

[ "$failures" -eq 0 ] || exit 1
echo "style: files, lines and spelling are as CONTRIBUTING.md says"

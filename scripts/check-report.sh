#!/usr/bin/env bash
# Opens a report in a headless browser and takes a picture of it.
#
#   scripts/check-report.sh REPORT.html OUT.png
#
# Fails where a script of the page raised an error or did not reach its end. Skipped, with a line that says so, where
# there is no chromium. WIDTH and HEIGHT set the window in pixels; THEME=dark asks for the dark colors.
set -euo pipefail

if [ $# -ne 2 ]; then
  echo "usage: $0 REPORT.html OUT.png" >&2
  exit 2
fi
if [ ! -f "$1" ]; then
  echo "check-report: $1 does not exist" >&2
  exit 2
fi
browser=$(command -v chromium || command -v chromium-browser || true)
if [ -z "$browser" ]; then
  echo "check-report: skipped, there is no chromium here"
  exit 0
fi

report=$(realpath "$1")
picture=$(realpath -m "$2")
profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT
# Light is 1 and dark is 0 in the browser's own setting.
scheme=1
[ "${THEME:-light}" = dark ] && scheme=0

rm -f "$picture"
# Spaces and signs in the path must not read as parts of the address.
address="file://$(printf '%s' "$report" | sed 's/%/%25/g; s/ /%20/g; s/#/%23/g; s/?/%3F/g')"
if ! timeout 120 "$browser" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --hide-scrollbars \
  --disable-background-networking --disable-component-update --disable-sync --user-data-dir="$profile" \
  --blink-settings="preferredColorScheme=$scheme" --window-size="${WIDTH:-1280},${HEIGHT:-2600}" \
  --screenshot="$picture" --dump-dom "$address" >"$profile/dom.html" 2>"$profile/log"; then
  echo "check-report: the browser failed on $1" >&2
  tail -n 5 "$profile/log" >&2
  exit 1
fi
opening=$(grep -o -m 1 '<html[^>]*>' "$profile/dom.html" || true)
case "$opening" in
  *data-error=*)
    echo "check-report: a script of $1 failed: $opening" >&2
    exit 1
    ;;
  *data-ready=\"1\"*) ;;
  *)
    echo "check-report: the scripts of $1 did not reach their end: $opening" >&2
    exit 1
    ;;
esac
if [ ! -s "$picture" ]; then
  echo "check-report: no picture was taken of $1" >&2
  tail -n 5 "$profile/log" >&2
  exit 1
fi
echo "check-report: $1 runs without error; the picture is $2"

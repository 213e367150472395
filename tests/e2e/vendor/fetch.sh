#!/bin/sh
# Third-party scripts, committed at a pinned version with their licence: axe-core (MPL-2.0), used by the tests alone.
set -eu
AXE=4.14.1
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$work" && npm pack --silent "axe-core@$AXE" >/dev/null && tar xzf axe-core-*.tgz)
cp "$work/package/axe.min.js" "$here/axe.min.js"
cp "$work/package/LICENSE" "$here/axe-LICENSE.txt"
echo "axe-core $AXE"

#!/usr/bin/env bash
# Writes vendor/qr.js, vendor/qr-read.js and their licence from the packages "qr" and "esbuild" of npm, at exactly these versions. The result is
# committed: nobody needs npm to build or to use the wallet.
set -euo pipefail
qr=0.7.0 esbuild=0.28.2
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
echo '{"private":true}' > package.json
npm install --silent --no-audit --no-fund "qr@$qr" "esbuild@$esbuild"
cp "$here"/*.in.js .
for file in qr qr-read; do
  npx esbuild "$file.in.js" --bundle --format=esm --target=es2022 --minify --legal-comments=none --log-level=warning \
    --banner:js="/*! qr $qr, (c) Paul Miller, MIT OR Apache-2.0: see qr-LICENSE.txt */" --outfile="$here/$file.js"
done
cp node_modules/qr/LICENSE-MIT "$here/qr-LICENSE.txt"

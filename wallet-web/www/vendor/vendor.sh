#!/usr/bin/env bash
# Writes vendor/qr.js and its licence from the packages "qr" and "esbuild" of npm, at exactly these versions. The result is
# committed: nobody needs npm to build or to use the wallet.
set -euo pipefail
qr=0.7.0 esbuild=0.28.2
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
echo '{"private":true}' > package.json
npm install --silent --no-audit --no-fund "qr@$qr" "esbuild@$esbuild"
cp "$here/qr.in.js" .
npx esbuild qr.in.js --bundle --format=esm --target=es2022 --minify --legal-comments=none --log-level=warning \
  --banner:js="/*! qr $qr, (c) Paul Miller, MIT OR Apache-2.0: see qr-LICENSE.txt */" --outfile="$here/qr.js"
cp node_modules/qr/LICENSE-MIT "$here/qr-LICENSE.txt"

// A browser behind a script of its name, for what a test needs of it beyond other browsers: it is found by its name.

import { chmod, mkdir, writeFile } from "node:fs/promises";

import { Browser } from "./browser.mjs";

/** Starts the browser by a script in `folder`, whose last line begins with `exec` and that program. */
export async function startBehind(folder, program, script) {
  await mkdir(folder);
  await writeFile(`${folder}/${program}`, `#!/bin/sh\nPATH=\${PATH#*:}\n${script}\n`);
  await chmod(`${folder}/${program}`, 0o755);
  const path = process.env.PATH;
  process.env.PATH = `${folder}:${path}`;
  try {
    return await Browser.start();
  } finally {
    process.env.PATH = path;
  }
}

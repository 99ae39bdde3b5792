// Programs as processes, which end with this one.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const bin = process.env.BIN;
const run = promisify(execFile);

/** Runs one of Farthing's programs to its end; gives its exit code and what it printed. */
export async function farthing(role, ...args) {
  try {
    const { stdout, stderr } = await run(bin, [role, ...args]);
    return { code: 0, stdout, stderr };
  } catch (error) {
    if (typeof error.code !== "number") throw error;
    return { code: error.code, stdout: error.stdout, stderr: error.stderr };
  }
}

/** The same, which must succeed; gives the JSON that it printed. */
export async function json(role, ...args) {
  const { code, stdout, stderr } = await farthing(role, ...args, "--json");
  assert.equal(code, 0, `${args.join(" ")}: ${stderr}${stdout}`);
  return JSON.parse(stdout);
}

/** Starts a program, whose errors go to the file `log`. */
export function start(program, args, log, env = {}) {
  const child = spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", openSync(log, "a")],
  });
  process.once("exit", () => child.kill("SIGKILL"));
  return child;
}

/** Starts one of Farthing's programs, and waits until it listens. */
export async function listening(role, args, log, env) {
  const child = start(bin, [role, ...args, "--json"], log, env);
  const ended = once(child, "exit").then(() => assert.fail(`it did not start: see ${log}`));
  const [line] = await Promise.race([once(createInterface(child.stdout), "line"), ended]);
  const said = JSON.parse(line);
  assert.ok(said.listening, line);
  return { child, ...said };
}

/** Ends a program, and waits for its end. */
export async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}

/** Ports of loopback that are free. */
export async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}

const PATIENCE_MS = 30_000;

/** Asks until `ask` gives something true; fails after half a minute, with what `what` gives. */
export async function until(ask, what) {
  for (const started = Date.now(); Date.now() - started < PATIENCE_MS; ) {
    const answer = await ask();
    if (answer) return answer;
    await new Promise((resume) => setTimeout(resume, 20));
  }
  throw new Error(`it never came true: ${await what()}`);
}

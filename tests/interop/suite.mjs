// Scenarios: each has a name and a time limit, and prints a line of its own.

const LIMIT_MS = 120_000;
const scenarios = [];

/** Keeps a scenario for `runScenarios`. */
export function scenario(name, test) {
  scenarios.push({ name, test });
}

/** Runs all scenarios, each with `context`; one that fails, or does not end, fails this process. */
export async function runScenarios(context) {
  for (const { name, test } of scenarios) {
    let timer;
    const limit = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not done after ${LIMIT_MS} ms`)), LIMIT_MS);
    });
    try {
      await Promise.race([test(context), limit]);
      console.log(`ok      ${name}`);
    } catch (error) {
      process.exitCode = 1;
      console.log(`FAILED  ${name}\n${explain(error)}`);
    } finally {
      clearTimeout(timer);
    }
  }
}

function explain(error) {
  if (!(error instanceof Error)) return String(error);
  const code = typeof error.code === "number" ? ` (code ${error.code})` : "";
  return `${error.stack}${code}${error.cause ? `\nbecause of ${explain(error.cause)}` : ""}`;
}

/** Asks until `ask` gives something true, for at most `LIMIT_MS`: the scenario's own limit comes first. */
export async function until(ask) {
  for (const started = Date.now(); Date.now() - started < LIMIT_MS; ) {
    const answer = await ask();
    if (answer) return answer;
    await new Promise((resume) => setTimeout(resume, 50));
  }
  throw new Error("it never came true");
}

"""Scenarios: each has a name, a folder of its own and a time limit, and prints a line of its own."""

import asyncio
import inspect
import os
import signal
import tempfile
import traceback
from pathlib import Path

LIMIT_S = 120
_scenarios = []
transcript = []
"""What the wallets of the running scenario were told, and what they said; shown when it fails."""


def scenario(name):
    """Registers a function, plain or async, that takes a folder."""

    def register(test):
        _scenarios.append((name, test))
        return test

    return register


def run_scenarios():
    """Runs all of them; gives this process's exit code."""
    signal.signal(signal.SIGALRM, _over)
    failed = 0
    for name, test in _scenarios:
        transcript.clear()
        with tempfile.TemporaryDirectory(dir=os.environ["FOLDER"]) as folder:
            try:
                signal.alarm(LIMIT_S)
                result = test(Path(folder))
                if inspect.iscoroutine(result):
                    asyncio.run(result)
                print(f"ok      {name}", flush=True)
            except Exception:
                failed += 1
                said = ("".join(lines) for lines in transcript)
                print(f"FAILED  {name}", *said, traceback.format_exc(), sep="\n", flush=True)
            finally:
                signal.alarm(0)
    return 1 if failed else 0


def _over(_signal, _frame):
    raise TimeoutError(f"not done after {LIMIT_S} s")


async def until(ask):
    """Asks until `ask`, plain or async, gives something true; the scenario's own time limit ends it."""
    while True:
        answer = ask()
        if inspect.isawaitable(answer):
            answer = await answer
        if answer:
            return answer
        await asyncio.sleep(0.05)


def equal(actual, expected):
    """Fails unless the two are the same, and says what they are."""
    if actual != expected:
        raise AssertionError(f"{actual!r} instead of {expected!r}")

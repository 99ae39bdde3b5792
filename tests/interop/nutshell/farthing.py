"""Farthing's own programs: the wallet as a person uses it, and an operator's commands for the running mint."""

import json
import os
import subprocess

from .mints import SAT
from .suite import equal, transcript

BIN = os.environ["BIN"]


def _run(role, *words):
    """Runs a program that succeeds; gives the JSON that it printed."""
    environment = {"PATH": os.environ["PATH"], "FARTHING_MINT_LIGHTNING_BACKEND": "fake"}
    done = subprocess.run([BIN, role, *words, "--json"], check=False, env=environment, capture_output=True, text=True)
    transcript.append([f"{role} {' '.join(words)}\n{done.stdout}{done.stderr}[{done.returncode}]"])
    equal(done.returncode, 0)
    return json.loads(done.stdout)


def operate(mint, *words):
    """An operator's command."""
    return _run("--as-farthing-mint", *words, "--data", str(mint.folder))


class Farthing:
    """A wallet in `folder/name` that knows the mint, and has an account there if `funds` says what is on it."""

    def __init__(self, folder, name, funds=None):
        self.dir = folder / name
        self.account = f"{name}-{folder.name}"
        self.run("init")
        words = ["mint", "add", SAT.native_url]
        if funds is not None:
            words += ["--token", operate(SAT, "account", "create", self.account)["token"]]
            if funds > 0:
                operate(SAT, "account", "credit", self.account, str(funds))
        self.run(*words)

    def run(self, *words):
        """A command that succeeds; gives the JSON that it printed."""
        return _run("--as-farthing", *words, "--wallet", str(self.dir))

    @property
    def balance(self):
        """What it can spend."""
        return sum(line["available"] for line in self.run("balance")["balances"])

    def send(self, amount, *options):
        """Takes `amount` out as a token."""
        return self.run("send", str(amount), *options)["token"]

    def receive(self, token):
        """Receives a token; gives how much that was."""
        return self.run("receive", token)["amount"]

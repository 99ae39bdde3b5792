"""nutshell's wallet as a person uses it: the command `cashu`, on a folder of its own."""

import os
import re
import subprocess
import sys
from pathlib import Path

from cashu.wallet.wallet import Wallet as Library
from loguru import logger

from .lightning import pay
from .mints import SAT
from .suite import equal, transcript

CASHU = Path(sys.executable).with_name("cashu")

logger.remove()
logger.add(lambda message: transcript.append([message]), level="WARNING")


class _Library(Library):
    async def is_paid(self, quote):
        """Whether a mint quote is paid."""
        return (await self.get_mint_quote(quote.quote)).state.value == "PAID"


class Wallet:
    """A wallet in `folder/name` at a mint, which is made when it is first used."""

    def __init__(self, folder, name, mint=SAT):
        self.at = mint
        self.dir = folder / name
        self.name = name

    def run(self, *words, stdin="", answer=None, settings=()):
        """Runs a command; gives its exit code and all that it printed. `answer` is called with each line."""
        self.dir.mkdir(exist_ok=True)
        environment = {"PATH": os.environ["PATH"], "HOME": self.dir, "CASHU_DIR": self.dir, "MINT_URL": self.at.url}
        environment |= {"TOR": "FALSE", "PYTHONUNBUFFERED": "1"} | dict(settings)
        said = [f"{self.name}$ cashu {' '.join(words)}\n"]
        transcript.append(said)
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        process = subprocess.Popen([CASHU, *words], env=environment, cwd=self.dir, text=True, **pipes)
        try:
            process.stdin.write(stdin)
            process.stdin.close()
            for line in process.stdout:
                said.append(line)
                if answer:
                    answer(line)
            return process.wait(), "".join(said[1:])
        finally:
            process.kill()
            process.wait()

    def cashu(self, *words, **options):
        """Runs a command that succeeds; gives what it printed."""
        code, output = self.run(*words, **options)
        equal(code, 0)
        return output

    def refused(self, code, *words):
        """Runs a command that the mint refuses, with this code."""
        exit_code, output = self.run(*words)
        equal((exit_code, error_code(output)), (1, code))

    @property
    def balance(self):
        """What it can spend."""
        return int(match(r"^Balance: (\d+) sat$", self.cashu("balance")))

    def mint(self, amount):
        """Asks for an invoice, waits on the websocket until it is paid, and mints."""

        def pay_invoice(line):
            if invoice := re.search(r"^Invoice: (\S+)$", line):
                pay(invoice[1], self.at)

        match(r"( Invoice paid\.)", self.cashu("invoice", str(amount), answer=pay_invoice))

    def send(self, amount, *options, **settings):
        """Takes `amount` out as a token."""
        return match(r"^(cashuB\S+)$", self.cashu("send", str(amount), *options, **settings))

    def receive(self, token):
        """Receives a token; gives how much that was."""
        return int(match(r"^Received (\d+) sat$", self.cashu("receive", token)))

    def lock(self):
        """Its lock for tokens that nobody else is to spend, as `send --lock` takes it."""
        return match(r"(P2PK:[0-9a-f]{66})", self.cashu("lock", "p2pk"))

    def phrase(self):
        """Its twelve words."""
        return match(r"^ - ((?:[a-z]+ ){11}[a-z]+)$", self.cashu("info", "--mnemonic"))

    def restore(self, phrase):
        """Finds the tokens of a phrase, in a folder that holds no wallet yet."""
        self.cashu("restore", stdin=f"{phrase}\n")

    async def library(self):
        """The same wallet by nutshell's library, for what the command cannot do."""
        if not self.dir.exists():
            self.cashu("balance")
        library = await _Library.with_db(self.at.url, str(self.dir / "wallet"), name="wallet")
        await library.load_mint()
        await library.load_proofs(reload=True)
        return library


def holding(folder, name, amount, mint=SAT):
    """A wallet that has minted `amount`."""
    wallet = Wallet(folder, name, mint)
    wallet.mint(amount)
    return wallet


def match(pattern, text):
    """The first group of a pattern that is somewhere in the text."""
    found = re.search(pattern, text, re.MULTILINE)
    if not found:
        raise AssertionError(f"{pattern} is not in: {text}")
    return found[1]


def error_code(refusal):
    """The mint's code in what nutshell says of a refusal; None if there is none."""
    found = re.search(r"\(Code: (\d+)\)", str(refusal))
    return int(found[1]) if found else None


async def refused(code, awaitable):
    """Checks that the mint refuses, with this code."""
    try:
        await awaitable
    except Exception as error:
        if error_code(error) != code:
            raise
    else:
        raise AssertionError(f"not refused with {code}")

"""Farthing's own wallet and nutshell's pay each other at one mint, through both of its doors."""

from cashu.core.base import TokenV4

from .farthing import Farthing, operate
from .mints import SAT
from .suite import equal, scenario
from .wallet import Wallet


@scenario("ring: two of our wallets and nutshell's pay each other, and the books balance")
def pays_round(folder):
    ann, bob, carol = Farthing(folder, "ann", funds=100), Farthing(folder, "bob"), Wallet(folder, "carol")
    ann.run("withdraw", "100")
    equal(_balances(ann, bob, carol), [100, 0, 0])
    equal(bob.receive(ann.send(40)), 40)
    equal(_balances(ann, bob, carol), [60, 40, 0])
    token = bob.send(15, "--cashu")
    equal(TokenV4.deserialize(token).mint, SAT.url)
    equal(carol.receive(token), 15)
    equal(_balances(ann, bob, carol), [60, 25, 15])
    equal(ann.receive(carol.send(15)), 15)
    equal(_balances(ann, bob, carol), [75, 25, 0])
    ann.run("redeem", "--all")
    equal(_balances(ann, bob, carol), [0, 25, 0])
    accounts = {line["name"]: line["balance"] for line in operate(SAT, "account", "list")["accounts"]}
    equal(accounts[ann.account], 75)
    equal(operate(SAT, "audit")["balanced"], True)


def _balances(*wallets):
    return [wallet.balance for wallet in wallets]

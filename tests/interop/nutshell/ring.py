"""Farthing's own wallet and nutshell's pay each other at one mint, through both of its doors."""

from .farthing import Farthing, operate
from .mints import SAT
from .suite import equal, scenario
from .wallet import Wallet, match


@scenario("ring: two of our wallets and nutshell's pay each other, and the books balance")
def pays_round(folder):
    ann, bob, carol = Farthing(folder, "ann", funds=100), Farthing(folder, "bob", funds=0), Wallet(folder, "carol")
    ann.run("withdraw", "100")
    equal(_balances(ann, bob, carol), [100, 0, 0])
    equal(bob.receive(ann.send(40)), 40)
    equal(_balances(ann, bob, carol), [60, 40, 0])
    # Bob pays Carol's invoice from his account, and Carol pays Ann's with her tokens.
    bob.run("redeem", "15")
    carol.mint(15, payer=lambda invoice: operate(SAT, "account", "pay", bob.account, invoice, "--yes"))
    equal(_balances(ann, bob, carol), [60, 25, 15])
    invoice = operate(SAT, "account", "deposit", ann.account, "15")["invoice"]
    match(r"(Invoice paid\.)", carol.cashu("pay", "--yes", invoice))
    ann.run("withdraw", "15")
    equal(_balances(ann, bob, carol), [75, 25, 0])
    ann.run("redeem", "--all")
    equal(_balances(ann, bob, carol), [0, 25, 0])
    accounts = {line["name"]: line["balance"] for line in operate(SAT, "account", "list")["accounts"]}
    equal([accounts[ann.account], accounts[bob.account]], [75, 0])
    equal(operate(SAT, "audit")["balanced"], True)


def _balances(*wallets):
    return [wallet.balance for wallet in wallets]

"""Keysets that take fees (NUT-02), and those that a mint has retired."""

from .farthing import operate
from .mints import OTHER
from .suite import equal, scenario
from .wallet import Wallet, holding


@scenario("nutshell: fees for inputs are paid to the unit (NUT-02)")
def pays_fees(folder):
    alice, bob = holding(folder, "alice", 100, OTHER), Wallet(folder, "bob", OTHER)
    equal(bob.receive(alice.send(20, "--include-fees")), 20)
    equal(bob.balance, 20)
    equal(bob.receive(alice.send(10)), 10 - 1)
    equal(bob.balance, 29)


@scenario("nutshell: tokens of a retired keyset are spent, and found by the phrase")
def leaves_keysets(folder):
    alice = holding(folder, "alice", 64, OTHER)
    bob, found = Wallet(folder, "bob", OTHER), Wallet(folder, "found", OTHER)
    operate(OTHER, "keyset", "rotate", "--suite", "secp256k1")
    alice.mint(16)
    equal(alice.balance, 80)
    found.restore(alice.phrase())
    equal(found.balance, 80)
    equal(bob.receive(found.send(40, "--include-fees")), 40)

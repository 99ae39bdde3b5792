"""Minting, sending, receiving, and finding it all again from the phrase."""

from cashu.core.base import TokenV4
from cashu.core.nuts.nut20 import generate_keypair

from .lightning import pay
from .suite import equal, scenario, until
from .wallet import Wallet, holding, match, refused


@scenario("nutshell: mints what was paid for, once (NUT-04)")
async def mints(folder):
    alice = holding(folder, "alice", 100)
    equal(alice.balance, 100)
    match(r"State: (issued)", alice.cashu("invoices"))
    library = await alice.library()
    quote = await library.request_mint(50)
    await refused(20001, library.mint(50, quote.quote))
    pay(quote.request)
    await until(lambda: library.is_paid(quote))
    await refused(11005, library.mint(51, quote.quote))
    await library.mint(50, quote.quote)
    await refused(20002, library.mint(50, quote.quote))
    equal(alice.balance, 150)


@scenario("nutshell: a mint quote is opened by the wallet's key alone (NUT-20)")
async def locks_quotes(folder):
    alice = await Wallet(folder, "alice").library()
    quote = await alice.request_mint(8)
    pay(quote.request)
    await until(lambda: alice.is_paid(quote))
    await _with_quote_key(alice, quote, generate_keypair()[0])
    await refused(20008, alice.mint(8, quote.quote))
    await _with_quote_key(alice, quote, None)
    await refused(20008, alice.mint(8, quote.quote))
    await _with_quote_key(alice, quote, quote.privkey)
    await alice.mint(8, quote.quote)
    equal(alice.available_balance.amount, 8)


async def _with_quote_key(library, quote, key):
    statement = "UPDATE bolt11_mint_quotes SET privkey = :key WHERE quote = :quote"
    await library.db.execute(statement, {"key": key, "quote": quote.quote})


@scenario("nutshell: sends and receives, and nobody receives twice")
def sends(folder):
    alice, bob, carol = holding(folder, "alice", 100), Wallet(folder, "bob"), Wallet(folder, "carol")
    token = alice.send(30, "--memo", "for the tea")
    equal(alice.balance, 70)
    equal(bob.receive(token), 30)
    carol.refused(11001, "receive", token)
    equal([wallet.balance for wallet in (alice, bob, carol)], [70, 30, 0])
    match(r"^Balance: 70 sat (\(pending: 30 sat\)) in", alice.cashu("balance", "--verbose"))
    alice.cashu("burn", "--all")
    match(r"^Balance: 70 sat (\(pending: 0 sat\)) in", alice.cashu("balance", "--verbose"))


@scenario("nutshell: a token's DLEQ proof holds, and a forged one is refused by the wallet (NUT-12)")
def proves(folder):
    alice, bob = holding(folder, "alice", 16), Wallet(folder, "bob")
    token = alice.send(8, "--dleq")
    forged = TokenV4.deserialize(token)
    first = forged.t[0].p[0]
    first.d.s = first.d.e
    code, output = bob.run("receive", forged.serialize(include_dleq=True))
    equal((code, "DLEQ proof invalid" in output), (1, True))
    equal(bob.balance, 0)
    equal(bob.receive(token), 8)


@scenario("nutshell: the phrase alone finds the tokens again (NUT-09, NUT-13)")
def restores(folder):
    alice, bob, found = holding(folder, "alice", 100), Wallet(folder, "bob"), Wallet(folder, "found")
    bob.receive(alice.send(37))
    found.restore(alice.phrase())
    equal(found.balance, 63)
    equal(bob.receive(found.send(63)), 63)
    equal([wallet.balance for wallet in (found, bob)], [0, 100])

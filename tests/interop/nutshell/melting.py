"""Paying invoices with tokens (NUT-05, NUT-08): paid, failed, and under way."""

import hashlib

from .lightning import foreign_invoice, payment, payment_hash
from .suite import equal, scenario, until
from .wallet import Wallet, error_code, holding, match, refused


@scenario("nutshell: pays an invoice, and gets back what the fee left over (NUT-08)")
def pays(folder):
    alice, invoice = holding(folder, "alice", 2000), foreign_invoice(1000)
    payment(invoice, "paid fee=3000")
    output = alice.cashu("pay", "--yes", invoice)
    match(r"(Invoice paid\.)", output)
    preimage = match(r"\(Preimage: ([0-9a-f]{64})\)", output)
    equal(hashlib.sha256(bytes.fromhex(preimage)).hexdigest(), payment_hash(invoice))
    equal(alice.balance, 2000 - 1000 - 3)
    equal(Wallet(folder, "bob").receive(alice.send(997)), 997)


@scenario("nutshell: an invoice is paid once")
def pays_once(folder):
    alice, invoice = holding(folder, "alice", 4000), foreign_invoice(1000)
    match(r"(Invoice paid\.)", alice.cashu("pay", "--yes", invoice))
    equal(error_code(alice.cashu("pay", "--yes", invoice)), 20006)
    equal(alice.balance, 3000)


@scenario("nutshell: a payment that fails gives the tokens back")
def fails(folder):
    alice, invoice = holding(folder, "alice", 2000), foreign_invoice(1000)
    payment(invoice, "failed")
    output = alice.cashu("pay", "--yes", invoice)
    match(r"(Error paying invoice)", output)
    equal(error_code(output), 20004)
    equal(alice.balance, 2000)
    equal(Wallet(folder, "bob").receive(alice.send(2000)), 2000)


# nutshell 0.20.2 does not take the change of a payment that was under way ("change is not supported yet" in
# wallet.py, also at its own mint): the phrase finds it.
@scenario("nutshell: a payment under way holds the tokens, and settles")
async def settles(folder):
    alice, invoice = holding(folder, "alice", 2000), foreign_invoice(1000)
    payment(invoice, "pending")
    match(r"(Invoice pending\.)", alice.cashu("pay", "--yes", "--async", invoice))
    library = await alice.library()
    quote, inputs = await _under_way(library)
    equal(alice.balance, 2000 - sum(proof.amount for proof in inputs))
    await refused(11002, library.split(inputs, 0))
    payment(invoice, "paid fee=4000")
    await until(lambda: _in_state(library, quote, "PAID"))
    await refused(11001, library.split(inputs, 0))
    found = Wallet(folder, "found")
    found.restore(alice.phrase())
    equal(found.balance, 2000 - 1000 - 4)


@scenario("nutshell: a payment under way that fails gives the tokens back")
async def fails_late(folder):
    alice, invoice = holding(folder, "alice", 2000), foreign_invoice(1000)
    payment(invoice, "pending")
    match(r"(Invoice pending\.)", alice.cashu("pay", "--yes", "--async", invoice))
    library = await alice.library()
    quote, _ = await _under_way(library)
    payment(invoice, "failed")
    await until(lambda: _in_state(library, quote, "UNPAID"))
    equal(alice.balance, 2000)
    equal(Wallet(folder, "bob").receive(alice.send(2000)), 2000)


async def _under_way(library):
    """The melt quote that the wallet waits for, and the tokens that it holds back for it."""
    inputs = [proof for proof in library.proofs if proof.melt_id]
    equal(len({proof.melt_id for proof in inputs}), 1)
    return inputs[0].melt_id, inputs


async def _in_state(library, quote, state):
    return (await library.get_melt_quote(quote)).state.value == state


@scenario("nutshell: a wallet pays the invoice of another at the same mint")
def pays_within(folder):
    alice, bob = holding(folder, "alice", 64), Wallet(folder, "bob")

    def pay_by_alice(line):
        if line.startswith("Invoice: "):
            match(r"(Invoice paid\.)", alice.cashu("pay", "--yes", line.split()[1]))

    bob.cashu("invoice", "40", answer=pay_by_alice)
    equal([wallet.balance for wallet in (alice, bob)], [24, 40])

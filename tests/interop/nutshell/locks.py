"""Tokens locked to keys (NUT-11) and to the hash of a preimage (NUT-14)."""

import hashlib
import secrets

from .suite import equal, scenario
from .wallet import Wallet, holding, refused

PAST = {"LOCKTIME_DELTA_SECONDS": "-3600"}
FUTURE = {"LOCKTIME_DELTA_SECONDS": "86400"}

# A signature over all inputs and outputs (SIG_ALL) is not tried: nutshell 0.20.2 signs the secrets and B_ alone, as
# an earlier NUT-11 had it; today's has C and the amounts in the message too. cashu-ts signs that.


@scenario("nutshell: a token locked to a key is received with that key alone (NUT-11)")
def locks_to_key(folder):
    alice, bob, mallory = holding(folder, "alice", 16), Wallet(folder, "bob"), Wallet(folder, "mallory")
    token = alice.send(8, "--lock", bob.lock())
    mallory.refused(10001, "receive", token)
    equal(bob.receive(token), 8)
    mallory.refused(10001, "receive", token)
    bob.refused(11001, "receive", token)
    equal([wallet.balance for wallet in (alice, bob, mallory)], [8, 8, 0])


@scenario("nutshell: the refund key counts after the locktime, and not before (NUT-11)")
def refunds(folder):
    alice, bob = holding(folder, "alice", 16), Wallet(folder, "bob")
    refund = alice.lock().removeprefix("P2PK:")
    early = alice.send(8, "--lock", bob.lock(), "--refund", refund, settings=FUTURE)
    alice.refused(10001, "receive", early)
    equal(bob.receive(early), 8)
    late = alice.send(8, "--lock", bob.lock(), "--refund", refund, settings=PAST)
    equal(alice.receive(late), 8)
    equal([wallet.balance for wallet in (alice, bob)], [8, 8])


@scenario("nutshell: after the locktime a token without refund key is anyone's (NUT-11)")
def expires(folder):
    alice, bob, carol = holding(folder, "alice", 8), Wallet(folder, "bob"), Wallet(folder, "carol")
    equal(carol.receive(alice.send(8, "--lock", bob.lock(), settings=PAST)), 8)


@scenario("nutshell: the preimage opens a hash lock, another does not (NUT-14)")
async def locks_to_hash(folder):
    alice, bob = await _library(folder, "alice", 16), await _library(folder, "bob")
    preimage = secrets.token_hex(32)
    keys = [await bob.create_p2pk_pubkey()]
    lock = await alice.create_htlc_lock(preimage=preimage, hashlock_pubkeys=keys)
    proofs = await _locked(alice, lock)
    await refused(10001, bob.redeem(await bob.add_htlc_preimage_to_proofs(proofs, secrets.token_hex(32))))
    await refused(10001, alice.redeem(await alice.add_htlc_preimage_to_proofs(proofs, preimage)))
    await bob.redeem(await bob.add_htlc_preimage_to_proofs(proofs, preimage))
    equal([wallet.available_balance.amount for wallet in (alice, bob)], [8, 8])


@scenario("nutshell: a hash lock's refund key counts after the locktime, and not before (NUT-14)")
async def refunds_hash_locks(folder):
    alice, bob = await _library(folder, "alice", 16), await _library(folder, "bob")
    preimage = secrets.token_hex(32)
    refund = {"locktime_pubkeys": [await alice.create_p2pk_pubkey()]}
    digest = hashlib.sha256(bytes.fromhex(preimage)).hexdigest()
    early = await alice.create_htlc_lock(preimage_hash=digest, locktime_seconds=86_400, **refund)
    early = await _locked(alice, early)
    await refused(10001, alice.redeem(early))
    late = await _locked(alice, await alice.create_htlc_lock(preimage_hash=digest, locktime_seconds=-3600, **refund))
    await refused(10001, bob.redeem(late))
    await alice.redeem(late)
    await bob.redeem(await bob.add_htlc_preimage_to_proofs(early, preimage))
    equal([wallet.available_balance.amount for wallet in (alice, bob)], [8, 8])


async def _library(folder, name, amount=0):
    wallet = holding(folder, name, amount) if amount else Wallet(folder, name)
    return await wallet.library()


async def _locked(wallet, lock):
    """A wallet's tokens over 8 with a lock, which it no longer counts as its own."""
    _, proofs = await wallet.swap_to_send(wallet.proofs, 8, secret_lock=lock, set_reserved=True)
    await wallet.load_proofs(reload=True)
    return [proof.model_copy() for proof in proofs]

"""What the mint tells wallets that listen on a websocket (NUT-17).

nutshell 0.20 listens a moment after it has subscribed, so on a busy machine it may miss the first notice, which has
the state as it is. It must hear of every change after that.
"""

from .lightning import pay
from .suite import equal, scenario, until
from .wallet import Wallet, holding


@scenario("nutshell: hears of a mint quote that it was paid, and issued (NUT-17)")
async def hears_of_quotes(folder):
    alice = await Wallet(folder, "alice").library()
    told = []
    quote, subscription = await alice.request_mint_with_callback(8, lambda notice: told.append(_read(notice.payload)))
    expected = [(quote.quote, state, quote.request) for state in ("UNPAID", "PAID", "ISSUED")]
    pay(quote.request)
    await until(lambda: expected[1] in told)
    await alice.mint(8, quote.quote)
    await until(lambda: expected[2] in told)
    equal(told, expected[-len(told):])
    subscription.close()


def _read(payload):
    return payload["quote"], payload["state"], payload["request"]


@scenario("nutshell: hears of a token that it was spent (NUT-17)")
async def hears_of_tokens(folder):
    alice, bob = await holding(folder, "alice", 8).library(), await Wallet(folder, "bob").library()
    proof = alice.proofs[0]
    told = []
    _, subscription = await alice.check_proof_state_with_callback([proof], lambda notice: told.append(notice.payload))
    await bob.redeem([proof])
    expected = [(proof.Y, "UNSPENT"), (proof.Y, "SPENT")]
    heard = lambda: [(payload["Y"], payload["state"]) for payload in told]  # noqa: E731
    await until(lambda: expected[1] in heard())
    equal(heard(), expected[-len(told):])
    subscription.close()

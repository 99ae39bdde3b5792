"""Requests sent again (NUT-19): the same bytes get the same answer, and move nothing."""

from contextlib import contextmanager

import httpx

from .lightning import foreign_invoice, pay
from .suite import equal, scenario, transcript, until
from .wallet import Wallet

CACHED = {"mint/bolt11", "swap", "melt/bolt11"}


@scenario("nutshell: the same request gives the same signatures (NUT-19)")
async def replays(folder):
    alice = await Wallet(folder, "alice").library()
    with _recorded() as exchanges:
        await _mint_swap_and_melt(alice)
    equal({path for path, _, _ in exchanges}, CACHED)
    for path, request, answer in exchanges:
        again = httpx.post(request.url, content=request.content, headers={"content-type": "application/json"})
        transcript.append([f"{path} again: {again.status_code} {again.text}"])
        equal((again.status_code, again.json()), (200, answer))
    equal(alice.available_balance.amount, 64 - 20)


async def _mint_swap_and_melt(wallet):
    quote = await wallet.request_mint(64)
    pay(quote.request)
    await until(lambda: wallet.is_paid(quote))
    await wallet.mint(64, quote.quote)
    await wallet.redeem(wallet.proofs)
    invoice = foreign_invoice(20)
    melt = await wallet.melt_quote(invoice)
    _, inputs = await wallet.swap_to_send(wallet.proofs, 20 + melt.fee_reserve)
    await wallet.melt(inputs, invoice, melt.fee_reserve, melt.quote)


@contextmanager
def _recorded():
    """The requests that move value while this lasts, with their paths and the answers to them."""
    exchanges, send = [], httpx.AsyncClient.send

    async def recording(client, request, **options):
        response = await send(client, request, **options)
        path = request.url.path.partition("/v1/")[2]
        if request.method == "POST" and path in CACHED:
            exchanges.append((path, request, response.json()))
        return response

    httpx.AsyncClient.send = recording
    try:
        yield exchanges
    finally:
        httpx.AsyncClient.send = send

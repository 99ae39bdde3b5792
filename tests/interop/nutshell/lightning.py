"""The Lightning network, as far as there is one: what becomes of a payment is written into the control folder of
a mint's fake backend (mint/src/lightning/fake.rs), where a node would hear of it from its peers."""

import bolt11
import httpx

from .mints import OTHER, SAT


def payment_hash(invoice):
    """The payment hash of an invoice, in hex."""
    return bolt11.decode(invoice).payment_hash


def pay(invoice, mint=SAT):
    """Somebody pays an invoice of a mint's."""
    _order(mint, "incoming", invoice, "paid")


def payment(invoice, line):
    """What becomes of the mint's payment of an invoice: `paid fee=MSAT`, `failed`, `pending`."""
    _order(SAT, "outgoing", invoice, line)


def foreign_invoice(amount):
    """An invoice that is not the mint's: another mint's."""
    answer = httpx.post(f"{OTHER.url}/v1/mint/quote/bolt11", json={"amount": amount, "unit": "sat"})
    answer.raise_for_status()
    return answer.json()["request"]


def _order(mint, direction, invoice, line):
    file = mint.folder / "fake" / f"{direction}-{payment_hash(invoice)}"
    written = file.with_suffix(".written")
    written.write_text(f"{line}\n")
    written.rename(file)

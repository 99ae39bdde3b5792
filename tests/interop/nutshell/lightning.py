"""The Lightning network, as far as there is one: what becomes of a payment is written into the control folder of
the mint's fake backend (mint/src/lightning/fake.rs), where a node would hear of it from its peers."""

import os
from pathlib import Path

import bolt11
import httpx

CONTROL = Path(os.environ["FOLDER"]) / "sat" / "fake"
OTHER_MINT = os.environ["OTHER_URL"] + "/cashu"


def payment_hash(invoice):
    """The payment hash of an invoice, in hex."""
    return bolt11.decode(invoice).payment_hash


def pay(invoice):
    """Somebody pays an invoice of the mint's."""
    _order("incoming", invoice, "paid")


def payment(invoice, line):
    """What becomes of the mint's payment of an invoice: `paid fee=MSAT`, `failed`, `pending`."""
    _order("outgoing", invoice, line)


def foreign_invoice(amount):
    """An invoice that is not the mint's: another mint's."""
    answer = httpx.post(f"{OTHER_MINT}/v1/mint/quote/bolt11", json={"amount": amount, "unit": "sat"})
    answer.raise_for_status()
    return answer.json()["request"]


def _order(direction, invoice, line):
    file = CONTROL / f"{direction}-{payment_hash(invoice)}"
    written = file.with_suffix(".written")
    written.write_text(f"{line}\n")
    written.rename(file)

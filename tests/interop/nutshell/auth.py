"""A mint that is for the users of an OpenID provider alone."""

from cashu.wallet.auth.auth import WalletAuth

from .farthing import operate
from .lightning import foreign_invoice
from .mints import CLUB
from .provider import PASSWORD
from .suite import equal, scenario
from .wallet import Wallet


async def log_in(wallet, name):
    """Logs in with a name, as `cashu auth --password` does; gives the wallet of blind tokens."""
    wallet.dir.mkdir(exist_ok=True)
    location = str(wallet.dir / "wallet")
    auth = await WalletAuth.with_db(url=CLUB.url, db=location, username=name, password=PASSWORD)
    equal(await auth.init_auth_wallet(), True)
    return auth


def used():
    """How many blind tokens were used up, as the mint's books have it."""
    books = operate(CLUB, "audit")
    return sum(keyset["redeemed"] for keyset in books["keysets"] if keyset["unit"] == "auth")


@scenario("nutshell: logs in, and blind tokens open the mint for it (NUT-21, NUT-22)")
async def authenticates(folder):
    alice, bob = Wallet(folder, "alice", CLUB), Wallet(folder, "bob", CLUB)
    auth = await log_in(alice, "alice")
    # It has verified the proof of each (NUT-12).
    equal(auth.available_balance.amount, 50)
    equal([keyset.unit.name for keyset in auth.keysets.values()], ["auth"])
    alice.mint(100)
    token = alice.send(30)
    equal(alice.balance, 70)
    alice.cashu("pay", foreign_invoice(20), "--yes")
    equal(alice.balance, 50)
    # One each for a quote and the minting, for a quote and the melting.
    equal(used(), 4)
    await log_in(bob, "bob")
    equal(bob.receive(token), 30)
    equal(used(), 5)


@scenario("nutshell: who has not logged in gets nothing (NUT-21)")
def is_refused(folder):
    code, output = Wallet(folder, "eve", CLUB).run("invoice", "10")
    equal((code, "Invoice:" in output), (1, False))

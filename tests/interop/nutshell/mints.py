"""The mints: their folders, and their doors for Cashu wallets."""

import os
from pathlib import Path


class Mint:
    """A mint that runs."""

    def __init__(self, name):
        self.native_url = os.environ[f"{name.upper()}_URL"]
        self.url = f"{self.native_url}/cashu"
        self.folder = Path(os.environ["FOLDER"], name)


SAT = Mint("sat")
"""The mint that most scenarios are about. It takes no fees."""

OTHER = Mint("other")
"""Another, which takes a tenth of a unit for each input."""

CLUB = Mint("club")
"""One that is for the users of an OpenID provider alone."""

"""nutshell's wallet (PyPI `cashu`) against the mint's door for Cashu wallets."""

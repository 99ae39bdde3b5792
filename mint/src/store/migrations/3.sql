-- Version 3: when a quote last changed is kept with it (NUT-04, `updated_at`), and what is open can be
-- counted without reading the quotes.
--
-- Wallets take no state of a quote for newer whose time is older than the one that they know. Until this
-- version they were told the time of asking, so the quotes that are there are as of now.
ALTER TABLE mint_quotes ADD COLUMN updated_at INTEGER NOT NULL DEFAULT 0;
UPDATE mint_quotes SET updated_at = unixepoch();

-- Unpaid mint quotes: of an account, or of nobody, in the order in which they expire.
DROP INDEX mint_quotes_open;
CREATE INDEX mint_quotes_unpaid ON mint_quotes (expiry) WHERE paid = 0;
CREATE INDEX mint_quotes_unpaid_of ON mint_quotes (account, expiry) WHERE paid = 0;
-- Melt quotes whose payment nobody has begun yet, likewise.
CREATE INDEX melt_quotes_unbegun ON melt_quotes (expiry) WHERE state = 'unpaid' AND started = 0;
CREATE INDEX melt_quotes_unbegun_of ON melt_quotes (account, expiry)
    WHERE state = 'unpaid' AND started = 0;

-- The mint's store. Amounts are in the smallest unit; days and hours are counted from the Unix epoch.
--
-- Nothing here says which inputs went with which outputs. Tables of tokens have no row ids, no times
-- and no order of arrival: their only order is that of keyed hashes. Postings are numbered for each
-- account on its own, and carry the hour.

-- Name and value of what is true of the whole store: the unit; the revision, which counts the
-- operator's changes to keysets so that a running mint notices them; where the spent log ends; and
-- of a restored store what it is in quarantine for (store/recovery.rs).
CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;

-- `unseen` is the part of `issued` that has no row in `signed`, and `allowance` is how much more may
-- become so: a restored store does not know what was signed after the copy it came from. `held` is the
-- sum of the rows in `held`. The suite is the first byte of the id.
CREATE TABLE keysets (
    idx           INTEGER PRIMARY KEY,
    id            BLOB    NOT NULL UNIQUE,
    unit          TEXT    NOT NULL,
    amounts       INTEGER NOT NULL,
    input_fee_ppk INTEGER NOT NULL,
    final_expiry  INTEGER,
    state         TEXT    NOT NULL,
    issued        INTEGER NOT NULL DEFAULT 0,
    redeemed      INTEGER NOT NULL DEFAULT 0,
    held          INTEGER NOT NULL DEFAULT 0,
    unseen        INTEGER NOT NULL DEFAULT 0,
    allowance     INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Spent tokens: a mark of Y; for an HTLC the preimage that opened it.
CREATE TABLE spent (
    mark     BLOB    PRIMARY KEY,
    keyset   INTEGER NOT NULL,
    amount   INTEGER NOT NULL,
    preimage BLOB
) STRICT, WITHOUT ROWID;

-- Signed outputs: a mark of B_. The signature is computed again when it is asked for.
CREATE TABLE signed (
    mark   BLOB    PRIMARY KEY,
    keyset INTEGER NOT NULL,
    amount INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Requests that were answered: sent again, they get the same answer.
CREATE TABLE requests (
    day    INTEGER NOT NULL,
    digest BLOB    NOT NULL,
    PRIMARY KEY (day, digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE accounts (
    id       INTEGER PRIMARY KEY,
    name     TEXT    NOT NULL UNIQUE,
    balance  INTEGER NOT NULL DEFAULT 0,
    postings INTEGER NOT NULL DEFAULT 0
) STRICT;

-- API tokens, as SHA-256 of their text.
CREATE TABLE api_tokens (
    hash    BLOB    PRIMARY KEY,
    account INTEGER NOT NULL,
    scopes  TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE postings (
    account INTEGER NOT NULL,
    number  INTEGER NOT NULL,
    hour    INTEGER NOT NULL,
    kind    TEXT    NOT NULL,
    amount  INTEGER NOT NULL,
    balance INTEGER NOT NULL,
    note    TEXT,
    PRIMARY KEY (account, number)
) STRICT, WITHOUT ROWID;

-- Invoices of the mint's: who pays one gets tokens, or funds an account. Forgotten some days after they
-- are issued, or have expired unpaid.
CREATE TABLE mint_quotes (
    id           TEXT    PRIMARY KEY,
    payment_hash BLOB    NOT NULL UNIQUE,
    request      TEXT    NOT NULL,
    amount       INTEGER NOT NULL,
    account      INTEGER,
    pubkey       BLOB,
    expiry       INTEGER NOT NULL,
    paid         INTEGER NOT NULL DEFAULT 0,
    issued       INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX mint_quotes_open ON mint_quotes (expiry) WHERE paid = 0;

-- Other people's invoices that the mint is asked to pay. Forgotten some days after they have expired,
-- but for those whose payment is under way.
CREATE TABLE melt_quotes (
    id           TEXT    PRIMARY KEY,
    payment_hash BLOB    NOT NULL,
    request      TEXT    NOT NULL,
    amount_msat  INTEGER NOT NULL,
    is_partial   INTEGER NOT NULL,
    amount       INTEGER NOT NULL,
    fee_reserve  INTEGER NOT NULL,
    account      INTEGER,
    expiry       INTEGER NOT NULL,
    state        TEXT    NOT NULL,
    held         INTEGER NOT NULL DEFAULT 0,
    started      INTEGER NOT NULL DEFAULT 0,
    fee_paid     INTEGER NOT NULL DEFAULT 0,
    preimage     BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX melt_quotes_by_payment ON melt_quotes (payment_hash);
CREATE INDEX melt_quotes_pending ON melt_quotes (state) WHERE state = 'pending';

-- Tokens that are held for a payment under way: spent when it has arrived, free when it has failed. The
-- row goes when that is known, and with it what says which tokens paid for which invoice.
CREATE TABLE held (
    mark     BLOB    PRIMARY KEY,
    quote    TEXT    NOT NULL,
    keyset   INTEGER NOT NULL,
    amount   INTEGER NOT NULL,
    preimage BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX held_by_quote ON held (quote);

-- Outputs for what a payment leaves over (NUT-08), with the amounts given to them: 0 until it has
-- arrived. Kept as long as the quote, which is asked for their signatures.
CREATE TABLE blanks (
    quote  TEXT    NOT NULL,
    number INTEGER NOT NULL,
    mark   BLOB    NOT NULL UNIQUE,
    keyset INTEGER NOT NULL,
    b      BLOB    NOT NULL,
    amount INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (quote, number)
) STRICT, WITHOUT ROWID;

INSERT INTO accounts (id, name) VALUES
    (1, 'reserve'), (2, 'fees'), (-1, '(suspense)'), (-2, '(paid in)'), (-3, '(paying out)');
INSERT INTO meta (name, value) VALUES ('revision', 0);

-- Which tokens were presented for what. No URL, no time finer than a day, nothing about the reader.

-- A token by its keyed mark. `purpose` is the keyed digest of the request it was presented for and of the
-- whole payment; it is forgotten after `day` and the days that the publisher keeps it. A token that
-- was taken without asking the mint keeps its mark for ever: nobody else would notice it a second time.
-- `waiting` counts the times it was presented and may yet be redeemed, or may have been: an uncharged
-- token is forgotten before its time only when it is 0.
CREATE TABLE presented (
    mark    BLOB    PRIMARY KEY,
    purpose BLOB,
    day     INTEGER NOT NULL,
    charged INTEGER NOT NULL,
    locked  INTEGER NOT NULL,
    waiting INTEGER NOT NULL DEFAULT 1
) STRICT, WITHOUT ROWID;
CREATE INDEX presented_day ON presented (day) WHERE purpose IS NOT NULL;

-- Tokens locked to the publisher that were served for and are not redeemed yet: JSON of a proof, as an
-- input. `batch` is the redemption it was put into; a batch never changes, so it can be sent again.
-- `reference` is that of the redemption, the same for all tokens of a batch: random, so that the mint's
-- repeated answer to another redemption of the same tokens is not taken for a new one. A batch that
-- version 1 of this record had begun has none.
CREATE TABLE unredeemed (
    id        INTEGER PRIMARY KEY,
    input     TEXT    NOT NULL,
    amount    INTEGER NOT NULL,
    batch     INTEGER,
    reference BLOB
) STRICT;
CREATE INDEX unredeemed_batch ON unredeemed (batch);

-- Tokens that the mint refused although they had passed every check here: a loss, for the publisher to
-- look at. `reason` is the mint's code and words.
CREATE TABLE refused (
    id     INTEGER PRIMARY KEY,
    amount INTEGER NOT NULL,
    day    INTEGER NOT NULL,
    reason TEXT    NOT NULL
) STRICT;

-- Has a row when this record was made beside a publisher's key that was there before: which locked tokens
-- were served for until then is not known, so they are redeemed at the mint before they are served for.
CREATE TABLE gap (
    day INTEGER NOT NULL
) STRICT;

-- Which tokens were presented for what. No URL, no time finer than a day, nothing about the reader.

-- A token by its keyed mark. `purpose` is the digest of the request it was presented for and of the
-- exact redemption; it is forgotten after `day` and the days that the publisher keeps it. A token that
-- was taken without asking the mint keeps its mark for ever: nobody else would notice it a second time.
CREATE TABLE presented (
    mark    BLOB    PRIMARY KEY,
    purpose BLOB,
    day     INTEGER NOT NULL,
    charged INTEGER NOT NULL,
    locked  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX presented_day ON presented (day) WHERE purpose IS NOT NULL;

-- Tokens locked to the publisher that were served for and are not redeemed yet: JSON of a proof, as an
-- input. `batch` is the redemption it was put into; a batch never changes, so it can be sent again.
CREATE TABLE unredeemed (
    id     INTEGER PRIMARY KEY,
    input  TEXT    NOT NULL,
    amount INTEGER NOT NULL,
    batch  INTEGER
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

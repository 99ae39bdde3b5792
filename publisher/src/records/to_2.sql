-- From version 1 to version 2. What had been presented may have been redeemed: it counts as waiting.
ALTER TABLE presented ADD COLUMN waiting INTEGER NOT NULL DEFAULT 1;
ALTER TABLE unredeemed ADD COLUMN reference BLOB;
CREATE TABLE gap (
    day INTEGER NOT NULL
) STRICT;

-- From version 1: what a restored store needs to keep its books.
ALTER TABLE keysets ADD COLUMN unseen    INTEGER NOT NULL DEFAULT 0;
ALTER TABLE keysets ADD COLUMN allowance INTEGER NOT NULL DEFAULT 0;
INSERT INTO accounts (id, name) VALUES (-1, '(suspense)');

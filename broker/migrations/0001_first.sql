-- The whole store, in SQL that SQLite and PostgreSQL read the same way.
-- Types: BIGINT, TEXT, BYTEA only; yes and no are 1 and 0; times are TEXT in UTC to the second;
-- every column that can hold personal data arrives sealed.

CREATE TABLE head (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    size BIGINT NOT NULL,
    root BYTEA NOT NULL,
    frontier BYTEA NOT NULL,
    checkpoint TEXT NOT NULL,
    policy_epoch BIGINT NOT NULL,
    fence BIGINT NOT NULL
);

CREATE TABLE entries (
    idx BIGINT PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    leaf BYTEA NOT NULL,
    particulars BYTEA,
    personal BYTEA,
    operation TEXT NOT NULL,
    agreement TEXT,
    asked_about TEXT,
    recipient TEXT,
    at TEXT NOT NULL,
    disclosure TEXT,
    personal_key TEXT
);
CREATE INDEX entries_party ON entries (agreement, recipient, idx);
CREATE INDEX entries_asked_about ON entries (asked_about, idx) WHERE asked_about IS NOT NULL;
CREATE INDEX entries_operation ON entries (operation, idx);
CREATE INDEX entries_at ON entries (at, idx);
CREATE INDEX entries_disclosure ON entries (disclosure) WHERE disclosure IS NOT NULL;

CREATE TABLE tiles (
    level BIGINT NOT NULL,
    idx BIGINT NOT NULL,
    width BIGINT NOT NULL,
    bytes BYTEA NOT NULL,
    PRIMARY KEY (level, idx)
);

CREATE TABLE agreements (
    agreement TEXT NOT NULL,
    version BIGINT NOT NULL,
    digest TEXT NOT NULL,
    document TEXT NOT NULL,
    status TEXT NOT NULL,
    PRIMARY KEY (agreement, version)
);
CREATE TABLE agreement_notes (
    agreement TEXT NOT NULL,
    version BIGINT NOT NULL,
    kind TEXT NOT NULL,
    authority TEXT NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (agreement, version, kind, authority),
    FOREIGN KEY (agreement, version) REFERENCES agreements (agreement, version)
);

CREATE TABLE directories (
    authority TEXT NOT NULL,
    version BIGINT NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (authority, version)
);
CREATE TABLE roots (
    authority TEXT PRIMARY KEY,
    root_key TEXT NOT NULL
);
CREATE TABLE datasets (
    id TEXT PRIMARY KEY,
    digest TEXT NOT NULL,
    document TEXT NOT NULL
);

CREATE TABLE officers (
    number TEXT PRIMARY KEY,
    name_sealed BYTEA NOT NULL,
    password TEXT NOT NULL,
    roles TEXT NOT NULL,
    active BIGINT NOT NULL CHECK (active IN (0, 1))
);
CREATE TABLE sessions (
    token_hash TEXT PRIMARY KEY,
    officer TEXT NOT NULL REFERENCES officers (number),
    expires_at TEXT NOT NULL
);
CREATE INDEX sessions_officer ON sessions (officer);

CREATE TABLE endpoints (
    endpoint TEXT PRIMARY KEY,
    authority TEXT NOT NULL,
    leaf_key BYTEA NOT NULL,
    note TEXT NOT NULL,
    expires TEXT NOT NULL,
    active BIGINT NOT NULL CHECK (active IN (0, 1))
);
CREATE TABLE key_packages (
    id TEXT PRIMARY KEY,
    endpoint TEXT NOT NULL REFERENCES endpoints (endpoint),
    bytes BYTEA NOT NULL,
    used BIGINT NOT NULL CHECK (used IN (0, 1))
);
CREATE INDEX key_packages_unused ON key_packages (endpoint, id) WHERE used = 0;

CREATE TABLE exchange_groups (
    group_id TEXT PRIMARY KEY,
    agreement TEXT NOT NULL,
    version BIGINT NOT NULL,
    recipient TEXT NOT NULL,
    state BYTEA NOT NULL,
    row_version BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    next_position BIGINT NOT NULL,
    next_sequence BIGINT NOT NULL,
    status TEXT NOT NULL
);
CREATE TABLE inbox (
    group_id TEXT NOT NULL,
    position BIGINT NOT NULL,
    kind TEXT NOT NULL,
    idx BIGINT,
    previous BIGINT,
    message_id TEXT NOT NULL,
    bytes BYTEA NOT NULL,
    at TEXT NOT NULL,
    delete_after TEXT NOT NULL,
    PRIMARY KEY (group_id, position)
);
CREATE TABLE arrivals (
    group_id TEXT NOT NULL,
    position BIGINT NOT NULL,
    digest TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    bytes BYTEA,
    at TEXT NOT NULL,
    done BIGINT NOT NULL CHECK (done IN (0, 1)),
    PRIMARY KEY (group_id, position),
    UNIQUE (group_id, digest)
);
CREATE INDEX arrivals_undone ON arrivals (group_id, position) WHERE done = 0;
CREATE TABLE requests (
    group_id TEXT NOT NULL,
    request TEXT NOT NULL,
    digest TEXT NOT NULL,
    idx BIGINT NOT NULL,
    PRIMARY KEY (group_id, request)
);

CREATE TABLE deposits (
    id TEXT PRIMARY KEY,
    dataset TEXT NOT NULL,
    records BIGINT NOT NULL,
    recorded BIGINT NOT NULL CHECK (recorded IN (0, 1)),
    at TEXT NOT NULL,
    delete_after TEXT NOT NULL
);
CREATE INDEX deposits_dataset ON deposits (dataset, recorded, id);
CREATE TABLE records (
    deposit TEXT NOT NULL REFERENCES deposits (id),
    row_no BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (deposit, row_no)
);
CREATE TABLE blind (
    dataset TEXT NOT NULL,
    element TEXT NOT NULL,
    tag BYTEA NOT NULL,
    deposit TEXT NOT NULL,
    row_no BIGINT NOT NULL,
    PRIMARY KEY (tag, deposit, row_no, element, dataset)
);

CREATE TABLE subject_tags (
    tag BYTEA NOT NULL,
    disclosure TEXT NOT NULL,
    month TEXT NOT NULL,
    PRIMARY KEY (tag, disclosure)
);
CREATE TABLE tag_stages (
    disclosure TEXT PRIMARY KEY
);
CREATE TABLE pseudonym_index (
    domain TEXT NOT NULL,
    element TEXT NOT NULL,
    pseudonym TEXT NOT NULL,
    tag BYTEA NOT NULL,
    PRIMARY KEY (domain, element, pseudonym)
);
CREATE TABLE objects (
    object TEXT PRIMARY KEY,
    disclosure TEXT NOT NULL,
    group_id TEXT NOT NULL,
    recipient TEXT NOT NULL,
    key_sealed BYTEA,
    ciphertext TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    status TEXT NOT NULL,
    idx BIGINT NOT NULL,
    delete_after TEXT NOT NULL,
    receipt TEXT
);
CREATE TABLE vault_keys (
    key_id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    made_at TEXT NOT NULL,
    destroyed_at TEXT
);

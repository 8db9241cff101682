-- The recipient program's own store. Columns named `sealed` or `state` hold AES-256-GCM rows.
-- Times are RFC 3339 text in UTC. No semicolon may stand in a comment.
CREATE TABLE IF NOT EXISTS agreements (
    digest TEXT PRIMARY KEY,
    agreement TEXT NOT NULL,
    version BIGINT NOT NULL,
    document TEXT NOT NULL,
    signature TEXT NOT NULL,
    directory TEXT NOT NULL,
    added_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS directories (
    authority TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    note TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS enrolment (
    id BIGINT PRIMARY KEY,
    note TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS key_packages (
    id TEXT PRIMARY KEY,
    package BYTEA NOT NULL,
    state BYTEA NOT NULL,
    made_at TEXT NOT NULL,
    status TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS groups (
    group_id TEXT PRIMARY KEY,
    agreement TEXT NOT NULL,
    state BYTEA,
    row_version BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    members BIGINT NOT NULL,
    position BIGINT NOT NULL,
    sequence BIGINT,
    status TEXT NOT NULL,
    alarm TEXT
);
CREATE TABLE IF NOT EXISTS checkpoints (
    log TEXT NOT NULL,
    size BIGINT NOT NULL,
    root TEXT NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (log, size)
);
CREATE TABLE IF NOT EXISTS used_indexes (
    log TEXT NOT NULL,
    idx BIGINT NOT NULL,
    PRIMARY KEY (log, idx)
);
CREATE TABLE IF NOT EXISTS officers (
    number TEXT PRIMARY KEY,
    sealed BYTEA NOT NULL
);
CREATE TABLE IF NOT EXISTS wrong_passwords (
    officer TEXT PRIMARY KEY,
    count BIGINT NOT NULL,
    last_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS requests (
    request TEXT PRIMARY KEY,
    agreement TEXT NOT NULL,
    officer TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    status TEXT NOT NULL,
    asked_at TEXT NOT NULL,
    delete_by TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS answers (
    request TEXT PRIMARY KEY,
    disclosure TEXT,
    idx BIGINT,
    sealed BYTEA NOT NULL,
    proof BYTEA,
    received_at TEXT NOT NULL,
    delete_by TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS outbox (
    id TEXT PRIMARY KEY,
    agreement TEXT NOT NULL,
    subject TEXT NOT NULL,
    payload BYTEA NOT NULL,
    message TEXT,
    wire BYTEA,
    status TEXT NOT NULL,
    made_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS outbox_status ON outbox (agreement, status);
CREATE TABLE IF NOT EXISTS objects (
    object TEXT PRIMARY KEY,
    request TEXT NOT NULL,
    agreement TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    key_sealed BYTEA,
    stage TEXT NOT NULL,
    alarm TEXT,
    delete_by TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS own_log (
    n INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    officer TEXT NOT NULL,
    act TEXT NOT NULL,
    request TEXT NOT NULL,
    detail TEXT NOT NULL
);

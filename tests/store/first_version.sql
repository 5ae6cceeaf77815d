-- The file as the first version of llmgate made it, with one exchange.
CREATE TABLE exchanges (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    started_ms INTEGER NOT NULL,
    state TEXT NOT NULL,
    status INTEGER,
    error_type TEXT NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    served TEXT NOT NULL,
    client TEXT NOT NULL,
    key TEXT NOT NULL,
    session TEXT NOT NULL,
    route TEXT NOT NULL,
    protocol TEXT NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    stream INTEGER NOT NULL,
    transport TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    ttfb_us INTEGER,
    total_us INTEGER,
    own_us INTEGER,
    request_bytes INTEGER NOT NULL,
    response_bytes INTEGER NOT NULL,
    chunks INTEGER NOT NULL,
    input_tokens INTEGER,
    output_tokens INTEGER,
    cache_read_tokens INTEGER,
    cache_write_tokens INTEGER,
    reasoning_tokens INTEGER,
    usage_basis TEXT NOT NULL,
    cost_usd REAL,
    cost_basis TEXT NOT NULL,
    price_source TEXT NOT NULL,
    finish TEXT NOT NULL,
    tool_calls INTEGER NOT NULL,
    repeat INTEGER NOT NULL,
    error TEXT NOT NULL
);
CREATE INDEX exchanges_by_time ON exchanges
    (started_ms, seq, cost_usd, cost_basis, input_tokens, output_tokens);
CREATE INDEX exchanges_by_session ON exchanges (session, started_ms) WHERE session <> '';
CREATE INDEX exchanges_failed ON exchanges (started_ms, seq) WHERE (error_type <> '' OR status >= 400);
CREATE INDEX exchanges_live ON exchanges (state) WHERE state IN ('waiting', 'streaming');
CREATE TABLE parts (
    id INTEGER PRIMARY KEY,
    codec INTEGER NOT NULL,
    size INTEGER NOT NULL,
    data BLOB NOT NULL
);
CREATE TABLE migrations (name TEXT PRIMARY KEY);
INSERT INTO migrations VALUES ('exchanges_and_parts');
INSERT INTO exchanges VALUES (
    1, 'old', 1700000000000, 'finished', NULL, '', 'openai', 'gpt-4', 'gpt-4', '', '', '', '',
    'openai.chat', 'POST', '/v1/chat/completions', 0, '', 1, NULL, NULL, NULL, 10, 0, 0,
    NULL, NULL, NULL, NULL, NULL, 'unknown', NULL, 'unknown', '', '', 0, 0, ''
);

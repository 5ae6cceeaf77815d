-- A file of a version of llmgate, made by freeze.py: it has to open for ever.
PRAGMA auto_vacuum = INCREMENTAL;
BEGIN;
CREATE TABLE migrations (name TEXT PRIMARY KEY);
INSERT INTO migrations ("name") VALUES ('exchanges_and_parts');
INSERT INTO migrations ("name") VALUES ('limits_of_exchanges');
INSERT INTO migrations ("name") VALUES ('revisions_and_counters');
INSERT INTO migrations ("name") VALUES ('spend_by_slot');
INSERT INTO migrations ("name") VALUES ('replays_and_annotations');
INSERT INTO migrations ("name") VALUES ('targets_of_replays');
INSERT INTO migrations ("name") VALUES ('shared_pieces');
INSERT INTO migrations ("name") VALUES ('search_by_words');
INSERT INTO migrations ("name") VALUES ('blocks_of_names');
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
    , limited_by TEXT NOT NULL DEFAULT '', queued_us INTEGER, parent TEXT NOT NULL DEFAULT '', replay TEXT NOT NULL DEFAULT '', marked INTEGER NOT NULL DEFAULT 0, tags TEXT NOT NULL DEFAULT '', note TEXT NOT NULL DEFAULT '', exported INTEGER NOT NULL DEFAULT 0, replay_target INTEGER);
INSERT INTO exchanges ("seq", "id", "started_ms", "state", "status", "error_type", "provider", "model", "served", "client", "key", "session", "route", "protocol", "method", "path", "stream", "transport", "attempts", "ttfb_us", "total_us", "own_us", "request_bytes", "response_bytes", "chunks", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "usage_basis", "cost_usd", "cost_basis", "price_source", "finish", "tool_calls", "repeat", "error", "limited_by", "queued_us", "parent", "replay", "marked", "tags", "note", "exported", "replay_target") VALUES (1,'x000001',1800000000001,'finished',200,'','openai','gpt-4o','gpt-4o-mini','curl','','s-1','','openai.chat','POST','/v1/chat/completions',0,'sse',1,1000,2000,2000,84,65,3,10,4,NULL,NULL,NULL,'reported',0.25,'reported','','',0,0,'','',NULL,'x000009','r-1',1,'kept','a note',0,NULL);
INSERT INTO exchanges ("seq", "id", "started_ms", "state", "status", "error_type", "provider", "model", "served", "client", "key", "session", "route", "protocol", "method", "path", "stream", "transport", "attempts", "ttfb_us", "total_us", "own_us", "request_bytes", "response_bytes", "chunks", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "usage_basis", "cost_usd", "cost_basis", "price_source", "finish", "tool_calls", "repeat", "error", "limited_by", "queued_us", "parent", "replay", "marked", "tags", "note", "exported", "replay_target") VALUES (2,'x000002',1800000000002,'failed',429,'upstream_rate_limited','openai','gpt-4o','gpt-4o-mini','curl','','','','openai.chat','POST','/v1/chat/completions',0,'',0,NULL,2000,2000,13,0,0,NULL,NULL,NULL,NULL,NULL,'unknown',NULL,'unknown','','',0,0,'slow down','',NULL,'','',0,'','',0,NULL);
INSERT INTO exchanges ("seq", "id", "started_ms", "state", "status", "error_type", "provider", "model", "served", "client", "key", "session", "route", "protocol", "method", "path", "stream", "transport", "attempts", "ttfb_us", "total_us", "own_us", "request_bytes", "response_bytes", "chunks", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "usage_basis", "cost_usd", "cost_basis", "price_source", "finish", "tool_calls", "repeat", "error", "limited_by", "queued_us", "parent", "replay", "marked", "tags", "note", "exported", "replay_target") VALUES (3,'x000003',1800000000003,'finished',200,'','openai','gpt-4o','gpt-4o-mini','curl','','','','openai.chat','POST','/v1/chat/completions',0,'',1,1000,2000,2000,6037,65,3,10,4,NULL,NULL,NULL,'reported',0.25,'reported','','',0,0,'','',NULL,'','',0,'','',0,NULL);
INSERT INTO exchanges ("seq", "id", "started_ms", "state", "status", "error_type", "provider", "model", "served", "client", "key", "session", "route", "protocol", "method", "path", "stream", "transport", "attempts", "ttfb_us", "total_us", "own_us", "request_bytes", "response_bytes", "chunks", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "usage_basis", "cost_usd", "cost_basis", "price_source", "finish", "tool_calls", "repeat", "error", "limited_by", "queued_us", "parent", "replay", "marked", "tags", "note", "exported", "replay_target") VALUES (4,'x000004',1800000000004,'finished',200,'','openai','gpt-4o','gpt-4o-mini','curl','','','','openai.chat','POST','/v1/chat/completions',0,'',1,1000,2000,2000,7038,65,3,10,4,NULL,NULL,NULL,'reported',0.25,'reported','','',0,0,'','',NULL,'','',0,'','',0,NULL);
INSERT INTO exchanges ("seq", "id", "started_ms", "state", "status", "error_type", "provider", "model", "served", "client", "key", "session", "route", "protocol", "method", "path", "stream", "transport", "attempts", "ttfb_us", "total_us", "own_us", "request_bytes", "response_bytes", "chunks", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "usage_basis", "cost_usd", "cost_basis", "price_source", "finish", "tool_calls", "repeat", "error", "limited_by", "queued_us", "parent", "replay", "marked", "tags", "note", "exported", "replay_target") VALUES (5,'x000005',1800000000005,'waiting',NULL,'','openai','gpt-4o','gpt-4o-mini','curl','','','','openai.chat','POST','/v1/chat/completions',0,'',0,NULL,NULL,NULL,13,0,0,NULL,NULL,NULL,NULL,NULL,'unknown',NULL,'unknown','','',0,0,'','',NULL,'','',0,'','',0,NULL);
CREATE TABLE parts (
        id INTEGER PRIMARY KEY,
        codec INTEGER NOT NULL,
        size INTEGER NOT NULL,
        data BLOB NOT NULL
    );
INSERT INTO parts ("id", "codec", "size", "data") VALUES (8,17,163,X'FC2C2D6228B52FFD24A39D040064089BA09192AC636F6E74656E742D74797065B06170706C69636174696F6E2F6A736F6E9090909182A870726F7669646572A66F70656E6169A375726CBD68747470733A2F2F782E746573742F76313F6B65793D2A2A2A26613D629182A46E616D65A4646F6E65A561745F7573CD07D00090A0C4301A0019000E00E803000A000A0000000000000005100083EF1878603D9C0116465538');
INSERT INTO parts ("id", "codec", "size", "data") VALUES (9,19,84,X'669A00F141921AB17B226D6F64656C223A226770742D346F222C226D65737361676573223A5B7B22726F6C65223A2275736572222C22636F6E74656E74223A22576865726520697320746865206C69676874686F7573653F227D5D7D');
INSERT INTO parts ("id", "codec", "size", "data") VALUES (10,19,89,X'F415E7934D17134A7B226D6F64656C223A226770742D346F2D6D696E69222C226D65737361676573223A5B7B22726F6C65223A2275736572222C22636F6E74656E74223A22576865726520697320746865206C69676874686F7573653F227D5D7D');
INSERT INTO parts ("id", "codec", "size", "data") VALUES (11,19,65,X'92F9387A3AF7D2B4646174613A207B2274657874223A224F6E2074686520227D0A0A646174613A207B2274657874223A22636C6966662E227D0A0A646174613A205B444F4E455D0A0A');
INSERT INTO parts ("id", "codec", "size", "data") VALUES (16,19,44,X'5C89CFEEDB244A959BA09192AC636F6E74656E742D74797065B06170706C69636174696F6E2F6A736F6E90909090900090A0C400');
INSERT INTO parts ("id", "codec", "size", "data") VALUES (17,19,13,X'87F0ED039B6CBAAA7B226D6F64656C223A226D227D');
INSERT INTO parts ("id", "codec", "size", "data") VALUES (24,17,163,X'F4A0E68C28B52FFD24A39D040064089BA09192AC636F6E74656E742D74797065B06170706C69636174696F6E2F6A736F6E9090909182A870726F7669646572A66F70656E6169A375726CBD68747470733A2F2F782E746573742F76313F6B65793D2A2A2A26613D629182A46E616D65A4646F6E65A561745F7573CD07D00090A0C4301A0019000E00E803000A000A0000000000000005100083EF1878603D9C0116465538');
INSERT INTO parts ("id", "codec", "size", "data") VALUES (25,2,6037,X'28B52FFD243DE9010096CE1D5C59960296010101010101961E0101010101C4257B226D6F64656C223A226770742D346F222C226D65737361676573223A5B2C2C2C2C2C5D7D1923D987BD');
INSERT INTO parts ("id", "codec", "size", "data") VALUES (27,19,65,X'D80005473AF7D2B4646174613A207B2274657874223A224F6E2074686520227D0A0A646174613A207B2274657874223A22636C6966662E227D0A0A646174613A205B444F4E455D0A0A');
INSERT INTO parts ("id", "codec", "size", "data") VALUES (32,17,163,X'A9F4AE1328B52FFD24A39D040064089BA09192AC636F6E74656E742D74797065B06170706C69636174696F6E2F6A736F6E9090909182A870726F7669646572A66F70656E6169A375726CBD68747470733A2F2F782E746573742F76313F6B65793D2A2A2A26613D629182A46E616D65A4646F6E65A561745F7573CD07D00090A0C4301A0019000E00E803000A000A0000000000000005100083EF1878603D9C0116465538');
INSERT INTO parts ("id", "codec", "size", "data") VALUES (33,2,7038,X'28B52FFD244001020096CE74FF5EE8029701010101010101971E010101010101C4267B226D6F64656C223A226770742D346F222C226D65737361676573223A5B2C2C2C2C2C2C5D7D2103C7B4A0');
INSERT INTO parts ("id", "codec", "size", "data") VALUES (35,19,65,X'A3F7DD1E3AF7D2B4646174613A207B2274657874223A224F6E2074686520227D0A0A646174613A207B2274657874223A22636C6966662E227D0A0A646174613A205B444F4E455D0A0A');
INSERT INTO parts ("id", "codec", "size", "data") VALUES (40,19,44,X'3BAA346EDB244A959BA09192AC636F6E74656E742D74797065B06170706C69636174696F6E2F6A736F6E90909090900090A0C400');
INSERT INTO parts ("id", "codec", "size", "data") VALUES (41,19,13,X'9E140FDC9B6CBAAA7B226D6F64656C223A226D227D');
CREATE TABLE revisions (
            number INTEGER PRIMARY KEY,
            at_ms INTEGER NOT NULL,
            who TEXT NOT NULL,
            etag TEXT NOT NULL,
            kind TEXT NOT NULL,
            of INTEGER,
            summary TEXT NOT NULL,
            codec INTEGER NOT NULL,
            text BLOB NOT NULL
        );
INSERT INTO revisions ("number", "at_ms", "who", "etag", "kind", "of", "summary", "codec", "text") VALUES (1,1,'file','e1','edit',NULL,'',3,X'E81330667365616C65642074657874');
CREATE TABLE counters (name TEXT PRIMARY KEY, data BLOB NOT NULL);
INSERT INTO counters ("name", "data") VALUES ('key:ide',X'01636F756E746564');
CREATE TABLE spend (
        slot_ms INTEGER NOT NULL,
        provider TEXT NOT NULL,
        model TEXT NOT NULL,
        key TEXT NOT NULL,
        route TEXT NOT NULL,
        client TEXT NOT NULL,
        exchanges INTEGER NOT NULL,
        errors INTEGER NOT NULL,
        unpriced INTEGER NOT NULL,
        estimated INTEGER NOT NULL,
        cost_usd REAL NOT NULL,
        estimated_usd REAL NOT NULL,
        input_tokens INTEGER NOT NULL,
        output_tokens INTEGER NOT NULL,
        cache_read_tokens INTEGER NOT NULL,
        cache_write_tokens INTEGER NOT NULL,
        reasoning_tokens INTEGER NOT NULL,
        PRIMARY KEY (slot_ms, provider, model, key, route, client)
    ) WITHOUT ROWID
;
INSERT INTO spend ("slot_ms", "provider", "model", "key", "route", "client", "exchanges", "errors", "unpriced", "estimated", "cost_usd", "estimated_usd", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens") VALUES (1800000000000,'openai','gpt-4o-mini','','','curl',4,1,0,0,0.75,0.0,30,12,0,0,0);
CREATE TABLE replays (
            id TEXT PRIMARY KEY,
            created_ms INTEGER NOT NULL,
            data BLOB NOT NULL
        );
INSERT INTO replays ("id", "created_ms", "data") VALUES ('r-1',1,X'03312658947B226F66223A2261207265706C6179227D');
CREATE TABLE pieces (
            id INTEGER PRIMARY KEY,
            codec INTEGER NOT NULL,
            size INTEGER NOT NULL,
            data BLOB NOT NULL
        );
INSERT INTO pieces ("id", "codec", "size", "data") VALUES (8589934593,1,1000,X'28B52FFD64E802F50200D206151790A76DB58BC4C64B7F83DDFF89F8BE13A5119596E7BF728932206F4B9E7C5B9F84C5FABD4CCE1FFEC3BAE772888B4351F112EF19EB39E02B425B2B9C31017D3010E39BA08CDAF33D38A8A2F28ACAA81BCC420401002B5EAA0A5129AB7B04');
INSERT INTO pieces ("id", "codec", "size", "data") VALUES (8589934594,1,1000,X'28B52FFD64E802F50200D206151790A76DB58BC4C64B7F83DDFF89F8BE13B5F88BCAC9ED398932206F4B9E7C5B9F84C5FABD4CCE1FFEC3BAE772888B4351F112EF19EB39E02B425B2B9C31017D3010E39BA08CDAF33D38A8A2F28ACAA81BCC420401002B5EAA0A51E8065B3D');
INSERT INTO pieces ("id", "codec", "size", "data") VALUES (8589934595,1,1000,X'28B52FFD64E802F50200D206151790A76DB58BC4C64B7F83DDFF89F8BE13F5159596E7BF728932206F4B9E7C5B9F84C5FABD4CCE1FFEC3BAE772888B4351F112EF19EB39E02B425B2B9C31017D3010E39BA08CDAF33D38A8A2F28ACAA81BCC420401002B5EAA0A51B50FF9FF');
INSERT INTO pieces ("id", "codec", "size", "data") VALUES (8589934596,1,1000,X'28B52FFD64E802F50200D206151790A76DB58BC4C64B7F83DDFF89F8BE1305F18BCAC97D728932206F4B9E7C5B9F84C5FABD4CCE1FFEC3BAE772888B4351F112EF19EB39E02B425B2B9C31017D3010E39BA08CDAF33D38A8A2F28ACAA81BCC420401002B5EAA0A51D9681EBB');
INSERT INTO pieces ("id", "codec", "size", "data") VALUES (8589934597,1,1000,X'28B52FFD64E802F50200D206151790A76DB58BC4C64B7F83DDFF89F8BE13FD059596E7BF728932206F4B9E7C5B9F84C5FABD4CCE1FFEC3BAE772888B4351F112EF19EB39E02B425B2B9C31017D3010E39BA08CDAF33D38A8A2F28ACAA81BCC420401002B5EAA0A51EBD5611A');
INSERT INTO pieces ("id", "codec", "size", "data") VALUES (8589934598,1,1000,X'28B52FFD64E802F50200D206151790A76DB58BC4C64B7F83DDFF89F8BE1345F09796E7BF728932206F4B9E7C5B9F84C5FABD4CCE1FFEC3BAE772888B4351F112EF19EB39E02B425B2B9C31017D3010E39BA08CDAF33D38A8A2F28ACAA81BCC420401002B5EAA0A51CE475071');
INSERT INTO pieces ("id", "codec", "size", "data") VALUES (8589934599,1,1000,X'28B52FFD64E802F50200D206151790A76DB58BC4C64B7F83DDFF89F8BE13CD1D9596E7BF728932206F4B9E7C5B9F84C5FABD4CCE1FFEC3BAE772888B4351F112EF19EB39E02B425B2B9C31017D3010E39BA08CDAF33D38A8A2F28ACAA81BCC420401002B5EAA0A51D5EB0769');
CREATE TABLE generations (
            number INTEGER PRIMARY KEY,
            first_seq INTEGER NOT NULL,
            last_seq INTEGER NOT NULL,
            swept INTEGER NOT NULL
        );
INSERT INTO generations ("number", "first_seq", "last_seq", "swept") VALUES (2,3,4,0);
CREATE TABLE word_indexes (
            number INTEGER PRIMARY KEY,
            first_seq INTEGER NOT NULL,
            docs INTEGER NOT NULL,
            bytes INTEGER NOT NULL
        );
INSERT INTO word_indexes ("number", "first_seq", "docs", "bytes") VALUES (1,0,4,7094);
CREATE TABLE indexed (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL);
INSERT INTO indexed ("one", "seq") VALUES (1,5);
CREATE TABLE index_later (seq INTEGER PRIMARY KEY);
INSERT INTO index_later ("seq") VALUES (5);
CREATE TABLE blocks (
            number INTEGER PRIMARY KEY,
            first_ms INTEGER NOT NULL,
            last_ms INTEGER NOT NULL
        );
INSERT INTO blocks ("number", "first_ms", "last_ms") VALUES (7,1,2);
CREATE TABLE block_names (
            kind INTEGER NOT NULL,
            name TEXT NOT NULL,
            block INTEGER NOT NULL,
            PRIMARY KEY (kind, name, block)
        ) WITHOUT ROWID
        ;
INSERT INTO block_names ("kind", "name", "block") VALUES (0,'long gone',7);
CREATE VIRTUAL TABLE words_1 USING fts5(words, content='', detail=none, columnsize=0, tokenize='ascii');
DELETE FROM words_1_data;
INSERT INTO words_1_data ("id", "block") VALUES (1,X'048A72');
INSERT INTO words_1_data ("id", "block") VALUES (10,X'000000000101010001010101');
INSERT INTO words_1_data ("id", "block") VALUES (137438953473,X'000000F6023030030101310301013203010133030101340302016F0101010101013503010136040103616E64030102017403010105636C696666010201010464617461030102036F6E6503010302776E020101020375736B03010103677074010101010102697301020102027473030101066B6565706572030101046C616D700301020969676874686F75736501020103056D6974656402030174030101046D696E690101010101026F66030102016E010201010472617465020104736C6F77020104746578740301020268650102010108757073747265616D0201077765617468657203010204686572650102057269746573030104040404040407040407050A080707070907060A080E08050A0606070708070B0B07');
DELETE FROM words_1_idx;
INSERT INTO words_1_idx ("segid", "term", "pgno") VALUES (1,X'',2);
DELETE FROM words_1_config;
INSERT INTO words_1_config ("k", "v") VALUES ('version',4);
CREATE INDEX exchanges_by_time ON exchanges
        (started_ms, seq, cost_usd, cost_basis, input_tokens, output_tokens)
    ;
CREATE INDEX exchanges_by_session ON exchanges (session, started_ms) WHERE session <> '';
CREATE INDEX exchanges_failed ON exchanges (started_ms, seq) WHERE (error_type <> '' OR status >= 400);
CREATE INDEX exchanges_live ON exchanges (state) WHERE state IN ('queued', 'waiting', 'streaming');
CREATE INDEX exchanges_limited ON exchanges (started_ms, seq) WHERE limited_by <> '';
CREATE INDEX exchanges_replayed ON exchanges (replay, seq) WHERE replay <> '';
CREATE INDEX exchanges_again ON exchanges (parent, seq) WHERE parent <> '';
CREATE INDEX exchanges_annotated ON exchanges (started_ms, seq) WHERE (marked OR exported OR tags <> '' OR note <> '');
COMMIT;

-- The file as it was before bodies were shared, with three exchanges, a revision and a counter.
CREATE TABLE counters (name TEXT PRIMARY KEY, data BLOB NOT NULL);
INSERT INTO "counters" VALUES('key ide',X'01');
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
    , limited_by TEXT NOT NULL DEFAULT '', queued_us INTEGER);
INSERT INTO "exchanges" VALUES(1,'x000001',1800000000001,'finished',200,'','openai','gpt-4o','gpt-4o-mini','curl','','s-1','','openai.chat','POST','/v1/chat/completions',1,'sse',1,1000,2000,2000,84,119,3,10,4,NULL,NULL,NULL,'reported',0.25,'reported','','',0,0,'','',NULL);
INSERT INTO "exchanges" VALUES(2,'x000002',1800000000002,'finished',200,'','openai','gpt-4o','gpt-4o-mini','curl','','s-1','','openai.chat','POST','/v1/chat/completions',0,'',1,1000,2000,2000,10460,11,1,10,4,NULL,NULL,NULL,'reported',0.25,'reported','','',0,0,'','',NULL);
INSERT INTO "exchanges" VALUES(3,'x000003',1800000000003,'failed',429,'policy_rate_limited','openai','gpt-4o','gpt-4o-mini','curl','','','','openai.chat','POST','/v1/chat/completions',0,'',0,NULL,2000,0,13,0,0,NULL,NULL,NULL,NULL,NULL,'unknown',NULL,'unknown','','',0,0,'too many','key ide: requests_per_minute',7000);
CREATE TABLE migrations (name TEXT PRIMARY KEY);
INSERT INTO "migrations" VALUES('exchanges_and_parts');
INSERT INTO "migrations" VALUES('limits_of_exchanges');
INSERT INTO "migrations" VALUES('revisions_and_counters');
INSERT INTO "migrations" VALUES('spend_by_slot');
CREATE TABLE parts (
        id INTEGER PRIMARY KEY,
        codec INTEGER NOT NULL,
        size INTEGER NOT NULL,
        data BLOB NOT NULL
    );
INSERT INTO "parts" VALUES(8,1,163,X'28B52FFD20A39D040064089BA09192AC636F6E74656E742D74797065B06170706C69636174696F6E2F6A736F6E9090909182A870726F7669646572A66F70656E6169A375726CBD68747470733A2F2F782E746573742F76313F6B65793D2A2A2A26613D629182A46E616D65A4646F6E65A561745F7573CD07D00090A0C430340035000E00E803000A000A0000000000000005100083EF1878603D9C01');
INSERT INTO "parts" VALUES(9,0,84,X'7B226D6F64656C223A226770742D346F222C226D65737361676573223A5B7B22726F6C65223A2275736572222C22636F6E74656E74223A22576865726520697320746865206C69676874686F7573653F227D5D7D');
INSERT INTO "parts" VALUES(11,0,119,X'646174613A207B2263686F69636573223A5B7B2264656C7461223A7B22636F6E74656E74223A224F6E20746865227D7D5D7D0A0A646174613A207B2263686F69636573223A5B7B2264656C7461223A7B22636F6E74656E74223A2220636C6966662E227D7D5D7D0A0A646174613A205B444F4E455D0A0A');
INSERT INTO "parts" VALUES(16,0,131,X'9BA09192AC636F6E74656E742D74797065B06170706C69636174696F6E2F6A736F6E9090909182A870726F7669646572A66F70656E6169A375726CBD68747470733A2F2F782E746573742F76313F6B65793D2A2A2A26613D629182A46E616D65A4646F6E65A561745F7573CD07D00090A0C4100B00000000000000E803000000000000');
INSERT INTO "parts" VALUES(17,1,10460,X'28B52FFD60DC278D020012051117A0B539C8FDE78B0D5EF67FD2D9BCADEAA0C87CA9FF0508AD68BE1D7CAFDC91A766A5E08E4A64F4AAAF4AC3C4EB1A30FA28971981D69FA2FA64E21C84051CA3D14D26B3020083A8275764847906');
INSERT INTO "parts" VALUES(18,1,10465,X'28B52FFD60E127B502006245121880276E3C81B1E95064521A22CC2F2608BC99004A93110501AD68BF2E645FB9C01E9BB5843BBAE9F8D66C5DC0C757F2E0F84CBBCE083CE729CCA93E8E1429B20369C1393EA5597516020083A827D766847906');
INSERT INTO "parts" VALUES(19,0,11,X'7B226F6B223A747275657D');
INSERT INTO "parts" VALUES(24,0,44,X'9BA09192AC636F6E74656E742D74797065B06170706C69636174696F6E2F6A736F6E90909090900090A0C400');
INSERT INTO "parts" VALUES(25,0,13,X'7B226D6F64656C223A226D227D');
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
INSERT INTO "revisions" VALUES(1,1800000000000,'file','etag-1','loaded',NULL,'the first',0,X'70726F7669646572733A207B7D0A');
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
INSERT INTO "spend" VALUES(1800000000000,'openai','gpt-4o-mini','','','curl',3,1,0,0,0.5,0.0,20,8,0,0,0);
CREATE INDEX exchanges_by_time ON exchanges
        (started_ms, seq, cost_usd, cost_basis, input_tokens, output_tokens)
    ;
CREATE INDEX exchanges_by_session ON exchanges (session, started_ms) WHERE session <> '';
CREATE INDEX exchanges_failed ON exchanges (started_ms, seq) WHERE (error_type <> '' OR status >= 400);
CREATE INDEX exchanges_live ON exchanges (state) WHERE state IN ('queued', 'waiting', 'streaming');
CREATE INDEX exchanges_limited ON exchanges (started_ms, seq) WHERE limited_by <> '';

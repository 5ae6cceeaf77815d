"""Conditions that an index is made on: a query uses it when it repeats them word for word."""

FAILED = "(error_type <> '' OR status >= 400)"
WITH_SESSION = "session <> ''"
IS_LIVE = "state IN ('queued', 'waiting', 'streaming')"
WAS_LIMITED = "limited_by <> ''"
IS_REPLAY = "replay <> ''"
IS_ANNOTATED = "(marked OR exported OR tags <> '' OR note <> '')"
IS_KEPT = "(marked OR exported)"

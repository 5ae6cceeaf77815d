"""What each type of error means and what to do about it."""

from typing import Final, NamedTuple


class Meaning(NamedTuple):
    """In a person's words."""

    what: str
    do: str


MEANINGS: Final[dict[str, Meaning]] = {
    "caller_invalid_request": Meaning(
        "The gateway could not read the request.",
        "Look at the Request tab; the message names the field.",
    ),
    "caller_too_large": Meaning(
        "The request body is over the gateway's limit.",
        "Send less, or raise server.max_body_mb in config.yaml.",
    ),
    "caller_auth": Meaning(
        "The caller sent no key that is configured here.",
        "Give the client one of the keys of `keys:` in config.yaml.",
    ),
    "caller_model_unknown": Meaning(
        "No route and no provider knows this model.",
        "Ask for a name of the list, or add a route or a `models:` entry; "
        "`llmgate check --route MODEL` explains the choice.",
    ),
    "caller_path_unknown": Meaning(
        "The gateway does not serve this path.",
        "Check the client's base URL: most want it to end in /v1, Anthropic's clients do not.",
    ),
    "caller_upgrade": Meaning(
        "The client asked for a websocket; only HTTP is served.",
        "Nothing: clients fall back to HTTP by themselves.",
    ),
    "caller_cancelled": Meaning(
        "The caller left before the answer was complete; the provider was told to stop.",
        "Nothing if a person stopped it; else raise the client's timeout.",
    ),
    "policy_origin": Meaning(
        "A web page, or a host name that is not ours, asked.",
        "If you trust it, add it to server.cors_origins or server.allowed_hosts.",
    ),
    "policy_model_blocked": Meaning(
        "The caller's key may not use this model.",
        "Use another key, or add the model to the key's `models:`.",
    ),
    "policy_rate_limited": Meaning(
        "A limit of ours, not the provider's, is used up.",
        "Wait for the time named, or raise it on the Keys screen (4): e edits the limits.",
    ),
    "policy_budget": Meaning(
        "A budget of ours is spent: the money of this day or month.",
        "Raise budget_usd_per_day or budget_usd_per_month on the Keys screen (4), or let it "
        "only warn (on_budget: warn); else it begins anew at midnight or with the month.",
    ),
    "policy_queue_full": Meaning(
        "As many requests as may run at once were running, and the queue was full or the wait "
        "too long.",
        "Send fewer at once, or raise concurrency, queue or queue_wait_s on the Keys screen (4).",
    ),
    "policy_too_large": Meaning(
        "The body is larger than a limit of ours lets through to this key, provider or model.",
        "Send less, or raise max_request_bytes on the Keys screen (4).",
    ),
    "policy_cancelled": Meaning(
        "Somebody ended this request from a terminal (X) or over the control API.",
        "Nothing; send it again if that was not meant.",
    ),
    "gateway_untranslated": Meaning(
        "Caller and provider speak different protocols, and this pair is not translated.",
        "Route the model to a provider that speaks the caller's protocol.",
    ),
    "gateway_internal": Meaning(
        "A mistake of the gateway itself.",
        "The log has the details; please report it.",
    ),
    "upstream_unreachable": Meaning(
        "No connection to the provider: refused, no such host, or TLS failed.",
        "Check base_url and the network, and tls.ca_bundle behind a company proxy.",
    ),
    "upstream_timeout": Meaning(
        "The provider was silent for longer than its timeout allows.",
        "Try again, or raise the provider's timeout (connect_s, first_byte_s, idle_s).",
    ),
    "upstream_cut": Meaning(
        "The provider's connection ended before its answer did. The text is incomplete.",
        "Send it again; if it repeats, look at the last events for where it stops.",
    ),
    "upstream_invalid": Meaning(
        "The provider's answer is not HTTP, or not what its headers say.",
        "Check base_url: something else may answer there.",
    ),
    "upstream_bad_request": Meaning(
        "The provider refused the request as invalid.",
        "Its message, on the Answer tab, names the field; compare with the Request tab.",
    ),
    "upstream_auth": Meaning(
        "The provider did not accept our key for this.",
        "Check the provider's api_key in config.yaml and what the key may use.",
    ),
    "upstream_billing": Meaning(
        "The provider wants to be paid: no credit, or a quota is used up.",
        "Look at the account with the provider, or route elsewhere.",
    ),
    "upstream_not_found": Meaning(
        "The provider does not know this model or path.",
        "Check the model name on the Attempts tab and the provider's `models:` entry.",
    ),
    "upstream_rate_limited": Meaning(
        "The provider's limit, not ours.",
        "Wait for the retry-after time, add another key, or a second provider to the route.",
    ),
    "upstream_overloaded": Meaning(
        "The provider is overloaded.",
        "Try again later, or add a second provider to the route.",
    ),
    "upstream_server_error": Meaning(
        "The provider failed while answering.",
        "Try again; its message is on the Answer tab.",
    ),
    "upstream_stream_error": Meaning(
        "The provider reported an error in the middle of its answer. The text is incomplete.",
        "Send it again; the last event has the provider's words.",
    ),
}
_UNKNOWN: Final = Meaning("This version of the terminal does not know this kind of error.", "")


def meaning(error_type: str) -> Meaning:
    """What an error type stands for."""
    return MEANINGS.get(error_type, _UNKNOWN)

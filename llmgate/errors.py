"""Everything that can go wrong, as one small tree.

    LlmgateError
    ├── ConfigProblem            a line of config.yaml (or .env) that cannot be used
    ├── StartupProblem           `llmgate` cannot start: one line, exit code 2
    ├── Misuse                   a command is asked for what makes no sense: exit code 2
    └── CallError                answered to a caller, in the shape of the caller's protocol
        ├── BadRequest      400  caller_invalid_request
        ├── BodyTooLarge    413  caller_too_large
        ├── InvalidKey      401  caller_auth
        ├── OriginRefused   403  policy_origin
        ├── ModelNotAllowed 403  policy_model_blocked
        ├── ModelNotFound   404  caller_model_unknown
        ├── PathNotFound    404  caller_path_unknown
        ├── UpgradeRequired 426  caller_upgrade
        ├── LimitReached    429  policy_rate_limited
        │   ├── BudgetSpent 429  policy_budget
        │   └── QueueFull   429  policy_queue_full
        ├── RequestTooLarge 413  policy_too_large
        ├── Cancelled       503  policy_cancelled
        ├── NotTranslated   501  gateway_untranslated
        ├── GatewayFault    500  gateway_internal
        └── UpstreamFault        what happened between the gateway and a provider
            ├── UpstreamUnreachable 502  upstream_unreachable
            ├── UpstreamTimeout     504  upstream_timeout
            ├── UpstreamCut         502  upstream_cut
            └── UpstreamInvalid     502  upstream_invalid

Each class of ``CallError`` carries its HTTP ``status`` and an ``error_type``: the closed set used
as metric label, in the store and in the terminal, so that a limit of ours and a limit of a provider
are never the same word.
"""

from typing import ClassVar, Final, Literal

ErrorType = Literal[
    "caller_invalid_request",
    "caller_too_large",
    "caller_auth",
    "caller_model_unknown",
    "caller_path_unknown",
    "caller_upgrade",
    "caller_cancelled",
    "policy_origin",
    "policy_model_blocked",
    "policy_rate_limited",
    "policy_budget",
    "policy_queue_full",
    "policy_too_large",
    "policy_cancelled",
    "gateway_untranslated",
    "gateway_internal",
    "upstream_unreachable",
    "upstream_timeout",
    "upstream_cut",
    "upstream_invalid",
    "upstream_bad_request",
    "upstream_auth",
    "upstream_billing",
    "upstream_not_found",
    "upstream_rate_limited",
    "upstream_overloaded",
    "upstream_server_error",
    "upstream_stream_error",
]

_BY_STATUS: Final[dict[int, ErrorType]] = {
    400: "upstream_bad_request",
    401: "upstream_auth",
    402: "upstream_billing",
    403: "upstream_auth",
    404: "upstream_not_found",
    408: "upstream_timeout",
    413: "upstream_bad_request",
    422: "upstream_bad_request",
    429: "upstream_rate_limited",
    503: "upstream_overloaded",
    504: "upstream_timeout",
    529: "upstream_overloaded",
}


def upstream_error_type(status: int) -> ErrorType:
    """Names the kind of failure that a provider's HTTP status (400 and above) stands for."""
    return _BY_STATUS.get(
        status, "upstream_server_error" if status >= 500 else "upstream_bad_request"
    )


class LlmgateError(Exception):
    """The root: a message a person can act on."""


class ConfigProblem(LlmgateError):
    """A configuration that cannot be used; ``line`` and ``column`` count from 1, 0 when unknown."""

    def __init__(
        self,
        message: str,
        *,
        file: str = "config.yaml",
        line: int = 0,
        column: int = 0,
        path: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.file = file
        self.line = line
        self.column = column
        self.path = path
        self.others: tuple[ConfigProblem, ...] = ()  # found in the same reading

    def __str__(self) -> str:
        place = f"{self.file}, line {self.line}" if self.line else self.file
        return f"{self.message} ({place})"


class StartupProblem(LlmgateError):
    """`llmgate` cannot start: says what and what to do, in one line; the process exits with 2."""


class Misuse(LlmgateError):
    """A command is asked for what makes no sense (an option, an id, a file): the process exits with
    2, as for an option that it does not know.
    """


class CallError(LlmgateError):
    """Ends a call with ``status`` and a message; the format package gives it its protocol's shape.

    ``hints`` go into the log and the terminal, not to the caller. ``retry_after_s`` becomes a
    header.
    """

    status: ClassVar[int] = 500
    error_type: ClassVar[ErrorType] = "gateway_internal"

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after_s = retry_after_s


class BadRequest(CallError):
    """The request cannot be read."""

    status = 400
    error_type: ClassVar[ErrorType] = "caller_invalid_request"


class BodyTooLarge(CallError):
    """The body is over ``server.max_body_mb``."""

    status = 413
    error_type: ClassVar[ErrorType] = "caller_too_large"


class InvalidKey(CallError):
    """No configured key matches the caller's credential."""

    status = 401
    error_type: ClassVar[ErrorType] = "caller_auth"


class OriginRefused(CallError):
    """A web page or a rebound host name asked."""

    status = 403
    error_type: ClassVar[ErrorType] = "policy_origin"


class ModelNotAllowed(CallError):
    """The caller's key may not use this model."""

    status = 403
    error_type: ClassVar[ErrorType] = "policy_model_blocked"


class ModelNotFound(CallError):
    """No route and no provider knows the model."""

    status = 404
    error_type: ClassVar[ErrorType] = "caller_model_unknown"


class PathNotFound(CallError):
    """The gateway does not serve this path."""

    status = 404
    error_type: ClassVar[ErrorType] = "caller_path_unknown"


class UpgradeRequired(CallError):
    """A websocket was asked for where only HTTP is served (clients fall back at once on 426)."""

    status = 426
    error_type: ClassVar[ErrorType] = "caller_upgrade"


class LimitReached(CallError):
    """A limit of ours; ``limit`` names it (``key ide: requests_per_minute``), ``retry_after_s``
    says when it would fit, None that waiting does not help. ``headers`` tell the caller what is
    left.
    """

    status = 429
    error_type: ClassVar[ErrorType] = "policy_rate_limited"

    def __init__(
        self,
        message: str,
        *,
        retry_after_s: float | None,
        limit: str,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(message, retry_after_s=retry_after_s)
        self.limit = limit
        self.headers = headers


class BudgetSpent(LimitReached):
    """The money of a day or a month is spent."""

    error_type: ClassVar[ErrorType] = "policy_budget"


class QueueFull(LimitReached):
    """As many requests as may run are running, and as many as may wait are waiting; or the wait was
    too long.
    """

    error_type: ClassVar[ErrorType] = "policy_queue_full"


class RequestTooLarge(CallError):
    """The body is larger than a key, a provider or a model takes."""

    status = 413
    error_type: ClassVar[ErrorType] = "policy_too_large"

    def __init__(self, message: str, *, limit: str) -> None:
        super().__init__(message)
        self.limit = limit


class Cancelled(CallError):
    """Somebody ended a live request from the terminal or over the control API."""

    status = 503
    error_type: ClassVar[ErrorType] = "policy_cancelled"


class NotTranslated(CallError):
    """Caller and provider speak different protocols."""

    status = 501
    error_type: ClassVar[ErrorType] = "gateway_untranslated"


class GatewayFault(CallError):
    """A mistake of ours."""

    status = 500
    error_type: ClassVar[ErrorType] = "gateway_internal"


class UpstreamFault(CallError):
    """Something failed between the gateway and a provider."""

    status = 502
    error_type: ClassVar[ErrorType] = "upstream_server_error"


class UpstreamUnreachable(UpstreamFault):
    """No connection: refused, no such host, TLS failure."""

    status = 502
    error_type: ClassVar[ErrorType] = "upstream_unreachable"


class UpstreamTimeout(UpstreamFault):
    """The provider was silent for too long; ``phase`` is connect, first_byte or idle."""

    status = 504
    error_type: ClassVar[ErrorType] = "upstream_timeout"

    def __init__(self, message: str, *, phase: Literal["connect", "first_byte", "idle"]) -> None:
        super().__init__(message)
        self.phase = phase


class UpstreamCut(UpstreamFault):
    """The connection ended before the answer did."""

    status = 502
    error_type: ClassVar[ErrorType] = "upstream_cut"


class UpstreamInvalid(UpstreamFault):
    """The provider's answer is not HTTP, or not what its headers say."""

    status = 502
    error_type: ClassVar[ErrorType] = "upstream_invalid"

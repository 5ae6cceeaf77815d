"""Decoding what servers really send: typed and fast where it fits, else field by field."""

import types
from typing import Any, Final, TypeVar, get_args, get_origin

import msgspec

from llmgate.formats.surrogates import mend

T = TypeVar("T")

_UNFIT: Final = object()


def decode(decoder: msgspec.json.Decoder[T], data: bytes) -> T | None:
    """Decodes; a field of an unexpected type keeps its default. None for what is no JSON object."""
    try:
        return decoder.decode(data)
    except msgspec.ValidationError:
        return _soft(decoder, data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        mended = mend(data)
        return None if mended is None else decode(decoder, mended)
    except RecursionError:
        return None


def plain(data: bytes) -> Any:
    """Decodes to dicts and lists; None when it is not JSON."""
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        mended = mend(data)
        return None if mended is None else plain(mended)
    except RecursionError:
        return None


def _soft(decoder: msgspec.json.Decoder[T], data: bytes) -> T | None:
    value = plain(data)
    fitted: Any = _fit(value, decoder.type) if isinstance(value, dict) else _UNFIT
    return None if fitted is _UNFIT else fitted


def _fit(value: Any, wanted: Any) -> Any:
    if wanted is msgspec.Raw:
        return msgspec.Raw(msgspec.json.encode(value))
    if isinstance(wanted, type) and issubclass(wanted, msgspec.Struct):
        return _fit_struct(value, wanted)
    if isinstance(wanted, types.UnionType):
        return next((v for a in get_args(wanted) if (v := _fit(value, a)) is not _UNFIT), _UNFIT)
    if get_origin(wanted) is list:
        return _fit_list(value, get_args(wanted)[0])
    try:
        return msgspec.convert(value, wanted, strict=False)
    except msgspec.ValidationError:
        return _UNFIT


def _fit_struct(value: Any, wanted: type[msgspec.Struct]) -> Any:
    if not isinstance(value, dict):
        return _UNFIT
    fitted = {
        field.name: fit
        for field in msgspec.structs.fields(wanted)
        if field.encode_name in value
        and (fit := _fit(value[field.encode_name], field.type)) is not _UNFIT
    }
    return wanted(**fitted)


def _fit_list(value: Any, wanted: Any) -> Any:
    if not isinstance(value, list):
        return _UNFIT
    return [fit for item in value if (fit := _fit(item, wanted)) is not _UNFIT]

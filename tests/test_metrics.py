"""What `/metrics` says after exchanges have ended."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from llmgate.exchange import Exchange
from llmgate.metrics import Metrics, Spread, Tally
from llmgate.wire.blocks import Usage
from llmgate.wire.gateway import Recording


def metrics(recording: Recording | None = None) -> Metrics:
    return Metrics(lambda: recording or Recording(), lambda: 3)


def ended(**fields: object) -> Exchange:
    """A streamed exchange that went well, but for ``fields``."""
    one = Exchange(
        id="x",
        started_ms=0,
        started_ns=0,
        method="POST",
        path="/v1/chat/completions",
        query="",
        protocol="openai.chat",
    )
    one.provider, one.served, one.model, one.route, one.client = "up", "m-2", "m", "fast", "curl"
    one.state, one.status, one.stream = "finished", 200, True
    one.ttfb_us, one.done_us, one.upstream_us = 200_000, 1_000_000, 999_700
    for at_us in (200_000, 210_000, 300_000):
        one.chunk(b"x", at_us)
    one.usage = Usage(input_tokens=10, output_tokens=4, cache_read_tokens=6)
    one.usage_basis, one.cost_usd, one.cost_basis = "reported", 0.25, "reported"
    for name, value in fields.items():
        setattr(one, name, value)
    return one


def page(metrics: Metrics) -> dict[str, float]:
    """Every sample of the page: ``name{label="value",...}`` with its value."""
    return {
        sample.name + "".join(f" {k}={v}" for k, v in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
    }


def after(*exchanges: Exchange, asked: bool = True) -> dict[str, float]:
    """The page after these exchanges."""
    kept = metrics()
    for one in exchanges:
        if asked:
            kept.begun(one)
        kept.ended(one, asked=asked)
    return page(kept)


def test_a_finished_exchange_is_counted_with_its_labels() -> None:
    samples = after(ended(), ended())
    labels = "client=curl model=m-2 protocol=openai.chat provider=up route=fast"

    assert samples[f"llmgate_requests_total {labels} state=finished status=200"] == 2
    assert samples["llmgate_in_flight"] == 0
    assert samples["llmgate_config_version"] == 3
    assert not any(name.startswith("llmgate_errors_total") for name in samples)


def test_times_are_in_seconds_and_in_the_right_buckets() -> None:
    samples = after(ended())

    assert samples["llmgate_request_duration_seconds_sum protocol=openai.chat provider=up"] == 1.0
    assert samples["llmgate_time_to_first_byte_seconds_sum model=m-2 provider=up"] == 0.2
    assert samples["llmgate_time_to_first_byte_seconds_bucket le=0.1 model=m-2 provider=up"] == 0
    assert samples["llmgate_time_to_first_byte_seconds_bucket le=0.25 model=m-2 provider=up"] == 1
    assert samples["llmgate_overhead_seconds_sum protocol=openai.chat"] == pytest.approx(0.0003)
    assert samples["llmgate_inter_chunk_gap_seconds_count provider=up"] == 2
    assert samples["llmgate_inter_chunk_gap_seconds_sum provider=up"] == pytest.approx(0.1)
    assert samples["llmgate_inter_chunk_gap_seconds_bucket le=+Inf provider=up"] == 2


def test_tokens_and_money_say_how_sure_they_are() -> None:
    samples = after(ended(), ended(usage_basis="estimated", cost_basis="estimated"))
    labels = "model=m-2 provider=up"

    assert samples[f"llmgate_tokens_total basis=reported {labels} type=input"] == 10
    assert samples[f"llmgate_tokens_total basis=estimated {labels} type=cache_read"] == 6
    assert samples[f"llmgate_cost_usd_total basis=reported {labels}"] == 0.25
    assert not any("type=reasoning" in name for name in samples)


def test_what_has_no_price_is_counted_as_unpriced_and_never_as_free() -> None:
    samples = after(ended(cost_usd=None, cost_basis="unknown"), ended(usage_basis="unknown"))

    assert samples["llmgate_unpriced_requests_total model=m-2 provider=up"] == 1
    assert not any(name.startswith("llmgate_cost_usd_total") for name in samples)


def test_a_failure_is_counted_by_its_type() -> None:
    samples = after(ended(state="failed", status=504, error_type="upstream_timeout"))

    assert samples["llmgate_errors_total error_type=upstream_timeout provider=up"] == 1


def test_what_was_refused_reached_nobody_and_has_no_times() -> None:
    refused = ended(state="failed", status=429, error_type="policy_rate_limited", key="ide")
    refused.limited_by = "key ide: requests_per_day"
    refused.provider = refused.served = ""
    samples = after(refused, asked=False)
    labels = "limit=requests_per_day name=ide scope=key"

    assert samples[f"llmgate_limit_refusals_total {labels}"] == 1
    assert samples["llmgate_in_flight"] == 0
    assert not any("duration_seconds_" in name for name in samples)
    assert not any("model=m" in name for name in samples)


def test_the_store_and_the_reloads_are_on_the_page() -> None:
    recording = Recording(
        state="stopped", queued=4, size_bytes=9, dropped_bodies=2, dropped_exchanges=1
    )
    kept = metrics(recording)
    kept.reloads.add(("accepted",))
    kept.begun(ended())
    samples = page(kept)

    assert samples["llmgate_store_recording"] == 0
    assert samples["llmgate_store_queue"] == 4
    assert samples["llmgate_store_dropped_total what=exchanges"] == 1
    assert samples["llmgate_config_reloads_total result=accepted"] == 1
    assert samples["llmgate_in_flight"] == 1


def test_a_caller_that_makes_up_models_does_not_grow_the_page_without_end() -> None:
    tally, spread = Tally("t", "", ["a", "b"]), Spread("s", "", ["a"], (1.0,))
    for n in range(5_000):
        tally.add((str(n), "x"))
        spread.observe((str(n),), 0.5)
    tally.add(("7", "x"))

    assert len(tally.values) == 2_001
    assert tally.values["other", "other"] == 3_000
    assert tally.values["7", "x"] == 2
    assert len(spread.family().samples) == 2_001 * 4


def test_hostile_labels_stay_inside_their_quotes() -> None:
    samples = after(ended(served='m"} 1\nllmgate_up 1 \\', client="a\x00b"))

    assert sum("llmgate_requests_total" in name for name in samples) == 1
    assert "llmgate_up" not in samples

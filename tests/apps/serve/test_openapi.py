"""The service against its own OpenAPI description: requests made from it, good and bad, find nothing undescribed."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    schemathesis = pytest.importorskip("schemathesis")
from hypothesis import HealthCheck, Phase, given, settings

schemathesis.checks.load_all_checks()
CHECKS = schemathesis.checks.CHECKS.get_by_names(
    ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance"]
)
ROUTES = [("/compress", "POST"), ("/decompress", "POST"), ("/inspect", "POST"), ("/preview", "POST"),
          ("/restore", "POST"), ("/codecs", "GET"), ("/health", "GET")]  # fmt: skip


@pytest.mark.filterwarnings("ignore")  # of schemathesis and what it stands on
@pytest.mark.parametrize("mode", ["positive", "negative"])
@pytest.mark.parametrize(("path", "method"), ROUTES)
def test_generated_requests(address: str, path: str, method: str, mode: str) -> None:
    schema = schemathesis.openapi.from_url(f"{address}/openapi.json")
    operation = schema[path][method]
    if mode == "negative" and method == "GET":
        pytest.skip("takes no parameters")
    seen: set[int] = set()

    @given(case=operation.as_strategy(generation_mode=schemathesis.GenerationMode(mode)))
    @settings(
        max_examples=40,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def check(case: schemathesis.Case) -> None:
        answer = case.call()
        seen.add(answer.status_code)
        case.validate_response(answer, checks=CHECKS)

    check()
    assert seen


def test_the_service_still_works(client: Any, crop_lpx: bytes) -> None:
    assert client.post("/decompress", content=crop_lpx).status_code == 200

"""Whatever the OpenAPI file allows or forbids, no call makes the server fail, and every reply is one that the file names."""

from __future__ import annotations

import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from agent.faces.web.access import Service
from agent.faces.web.app import create

CHECKS = [not_a_server_error, status_code_conformance, response_schema_conformance]
EXAMPLES = 12  # of each operation; benchmarks name the command for more


def test_no_call_that_can_be_made_up_fails(service: Service) -> None:
    schema = schemathesis.openapi.from_asgi("/openapi.json", create(service), base_url="http://127.0.0.1")
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) >= 10
    for operation in operations:

        @settings(
            max_examples=EXAMPLES, database=None, deadline=None, derandomize=True,
            phases=(Phase.generate,), suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        def called(case: schemathesis.Case) -> None:
            case.call_and_validate(checks=CHECKS)

        from hypothesis import given

        given(case=operation.as_strategy())(called)()

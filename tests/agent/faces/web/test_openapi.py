"""Whatever the OpenAPI file allows or forbids, no call makes the server fail, and every reply is one that the file names.

Longer: schemathesis run http://127.0.0.1:8000/openapi.json --checks not_a_server_error (against a started server).
"""

from __future__ import annotations

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation.modes import GenerationMode
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from tests.agent.faces.web.conftest import Listening

CHECKS = [not_a_server_error, status_code_conformance, response_schema_conformance]
EXAMPLES = 10  # of each operation in each mode
FEW = settings(
    max_examples=EXAMPLES,
    database=None,
    deadline=None,
    derandomize=True,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)


def test_no_call_that_can_be_made_up_fails(server: Listening) -> None:
    schema = schemathesis.openapi.from_url(f"{server.url}/openapi.json")
    called: dict[str, set[int]] = {}

    def call(case: schemathesis.Case) -> None:
        reply = case.call_and_validate(checks=CHECKS)
        called.setdefault(case.operation.label, set()).add(reply.status_code)

    for operation in [found.ok() for found in schema.get_all_operations()]:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            if mode is GenerationMode.POSITIVE or operation.body:
                FEW(given(case=operation.as_strategy(generation_mode=mode))(call))()
    assert len(called) >= 11 and 200 in called["POST /ask"] and 422 in called["POST /ask"], called

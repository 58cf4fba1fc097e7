"""The command itself: it starts on this machine's own address only, answers with the model that ships, and ends in order."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import openai
import pytest

ROOT = Path(__file__).resolve().parents[4]


def command(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "agent", "serve", *arguments],
        cwd=ROOT,
        text=True,
        stderr=subprocess.PIPE,
        env={**os.environ, **environment},
    )


@pytest.mark.parametrize(
    "arguments,environment,reason",
    [
        (("--host", "0.0.0.0"), {"CAIBAO_API_KEYS": ""}, "CAIBAO_API_KEYS"),
        ((), {"CAIBAO_API_KEYS": "short"}, "至少16"),
        (("--host", "192.0.2.1"), {"CAIBAO_API_KEYS": "anna:anna-key-0123456789"}, "192.0.2.1"),
        (("--port", "70000"), {"CAIBAO_API_KEYS": ""}, "70000"),
    ],
)
def test_what_cannot_be_served_is_one_sentence(
    tmp_path: Path, arguments: tuple[str, ...], environment: dict[str, str], reason: str
) -> None:
    with command(*arguments, "--folder", str(tmp_path), **environment) as started:
        _, said = started.communicate(timeout=300)
    assert started.returncode == 1 and reason in said and "Traceback" not in said


@pytest.mark.slow
def test_it_answers_with_the_model_that_ships_and_finishes_when_it_is_told_to_stop(tmp_path: Path) -> None:
    with command("--port", "0", "--folder", str(tmp_path), CAIBAO_API_KEYS="") as started:
        assert started.stderr is not None
        url = ""
        while not url:
            line = started.stderr.readline()
            assert line, "it did not start"
            url = (re.search(r"http://\S+?:\d+", line) or [""])[0]
        client = openai.OpenAI(base_url=f"{url}/v1", api_key="none")
        asked = [{"role": "user", "content": "2020年净利润最高的公司是哪家？"}]
        stream = client.chat.completions.create(model="caibao", messages=asked, stream=True)  # type: ignore[call-overload]
        os.kill(started.pid, signal.SIGTERM)  # what runs is finished
        answer = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
        assert "净利润" in answer and "元" in answer
        client.close()
        assert started.wait(60) in (0, -signal.SIGTERM)

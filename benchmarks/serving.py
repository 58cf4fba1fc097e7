"""How many questions a second the server answers with many clients, beside batch mode, and whether any two answers were mixed up.

    python -m benchmarks.serving data/test_questions.json --count 400 --clients 32

The answers of batch mode are the reference: every client compares what it is told with them. CPU seconds are told beside wall
seconds, since on a shared machine the latter say little.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx


def _cpu_and_memory(pid: int) -> tuple[float, int]:
    """CPU seconds so far, and MB in memory, of a process (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    ticks = int(fields[11]) + int(fields[12])
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return ticks / os.sysconf("SC_CLK_TCK"), pages * os.sysconf("SC_PAGE_SIZE") >> 20


def _batch(questions: list[dict], folder: Path) -> tuple[list[str], float, float]:
    """The answers of batch mode, its wall and its CPU seconds, both without the start."""
    from agent import building
    from agent.faces import batch

    source_path = folder / "questions.jsonl"
    source_path.write_text("".join(json.dumps(q, ensure_ascii=False) + "\n" for q in questions), encoding="utf-8")
    pipeline = building.build(building.Options())
    pipeline.ask(questions[0]["question"])  # what is loaded at the first question
    wall, cpu = time.monotonic(), time.process_time()
    batch.run(pipeline, batch.read_questions(source_path), folder / "answers.jsonl")
    wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    rows = (folder / "answers.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(row)["answer"] for row in rows], wall, cpu


async def _asked(url: str, questions: list[dict], clients: int) -> tuple[list[str], list[float]]:
    """The answers of the server in the order of the questions, and the seconds that each took."""
    answers, seconds = [""] * len(questions), [0.0] * len(questions)
    left = iter(range(len(questions)))

    async def client() -> None:
        async with httpx.AsyncClient(timeout=600) as http:
            for at in left:
                begun = time.monotonic()
                said = await http.post(f"{url}/ask", json={"question": questions[at]["question"]})
                answers[at], seconds[at] = said.json().get("answer", said.text), time.monotonic() - begun

    await asyncio.gather(*(client() for _ in range(clients)))
    return answers, seconds


def _server(folder: Path) -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, "-m", "agent", "serve", "--port", "0", "--folder", str(folder), "--rate", "1000000"]
    started = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert started.stderr is not None
    for line in started.stderr:
        if found := re.search(r"http://\S+?:\d+", line):
            return started, found[0]
    raise SystemExit("the server did not start")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--times", type=int, default=1, help="how often the server is asked all of them (memory)")
    options = parser.parse_args()
    questions = json.loads(options.questions.read_text(encoding="utf-8"))[: options.count]
    with tempfile.TemporaryDirectory() as kept:
        folder = Path(kept)
        reference, wall, cpu = _batch(questions, folder)
        print(f"batch: {len(questions) / wall:.1f} questions/s, {1000 * cpu / len(questions):.1f} ms CPU each")
        server, url = _server(folder / "web")
        try:
            asyncio.run(_asked(url, questions[:1], 1))
            for turn in range(options.times):
                before, begun = _cpu_and_memory(server.pid)[0], time.monotonic()
                answers, seconds = asyncio.run(_asked(url, questions, options.clients))
                taken = time.monotonic() - begun
                after, memory = _cpu_and_memory(server.pid)
                mixed = sum(a != b for a, b in zip(answers, reference))
                ranked = sorted(seconds)
                print(
                    f"serve {turn + 1}: {len(questions) / taken:.1f} questions/s ({wall / taken:.2f} of batch), "
                    f"{1000 * (after - before) / len(questions):.1f} ms CPU each ({cpu / (after - before):.2f} of batch), "
                    f"p50 {ranked[len(ranked) // 2]:.2f} s, p95 {ranked[int(len(ranked) * 0.95)]:.2f} s, "
                    f"other than batch's: {mixed}, memory {memory} MB",
                    flush=True,
                )
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(60)


if __name__ == "__main__":
    main()

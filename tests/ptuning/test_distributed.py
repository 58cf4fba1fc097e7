"""Real processes: two that train together over gloo, and one that is killed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

ROOT = Path(__file__).resolve().parents[2]
QUESTIONS = ["什么是净利润？", "甲公司的净利润是多少元？", "乙公司有多少硕士？", "甲公司2020年的营业收入和净利润分别是多少元？"]


@pytest.fixture
def command(tmp_path, tiny_base_folder):
    """The words that train a small task; `launcher` goes before them."""
    rows = [{"question_prompt": QUESTIONS[i % 4] + "。" * (i % 5), "query": "FCBC"[i % 4]} for i in range(48)]
    (tmp_path / "rows.json").write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")

    def words(output, *arguments, launcher=(sys.executable,)):
        return [
            *launcher, "-m", "ptuning.main", "--do_train", "--model_name_or_path", str(tiny_base_folder), "--use_cpu",
            "--train_file", str(tmp_path / "rows.json"), "--output_dir", str(tmp_path / output), "--pre_seq_len", "4",
            "--max_target_length", "4", "--logging_steps", "1", "--seed", "3", *map(str, arguments),
        ]  # fmt: skip

    return words


ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}  # sums depend on how many threads share them


def run(words):
    done = subprocess.run(words, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr


def losses(folder):
    state = json.loads((folder / "trainer_state.json").read_text(encoding="utf-8"))
    return [entry["loss"] for entry in state["log_history"] if "loss" in entry]


def test_two_processes_train_as_one_with_the_same_global_batch(command, tmp_path):
    torchrun = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2")
    settings = ("--max_steps", 6, "--save_strategy", "no", "--learning_rate", 0.05)
    run(command("one", "--per_device_train_batch_size", 8, *settings))
    run(command("two", "--per_device_train_batch_size", 4, "--ddp_backend", "gloo", *settings, launcher=torchrun))
    assert losses(tmp_path / "two") == pytest.approx(losses(tmp_path / "one"), rel=1e-4)
    one, two = (load_file(tmp_path / name / "prefix_encoder.safetensors")["embedding.weight"] for name in ("one", "two"))
    assert torch.allclose(one, two, atol=1e-4)


def test_a_run_killed_by_sigkill_goes_on_to_the_same_prefix(command, tmp_path):
    settings = ("--per_device_train_batch_size", 4, "--max_steps", 60, "--save_steps", 6, "--resume_from_checkpoint", "auto")
    run(command("straight", *settings))
    words = command("killed", *settings)
    started = subprocess.Popen(words, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 120
    while not any((tmp_path / "killed").glob("checkpoint-*")) and time.monotonic() < until:
        time.sleep(0.01)
    started.send_signal(signal.SIGKILL)
    assert started.wait() == -signal.SIGKILL, "it ended before it was killed"
    assert not (tmp_path / "killed" / "prefix_encoder.safetensors").exists()
    run(command("killed", *settings))
    assert len(losses(tmp_path / "killed")) == 60
    whole, resumed = ((tmp_path / name / "prefix_encoder.safetensors").read_bytes() for name in ("straight", "killed"))
    assert whole == resumed

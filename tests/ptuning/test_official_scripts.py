"""The argument lists of ChatGLM2's ptuning folder and of the three-task tutorial, run on a ChatGLM2 in its original layout."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.torch import load_file

from ptuning.main import main

ROOT = Path(__file__).resolve().parents[2]
TRAIN = """
    --do_train --train_file {data}/train.json --validation_file {data}/dev.json --preprocessing_num_workers 10
    --prompt_column content --response_column summary --overwrite_cache --model_name_or_path {model} --output_dir {output}
    --overwrite_output_dir --max_source_length 64 --max_target_length 128 --per_device_train_batch_size 1
    --per_device_eval_batch_size 1 --gradient_accumulation_steps 16 --predict_with_generate --max_steps {steps}
    --logging_steps 10 --save_steps 1000 --learning_rate 2e-2 --pre_seq_len 128 --quantization_bit 4
"""
EVALUATE = """
    --do_predict --validation_file {data}/dev.json --test_file {data}/dev.json --overwrite_cache --prompt_column content
    --response_column summary --model_name_or_path {model} --ptuning_checkpoint {output} --output_dir {output}
    --overwrite_output_dir --max_source_length 64 --max_target_length 64 --per_device_eval_batch_size 1
    --predict_with_generate --pre_seq_len 128 --quantization_bit 4
"""
CHAT = """
    --do_train --train_file {data}/chat.json --validation_file {data}/chat.json --preprocessing_num_workers 10
    --prompt_column prompt --response_column response --history_column history --overwrite_cache
    --model_name_or_path {model} --output_dir {output} --overwrite_output_dir --max_source_length 256
    --max_target_length 256 --per_device_train_batch_size 1 --per_device_eval_batch_size 1
    --gradient_accumulation_steps 16 --predict_with_generate --max_steps {steps} --logging_steps 10 --save_steps 1000
    --learning_rate 1e-2 --pre_seq_len 128 --quantization_bit 4
"""
TUTORIAL = """
    --do_train --train_file {data}/{task}.json --preprocessing_num_workers 10 --prompt_column {prompt} --response_column {response}
    --overwrite_cache --model_name_or_path {model} --output_dir {output} --overwrite_output_dir --max_source_length {source}
    --max_target_length 128 --per_device_train_batch_size 1 --per_device_eval_batch_size 1 --gradient_accumulation_steps 2
    --predict_with_generate --max_steps {steps} --logging_steps 1 --save_steps 1000 --learning_rate 2e-2 --pre_seq_len {length}
    --quantization_bit 8
"""
TASKS = [
    ("classify", "question_prompt", "query", 512, 512),
    ("keywords", "question_prompt", "query", 512, 256),
    ("nl2sql", "question_prompt", "query", 2200, 128),
    ("answers", "question", "answer", 1024, 128),
]


@pytest.fixture
def run(shared_dir, tmp_path, capsys):
    """Runs a script's arguments with its paths filled in; a run that fails shows why."""
    goods = [{"content": f"类型#裤*版型#宽松*材质#{m}", "summary": f"{m}的裤子，宽松又舒适。"} for m in ("棉", "麻", "丝", "毛")]
    chat = [{"prompt": "那它呢？", "response": "它也是。", "history": [["长江是河流吗？", "是。"]]}, {"prompt": "黄河？", "response": "是。", "history": []}]
    rows = [{"question_prompt": f"2020年第{i}家公司的净利润是多少？\n答案:", "query": f"净利润{i}"} for i in range(6)]
    other = [{"question": row["question_prompt"], "answer": row["query"]} for row in rows]
    files = {"train": goods * 4, "dev": goods, "chat": chat, "classify": rows, "keywords": rows, "nl2sql": rows, "answers": other}
    for name, content in files.items():
        (tmp_path / f"{name}.json").write_text("\n".join(json.dumps(r, ensure_ascii=False) for r in content), encoding="utf-8")
    paths = {"data": tmp_path, "model": shared_dir / "oracle" / "chatglm2-tiny", "output": tmp_path / "out", "steps": 2}

    def call(script, **values):
        code = main([*shlex.split(script.format(**(paths | values))), "--use_cpu"])
        errors = capsys.readouterr().err
        assert code == 0, errors
        return paths["output"], errors

    return call


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def test_the_official_train_and_evaluate_scripts_write_the_files_and_keys_of_the_original(run):
    out, _ = run(TRAIN)
    assert {"all_results.json", "train_results.json", "trainer_state.json", "checkpoint-2"} <= {p.name for p in out.iterdir()}
    assert {
        "epoch", "train_loss", "train_runtime", "train_samples", "train_samples_per_second", "train_steps_per_second",
    } <= read(out / "train_results.json").keys()  # fmt: skip
    assert load_file(out / "prefix_encoder.safetensors")["embedding.weight"].shape == (128, 3 * 2 * 2 * 8)
    out, errors = run(EVALUATE)
    assert {f"predict_{name}" for name in (
        "rouge-1", "rouge-2", "rouge-l", "bleu-4", "runtime", "samples", "samples_per_second", "steps_per_second",
    )} <= read(out / "predict_results.json").keys()  # fmt: skip
    assert {"train_loss", "predict_rouge-l"} <= read(out / "all_results.json").keys()
    lines = [json.loads(line) for line in (out / "generated_predictions.txt").read_text(encoding="utf-8").splitlines()]
    assert len(lines) == 4 and all(set(line) == {"labels", "predict"} for line in lines)
    assert "--overwrite_cache 不起作用" in errors and "pre_seq_len" not in errors


def test_the_official_chat_script_trains_on_histories(run):
    run(CHAT)
    run(CHAT + " --history_loss")


@pytest.mark.parametrize(("task", "prompt", "response", "source", "length"), TASKS, ids=[task[0] for task in TASKS])
def test_the_tutorial_scripts_run_as_they_are(run, task, prompt, response, source, length):
    out, _ = run(TUTORIAL, task=task, prompt=prompt, response=response, source=source, length=length)
    assert read(out / "prefix_config.json")["pre_seq_len"] == length


def test_a_trained_prefix_can_be_left_in_the_original_layout_and_evaluated_from_it(run):
    out, _ = run(TRAIN + " --checkpoint_layout original", steps=1)
    assert read(out / "config.json")["pre_seq_len"] == 128 and (out / "pytorch_model.bin").is_file()
    (out / "prefix_config.json").unlink()
    run(EVALUATE)


def test_main_runs_as_a_script_in_its_own_folder(tmp_path):
    done = subprocess.run(
        [sys.executable, "main.py", "--do_train", "--output_dir", str(tmp_path)], cwd=ROOT / "ptuning", capture_output=True, text=True
    )  # fmt: skip
    assert done.returncode == 1
    assert "--do_train 需要 --train_file" in done.stderr and "Traceback" not in done.stderr

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from ptuning.base.models import load_base
from ptuning.checkpoints import load_prefix
from ptuning.main import main
from ptuning.methods.prefix.encoder import PrefixConfig, PrefixEncoder
from tests.ptuning.chatglm_folder import write_chatglm

LABELS = {"什么是净利润？": "F", "甲公司的净利润是多少元？": "C", "乙公司有多少硕士？": "B"}


@pytest.fixture
def run(tmp_path, tiny_base_folder, capsys):
    """Runs main on a small task, returns (exit code, output, errors)."""
    rows = [{"question_prompt": q, "query": a, "history": []} for q, a in list(LABELS.items()) * 8]
    (tmp_path / "rows.json").write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")

    def call(*arguments, model=tiny_base_folder, pre_seq_len=4):
        argv = ["--model_name_or_path", model, "--output_dir", tmp_path / "out", "--use_cpu", "--task_name", "classify"]
        argv += ["--pre_seq_len", pre_seq_len] if pre_seq_len else []
        argv += ["--max_target_length", 4, "--per_device_train_batch_size", 4, "--logging_steps", 1]
        code = main([str(a) for a in (*argv, *arguments)])
        return code, *capsys.readouterr()

    return call


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def test_a_run_writes_the_files_and_keys_of_the_original(run, tmp_path):
    rows, out = tmp_path / "rows.json", tmp_path / "out"
    code, printed, _ = run(
        "--do_train", "--train_file", rows, "--do_eval", "--validation_file", rows, "--do_predict", "--test_file", rows,
        "--max_steps", 8, "--save_steps", 4, "--save_total_limit", 1,
    )
    assert code == 0
    assert {path.name for path in out.iterdir()} == {
        "prefix_encoder.safetensors", "prefix_config.json", "checkpoint-8", "trainer_state.json", "loss.png", "train_results.json",
        "eval_results.json", "predict_results.json", "all_results.json", "generated_predictions.txt",
    }
    assert {"train_loss", "train_runtime", "train_samples"} <= read(out / "train_results.json").keys()
    predicted = read(out / "predict_results.json")
    assert {"predict_accuracy", "predict_rouge-1", "predict_rouge-l", "predict_bleu-4", "predict_runtime"} <= predicted.keys()
    together = read(out / "all_results.json")
    assert {"train_loss", "eval_accuracy", "predict_accuracy"} <= together.keys()
    assert {len(read(out / "trainer_state.json")["log_history"])} == {9}
    lines = [json.loads(line) for line in (out / "generated_predictions.txt").read_text(encoding="utf-8").splitlines()]
    assert [set(line) for line in lines] == [{"labels", "predict"}] * 24
    right = sum(line["labels"] == line["predict"] for line in lines)
    assert predicted["predict_accuracy"] == pytest.approx(100 * right / 24, abs=1e-3)
    assert f"predict_accuracy = {predicted['predict_accuracy']}" in printed


def test_the_prefix_learns_its_task_and_predicts_from_its_folder(run, tmp_path, tiny_base_folder):
    rows, out = tmp_path / "rows.json", tmp_path / "out"
    assert run("--do_train", "--train_file", rows, "--max_steps", 150, "--learning_rate", 1.0, "--save_strategy", "no")[0] == 0
    losses = [entry["loss"] for entry in read(out / "trainer_state.json")["log_history"] if "loss" in entry]
    assert losses[-1] < 0.95 * losses[0]
    assert load_prefix(out, load_base(tiny_base_folder)).config.pre_seq_len == 4
    code, *_ = run("--do_predict", "--test_file", rows, "--ptuning_checkpoint", out, "--pre_seq_len", 9, "--predict_with_generate")
    assert code == 0 and read(out / "predict_results.json")["predict_samples"] == 24


def test_the_arguments_of_the_official_script_are_taken(run, tmp_path):
    code, _, errors = run(
        "--do_train", "--train_file", tmp_path / "rows.json", "--validation_file", tmp_path / "rows.json", "--preprocessing_num_workers", 10,
        "--prompt_column", "question_prompt", "--response_column", "query", "--history_column", "history", "--prompt_style", "chatglm",
        "--overwrite_cache", "--overwrite_output_dir", "--max_source_length", 64, "--per_device_eval_batch_size", 1,
        "--gradient_accumulation_steps", 2, "--predict_with_generate", "--max_steps", 2, "--save_steps", 1000, "--learning_rate", "2e-2",
        "--prefix_projection", "True", "--source_prefix", "请回答：",
    )
    assert code == 0, errors
    assert read(tmp_path / "out" / "prefix_config.json")["prefix_projection"]


def test_an_interrupted_command_goes_on_where_it_stopped(run, tmp_path, monkeypatch):
    rows, out = tmp_path / "rows.json", tmp_path / "out"
    settings = ("--do_train", "--train_file", rows, "--max_steps", 12, "--save_steps", 4, "--resume_from_checkpoint", "auto")
    assert run(*settings)[0] == 0
    whole = (out / "prefix_encoder.safetensors").read_bytes()
    loss = read(out / "train_results.json")["train_loss"]
    (out / "checkpoint-12" / "trainer_state.json").unlink()  # as if killed while the last checkpoint was written
    (out / "prefix_encoder.safetensors").unlink()
    assert run(*settings)[0] == 0
    assert (out / "prefix_encoder.safetensors").read_bytes() == whole
    assert read(out / "train_results.json")["train_loss"] == pytest.approx(loss, rel=1e-3)


def test_answers_that_are_cut_are_said(run, tmp_path):
    (tmp_path / "rows.json").write_text('{"question_prompt": "甲", "query": "营业收入和净利润，以及营业成本"}', encoding="utf-8")
    code, _, errors = run("--do_train", "--train_file", tmp_path / "rows.json", "--max_steps", 1)
    assert code == 0 and "0个问题" in errors and "1个答案超过 --max_target_length 4" in errors


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--do_train",), ("--do_train 需要 --train_file",)),
        ((), ("--do_train、--do_eval 或 --do_predict",)),
        (("--do_eval", "--pre_seq_len", "0"), ("--validation_file", "--ptuning_checkpoint", "--pre_seq_len 至少为1")),
        (("--do_train", "--train_file", "rows.json", "--prompt_style", "x"), ("--prompt_style",)),
        (("--do_train", "--train_file", "rows.json", "--history_column", "h"), ("--history_column",)),
        (("--do_train", "--train_fil", "x"), ("不认识的参数：--train_fil",)),
        (("--do_train", "--train_file", "none.json"), ("none.json 不存在",)),
        (("--do_train", "--train_file", "rows.json", "--response_column", "answer"), ("answer", "--response_column")),
        (("--do_train", "--train_file", "rows.json", "--resume_from_checkpoint", "none"), ("检查点 none",)),
        (("--do_train", "--train_file", "rows.json", "--eval_strategy", "steps"), ("--do_eval 需要 --validation_file",)),
        (("--do_predict", "--test_file", "rows.json", "--ptuning_checkpoint", "none"), ("none",)),
        (("--do_train", "--train_file", "rows.json", "--learning_rate", "1e38", "--warmup_steps", "0"), ("--learning_rate",)),
    ],
)
def test_bad_arguments_are_one_sentence_and_exit_code_1(run, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    code, _, errors = run(*arguments)
    assert code == 1 and len(errors.strip().splitlines()) == 1
    assert all(word in errors for word in words), errors


def test_a_missing_base_is_one_sentence(run, tmp_path):
    code, _, errors = run("--do_train", "--train_file", tmp_path / "rows.json", model=tmp_path / "nowhere")
    assert code == 1 and "nowhere" in errors and len(errors.strip().splitlines()) == 1


def test_every_own_argument_has_help(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    assert "前缀长度" in capsys.readouterr().out


def test_the_best_checkpoint_by_a_metric_of_the_answers_is_kept_and_training_stops_early(run, tmp_path):
    rows, out = tmp_path / "rows.json", tmp_path / "out"
    code, _, errors = run(
        "--do_train", "--train_file", rows, "--validation_file", rows, "--max_steps", 400, "--learning_rate", 1.0,
        "--eval_strategy", "steps", "--eval_steps", 10, "--save_steps", 10, "--save_total_limit", 2, "--load_best_model_at_end",
        "--metric_for_best_model", "accuracy", "--early_stopping_patience", 2,
    )
    assert code == 0, errors
    state = read(out / "trainer_state.json")
    history = [entry["eval_accuracy"] for entry in state["log_history"] if "eval_accuracy" in entry]
    assert state["best_metric"] == max(history) and state["global_step"] < 400
    assert history[-2] <= max(history) and history[-1] <= max(history)
    best = load_file(tmp_path / "out" / f"checkpoint-{state['best_global_step']}" / "prefix_encoder.safetensors")
    assert torch.equal(best["embedding.weight"], load_file(out / "prefix_encoder.safetensors")["embedding.weight"])


def test_files_are_mixed_and_counted(run, tmp_path):
    (tmp_path / "other.csv").write_text("question_prompt,query\n甲,A\n乙,B\n", encoding="utf-8")
    code, _, errors = run(
        "--do_train", "--train_file", tmp_path / "rows.json", tmp_path / "other.csv", "--train_weights", "1", "0.5", "--max_steps", 1
    )
    assert code == 0, errors
    assert read(tmp_path / "out" / "train_results.json")["train_samples"] == 24 + 1


def test_a_json_file_of_arguments_is_a_command_line(run, tmp_path, tiny_base_folder):
    content = {"model_name_or_path": str(tiny_base_folder), "do_train": True, "train_file": str(tmp_path / "rows.json"), "use_cpu": True,
               "output_dir": str(tmp_path / "out"), "pre_seq_len": 3, "max_steps": 1}  # fmt: skip
    (tmp_path / "arguments.json").write_text(json.dumps(content), encoding="utf-8")
    assert main([str(tmp_path / "arguments.json")]) == 0
    assert load_file(tmp_path / "out" / "prefix_encoder.safetensors")["embedding.weight"].shape[0] == 3


@pytest.mark.parametrize("layout", ["original", "peft"])
def test_a_prefix_left_in_another_layout_predicts_as_ours_does(run, tmp_path, layout):
    rows, out = tmp_path / "rows.json", tmp_path / "out"
    assert run("--do_train", "--train_file", rows, "--max_steps", 20, "--checkpoint_layout", layout)[0] == 0
    found = []
    for _ in range(2):
        assert run("--do_predict", "--test_file", rows, "--ptuning_checkpoint", out, pre_seq_len=None)[0] == 0
        found.append((out / "generated_predictions.txt").read_text(encoding="utf-8"))
        (out / "prefix_config.json").unlink(missing_ok=True)
    assert found[0] == found[1]


def test_the_bare_base_can_be_evaluated(run, tmp_path):
    code, _, errors = run("--do_predict", "--test_file", tmp_path / "rows.json", pre_seq_len=None)
    assert code == 0, errors
    assert read(tmp_path / "out" / "predict_results.json")["predict_samples"] == 24


def test_predictions_are_sampled_when_asked(run, tmp_path):
    sampled = ("--do_predict", "--test_file", tmp_path / "rows.json", "--do_sample", "--temperature", "5")
    found = []
    for arguments in (("--seed", "1"), ("--seed", "1"), ("--seed", "2")):
        assert run(*sampled, *arguments, pre_seq_len=None)[0] == 0
        found.append((tmp_path / "out" / "generated_predictions.txt").read_text(encoding="utf-8"))
    assert found[0] == found[1] != found[2]


def test_a_length_that_differs_from_the_checkpoint_is_said(run, tmp_path):
    rows, out = tmp_path / "rows.json", tmp_path / "out"
    assert run("--do_train", "--train_file", rows, "--max_steps", 1)[0] == 0
    _, _, errors = run("--do_predict", "--test_file", rows, "--ptuning_checkpoint", out, pre_seq_len=9)
    assert "以检查点" in errors and "--pre_seq_len 9 不起作用" in errors


def test_the_shipped_deepspeed_configuration_is_filled_from_the_arguments(tmp_path):
    from accelerate.utils.deepspeed import HfDeepSpeedConfig

    folder = Path(__file__).resolve().parents[2] / "ptuning"
    config = HfDeepSpeedConfig(str(folder / "deepspeed.json"))
    assert config.is_zero2() and config.get_value("train_micro_batch_size_per_gpu") == "auto"
    assert "ptuning/deepspeed.json" in (folder / "accelerate.yaml").read_text(encoding="utf-8")


def test_losses_go_to_tensorboard_when_asked(run, tmp_path, monkeypatch):
    pytest.importorskip("tensorboard")
    monkeypatch.setenv("TENSORBOARD_LOGGING_DIR", str(tmp_path / "board"))
    code, _, errors = run("--do_train", "--train_file", tmp_path / "rows.json", "--max_steps", 2, "--report_to", "tensorboard")
    assert code == 0, errors
    assert [path for path in (tmp_path / "board").rglob("events.out.tfevents.*") if path.stat().st_size > 200]


def test_activations_that_are_not_kept_change_nothing(run, tmp_path):
    rows, out = tmp_path / "rows.json", tmp_path / "out"
    found = []
    for extra in ((), ("--gradient_checkpointing",)):
        assert run("--do_train", "--train_file", rows, "--max_steps", 3, "--save_strategy", "no", *extra)[0] == 0
        found.append(load_file(out / "prefix_encoder.safetensors")["embedding.weight"])
    assert torch.allclose(*found, atol=1e-5)


@pytest.mark.parametrize("place", ["out", "out/deeper"])
def test_an_output_dir_that_is_a_file_is_one_sentence_before_any_work(run, tmp_path, place):
    (tmp_path / "out").write_text("mine")
    code, _, errors = run("--do_train", "--train_file", tmp_path / "rows.json", "--output_dir", tmp_path / place)
    assert code == 1 and errors.count("\n") == 1 and "不是文件夹" in errors and str(tmp_path / place) in errors
    assert (tmp_path / "out").read_text() == "mine"


def test_rows_that_are_skipped_are_counted_and_said(run, tmp_path):
    rows = [{"question_prompt": q, "query": a} for q, a in LABELS.items()] + [{"question_prompt": "乙", "query": None}]
    (tmp_path / "more.json").write_bytes(json.dumps(rows, ensure_ascii=False).encode("gbk"))
    code, _, errors = run("--do_train", "--train_file", tmp_path / "more.json", "--max_steps", 1)
    assert code == 0, errors
    assert read(tmp_path / "out" / "train_results.json")["train_samples"] == 3
    assert "有1条没有问题或没有答案（第4项），已跳过" in errors and "GB18030" in errors


def test_a_whole_model_goes_on_with_the_prefix_within_it(run, tmp_path, tiny_base_folder):
    base = load_base(tiny_base_folder)
    encoder = PrefixEncoder(PrefixConfig.for_model(base.model, 4))
    folder = write_chatglm(tmp_path / "whole", base, dict(encoder.state_dict()), pre_seq_len=4)
    shutil.copy(tiny_base_folder / "tokenizer.model", folder)
    rows = ("--do_train", "--train_file", tmp_path / "rows.json", "--max_steps", 1, "--learning_rate", 1e-9)
    code, _, errors = run(*rows, model=folder)
    assert code == 0, errors
    trained = load_prefix(tmp_path / "out", base)
    torch.testing.assert_close(trained(), encoder(), atol=1e-6, rtol=0)

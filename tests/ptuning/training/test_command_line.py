import json
import shlex

import pytest

from ptuning.errors import PtuningError
from ptuning.training.arguments import inert_arguments
from ptuning.training.command_line import REMOVED, RENAMED, arguments_of_json, parse, translate

OFFICIAL_TRAIN = """
    --do_train --train_file AdvertiseGen/train.json --validation_file AdvertiseGen/dev.json --preprocessing_num_workers 10
    --prompt_column content --response_column summary --overwrite_cache --model_name_or_path THUDM/chatglm2-6b
    --output_dir output/adgen-chatglm2-6b-pt-128-2e-2 --overwrite_output_dir --max_source_length 64 --max_target_length 128
    --per_device_train_batch_size 1 --per_device_eval_batch_size 1 --gradient_accumulation_steps 16 --predict_with_generate
    --max_steps 3000 --logging_steps 10 --save_steps 1000 --learning_rate 2e-2 --pre_seq_len 128 --quantization_bit 4
"""


def test_the_official_training_script_is_understood_word_for_word():
    model, data, training, notices = parse(shlex.split(OFFICIAL_TRAIN))
    assert (model.methods[0].pre_seq_len, model.quantization_bit, model.model_name_or_path) == (128, 4, "THUDM/chatglm2-6b")
    assert (data.train_file, data.prompt_column, data.max_source_length) == (["AdvertiseGen/train.json"], "content", 64)
    assert (training.max_steps, training.gradient_accumulation_steps, training.learning_rate) == (3000, 16, 0.02)
    said = " ".join(notices)
    for inert in ("preprocessing_num_workers", "overwrite_cache", "overwrite_output_dir", "predict_with_generate"):
        assert f"--{inert} 不起作用" in said
    assert "pre_seq_len" not in said and "max_steps" not in said


def test_arguments_that_transformers_5_renamed_keep_their_values():
    *_, training, _ = parse(
        ["--output_dir", "o", "--do_eval", "--evaluation_strategy", "steps", "--eval_steps", "5", "--warmup_ratio", "0.1", "--no_cuda", "--per_gpu_train_batch_size", "3"]
    )
    assert (training.eval_strategy.value, training.warmup_steps, training.per_device_train_batch_size) == ("steps", 0.1, 3)
    assert training.use_cpu


def test_arguments_that_transformers_5_removed_go_with_their_values_and_are_said():
    kept, notices = translate(["--logging_dir", "x", "--fp16_opt_level=O1", "--max_steps", "-1", "--save-safetensors", "True", "--seed=3"])
    assert kept == ["--max_steps", "-1", "--seed=3"]
    assert [notice.split()[0] for notice in notices] == ["提示：--logging_dir", "提示：--fp16_opt_level", "提示：--save_safetensors"]


@pytest.mark.parametrize("name", sorted({*RENAMED, *REMOVED}))
def test_every_argument_of_older_versions_is_taken(name):
    value = {"evaluation_strategy": "no", "gradient_checkpointing_kwargs": "{}"}.get(name, "1")
    parse(["--output_dir", "o", f"--{name}", value])


def test_a_json_file_gives_the_same_arguments_and_words_after_it_win(tmp_path):
    content = {
        "output_dir": "o", "do_train": True, "train_file": ["a.json", "b.csv"], "train_weights": [1, 0.5], "learning_rate": 0.02,
        "pre_seq_len": 128, "history_column": None, "lr_scheduler_kwargs": {"power": 2},
    }  # fmt: skip
    (tmp_path / "run.json").write_text(json.dumps(content), encoding="utf-8")
    model, data, training, _ = parse([str(tmp_path / "run.json"), "--pre_seq_len", "64"])
    assert (data.train_file, data.train_weights, data.history_column) == (["a.json", "b.csv"], [1.0, 0.5], None)
    assert (model.methods[0].pre_seq_len, training.learning_rate, training.do_train) == (64, 0.02, True)
    assert training.lr_scheduler_kwargs == {"power": 2}
    assert "--lr_scheduler_kwargs" in arguments_of_json(tmp_path / "run.json")


@pytest.mark.parametrize("words", [["--no_such", "1"], ["--pre_seq_len", "abc"], ["--bf16", "--fp16", "--output_dir", "o"]])
def test_a_wrong_argument_is_one_sentence(words):
    with pytest.raises(PtuningError) as caught:
        parse(words)
    assert len(str(caught.value).splitlines()) == 1


def test_a_missing_json_file_is_one_sentence(tmp_path):
    with pytest.raises(PtuningError, match=r"none\.json"):
        parse([str(tmp_path / "none.json")])


def test_every_inert_argument_has_a_reason():
    assert all(inert_arguments().values())

"""A comparison: what it runs, that a kill loses one run, and what its table says."""

import json

import pytest

from ptuning.compare import main
from ptuning.comparing.config import read_comparison
from ptuning.comparing.report import advice, spread, table
from ptuning.comparing.run import Runner, words
from ptuning.errors import PtuningError
from ptuning.main import main as train

ROWS = [{"question_prompt": "2020年净利润是多少？", "query": "C"}, {"question_prompt": "什么是净利润？", "query": "F"}]


@pytest.fixture
def config(tmp_path, tiny_base_folder):
    (tmp_path / "rows.json").write_text(json.dumps(ROWS * 4), encoding="utf-8")
    files = {name: str(tmp_path / "rows.json") for name in ("train_file", "validation_file", "test_file")}

    def write(**changes):
        common = {"model_name_or_path": str(tiny_base_folder), "use_cpu": True, "max_target_length": 3}
        content = {
            "output": str(tmp_path / "compare"), "epochs": [1, 2], "seeds": [1, 2], "common": common,
            "tasks": {"kind": {**files, "task_name": "classify", "score": "accuracy"}},
            "methods": {"lora": {"lora_r": 2, "learning_rate": [0.0001, 0.05]}, "prompt": {"prompt_tokens": 3}},
        }  # fmt: skip
        (tmp_path / "compare.json").write_text(json.dumps({**content, **changes}), encoding="utf-8")
        return tmp_path / "compare.json"

    return write


def test_a_comparison_runs_goes_on_after_a_kill_and_tells(config, tmp_path, capsys):
    calls = []

    def killed_in_the_third(argv):
        calls.append(argv)
        if sum("--do_train" in call for call in calls) == 3:
            raise KeyboardInterrupt
        return train(argv)

    comparison = read_comparison(config())
    with pytest.raises(KeyboardInterrupt):
        Runner(comparison, killed_in_the_third, lambda text: None).run()
    done = {path.name for path in (tmp_path / "compare" / "cells").glob("*.json")}
    assert len(done) == 3, "the untuned base and two rates"
    told = []
    results = Runner(comparison, train, told.append).run()
    assert len(told) == 3, "the second seed of lora and two of prompt; nothing is done twice"
    assert done < {path.name for path in (tmp_path / "compare" / "cells").iterdir()}
    kept = [r for r in results if r["entry"] == "lora" and r.get("chosen")]
    assert len(kept) == 2 and len({r["settings"]["learning_rate"] for r in kept}) == 1
    assert all(set(r["epochs"]) == {"1", "2"} and r["alone_ms"] > 0 and r["together_ms"] > 0 for r in kept)
    capsys.readouterr()
    assert main([str(tmp_path / "compare.json")]) == 0
    printed = capsys.readouterr().out
    assert "| kind | lora |" in printed and "未调的基座" in printed and "最省的是" in printed
    assert (tmp_path / "compare" / "compare.png").stat().st_size > 1000


def run_of(entry, seed, numbers, scores):
    epochs = {epoch: {"validation": v, "test": t, "ms": 1.0} for epoch, (v, t) in scores.items()}
    return {"task": "kind", "entry": entry, "settings": {}, "seed": seed, "minutes": 1.0, "numbers": numbers, "epochs": epochs, "chosen": True}


def test_the_table_shows_means_and_spreads_and_the_advice_the_least_that_is_near(config):
    comparison = read_comparison(config())
    results = [run_of("lora", 1, 1000, {"1": (80.0, 70.0), "2": (90.0, 88.0)}), run_of("lora", 2, 1000, {"1": (80.0, 74.0), "2": (90.0, 90.0)})]
    results += [run_of("prompt", 1, 10, {"1": (60.0, 60.0), "2": (88.5, 80.0)})]
    assert "72.0 ± 2.8 | 89.0 ± 1.4 | 2 |" in table(comparison, results)
    assert "最好的是 lora（2轮，1,000 个数，90.0）；2 分以内最省的是 prompt（2轮，10 个数，88.5）" in advice(comparison, results)
    assert spread([]) == "–" and spread([50.0]) == "50.0"


def test_a_run_that_fails_is_told_in_its_row(config):
    comparison = read_comparison(config(methods={"lora": {"lora_targets": "nonesuch"}}, seeds=[1]))
    results = Runner(comparison, train, lambda text: None).run()
    assert "没有要调整的层" in table(comparison, results)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tasks": {"a": {"train_file": "x"}}}, "“a”缺少 validation_file、test_file"),
        ({"methods": {}}, "methods 应是"),
        ({"epochs": [0]}, "epochs 应是正整数"),
        ({"epoch": [1]}, "不认识“epoch”"),
    ],
)
def test_a_wrong_config_is_one_sentence(config, changes, said):
    with pytest.raises(PtuningError, match=said):
        read_comparison(config(**changes))


def test_arguments_become_words():
    assert words({"a": 1, "b": ["x", "y"], "c": True}) == ["--a", "1", "--b", "x", "y", "--c", "True"]

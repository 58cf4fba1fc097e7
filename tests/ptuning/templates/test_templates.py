"""Templates and verbalizers: what they take, what they refuse, and that labels are read off the gap."""

import json
import math

import pytest

from ptuning.answering.generate import score_choices
from ptuning.base.models import load_base
from ptuning.errors import PtuningError
from ptuning.main import main
from ptuning.templates.prediction import Demonstrations, Predictor
from ptuning.templates.template import Template, read_template

ROWS = [{"s": "净利润大于5亿", "label": "好"}, {"s": "营业收入和研发费用", "label": "好"}, {"s": "负债合计", "label": "坏"}, {"s": "公司的工作情况", "label": "坏"}]
FILE = {"templates": ["{s}。情况：{mask}。"], "labels": {"好": ["利润"], "坏": ["负债", "费用"]}}


def written(path, **changes):
    path.write_text(json.dumps({**FILE, **changes}, ensure_ascii=False), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def base(tiny_base_folder):
    return load_base(tiny_base_folder)


def test_a_template_fills_its_fields_around_the_gap():
    template = Template.parse("{soft:4}Text: {a} / {b} It is {mask}.", "")
    filled = template.fill({"a": "x{y}", "b": "2"}, "")
    assert template.soft == 4 and template.fields == ["a", "b"]
    assert filled.prompt == "Text: x{y} / 2 It is" and filled.answer("good") == " good."


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{s} 好", "现在有0个"),
        ("{s} {mask} {mask}", "现在有2个"),
        ("只有{mask}", "没有数据的字段"),
        ("{s} {soft:3} {mask}", "写在最前面"),
        ("{soft:3}{s}{soft:2}{mask}", "只能有一个"),
    ],
)
def test_a_template_without_its_gap_or_field_is_refused(tmp_path, text, words):
    with pytest.raises(PtuningError, match=words):
        read_template(written(tmp_path / "t.json", templates=[text]))


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ({"好": ["利润"], "坏": []}, "“坏”没有答案词"),
        ({"好": ["利润"], "坏": ["利润"]}, "“利润”同时属于“好”和“坏”"),
        ({"好": ["利润"]}, "至少两个"),
        ({"好": ["利润"], "坏": [""]}, "“坏”没有答案词"),
    ],
)
def test_label_words_that_cannot_be_are_refused(tmp_path, labels, words):
    with pytest.raises(PtuningError, match=words):
        read_template(written(tmp_path / "t.json", labels=labels))


def test_templates_of_one_file_have_the_same_soft_tokens(tmp_path):
    with pytest.raises(PtuningError, match="一样多"):
        read_template(written(tmp_path / "t.json", templates=["{soft:2}{s}{mask}", "{s}{mask}"]))


def test_a_label_is_as_likely_as_its_words_on_average(base, tmp_path):
    file = read_template(written(tmp_path / "t.json"))
    (found,) = Predictor(base.model, base.tokenizer, file).predict([("", ROWS[0])])
    prompt = ROWS[0]["s"] + "。情况："
    (scores,) = score_choices(base.model, base.tokenizer, [prompt], ["利润。", "负债。", "费用。"])
    good, bad = math.exp(scores[0]), (math.exp(scores[1]) + math.exp(scores[2])) / 2
    assert found[1]["好"] == pytest.approx(good / (good + bad), rel=1e-4)
    assert found[0] == max(found[1], key=found[1].get)


def test_templates_vote_by_the_mean_of_their_logarithms(base, tmp_path):
    texts = ["{s}。情况：{mask}。", "{mask}，{s}"]
    alone = [Predictor(base.model, base.tokenizer, read_template(written(tmp_path / "t.json", templates=[t]))).predict([("", ROWS[1])])[0][1] for t in texts]
    both = Predictor(base.model, base.tokenizer, read_template(written(tmp_path / "t.json", templates=texts))).predict([("", ROWS[1])])[0][1]
    means = {label: math.sqrt(alone[0][label] * alone[1][label]) for label in ("好", "坏")}
    assert both["好"] == pytest.approx(means["好"] / sum(means.values()), rel=1e-4)


def test_calibration_takes_off_what_is_said_of_nothing(base, tmp_path, monkeypatch):
    monkeypatch.setattr("ptuning.templates.prediction.NO_CONTENT", (ROWS[0]["s"],))
    file = read_template(written(tmp_path / "t.json"))
    (found,) = Predictor(base.model, base.tokenizer, file, calibrate=True).predict([("", ROWS[0])])
    assert found[1]["好"] == pytest.approx(0.5, abs=1e-4), "a row that is the nothing itself"


def test_the_nearest_rows_are_shown_the_nearest_last_and_never_the_row_itself():
    shown = Demonstrations([(row, row["label"]) for row in ROWS], ["s"])
    found = shown.nearest({"s": "净利润大于8亿"}, 2)
    assert found[-1][0] is ROWS[0] and len(found) == 2
    assert all(row is not ROWS[0] for row, _ in shown.nearest(ROWS[0], 3))


@pytest.fixture
def run(tmp_path, tiny_base_folder, capsys):
    def call(*arguments, rows=ROWS, **changes):
        (tmp_path / "rows.json").write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
        argv = ["--model_name_or_path", tiny_base_folder, "--use_cpu", "--output_dir", tmp_path / "out", "--response_column", "label"]
        argv += ["--template", written(tmp_path / "t.json", **changes), "--train_file", tmp_path / "rows.json", "--test_file", tmp_path / "rows.json"]
        code = main([str(word) for word in (*argv, *arguments)])
        return code, *capsys.readouterr()

    return call


def test_a_tuned_template_learns_its_labels(run, tmp_path):
    code, _, errors = run("--do_train", "--do_predict", "--method", "full", "--max_steps", 60, "--save_strategy", "no", "--learning_rate", "0.01")
    assert code == 0, errors
    results = json.loads((tmp_path / "out" / "predict_results.json").read_text(encoding="utf-8"))
    assert results["predict_accuracy"] == 100.0 and results["predict_majority"] == 50.0


def test_soft_tokens_are_trained_in_front_of_the_template(run, tmp_path):
    soft = ["{soft:4}{s}。情况：{mask}。"]
    settings = ("--do_train", "--method", "prompt", "--max_steps", 40, "--save_strategy", "no", "--learning_rate", "0.1", "--logging_steps", 5)
    code, _, errors = run(*settings, templates=soft)
    assert code == 0, errors
    assert json.loads((tmp_path / "out" / "prompt_config.json").read_text())["tokens"] == 4
    state = json.loads((tmp_path / "out" / "trainer_state.json").read_text())
    losses = [entry["loss"] for entry in state["log_history"] if "loss" in entry]
    assert losses[-1] < losses[0]  # little: the random base's output layer can hardly say anything loudly


def test_untuned_and_with_demonstrations_every_row_has_a_label(run, tmp_path):
    for more in ((), ("--shots", 2), ("--calibrate",)):
        assert run("--do_predict", *more)[0] == 0
        lines = (tmp_path / "out" / "generated_predictions.txt").read_text(encoding="utf-8").splitlines()
        assert len(lines) == 4 and all(json.loads(line)["predict"] in ("好", "坏") for line in lines)


@pytest.mark.parametrize(
    ("arguments", "rows", "words"),
    [
        ((), [{"s": "甲", "label": "平"}], ("第1项", "“平”在模板的 labels 里没有答案词")),
        ((), [{"t": "甲", "label": "好"}], ("没有模板要的字段“s”",)),
        ((), [{"s": "甲"}], ("“label”", "--response_column")),
        (("--shots", -1), ROWS, ("--shots",)),
        (("--head", "classification"), ROWS, ("--template 只能与",)),
    ],
)
def test_rows_that_do_not_fit_the_template_are_one_sentence(run, arguments, rows, words):
    code, _, errors = run("--do_predict", *arguments, rows=rows)
    assert code == 1 and len(errors.strip().splitlines()) == 1 and all(word in errors for word in words), errors


def test_soft_tokens_want_a_method_that_trains_them(run):
    code, _, errors = run("--do_train", "--method", "lora", "--max_steps", 1, templates=["{soft:4}{s}{mask}"])
    assert code == 1 and "--method prompt" in errors
    code, _, errors = run("--do_train", "--method", "prompt", "--prompt_tokens", 5, "--max_steps", 1, templates=["{soft:4}{s}{mask}"])
    assert code == 1 and "不一样" in errors

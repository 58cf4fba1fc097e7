"""Classes and tags on decoders and encoders: trained, saved, resumed, and the same in a fresh model."""

import json

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModel, AutoTokenizer

from ptuning.base.encoders import is_encoder, load_encoder
from ptuning.base.models import load_base
from ptuning.heads.classifier import load_classifier
from ptuning.heads.encoding import LabelEncoder, Labelled
from ptuning.heads.model import HeadedModel
from ptuning.heads.scores import entity_scores, macro_f1, majority
from ptuning.heads.task_head import HeadConfig, TaskHead
from ptuning.main import main
from ptuning.methods.adapted import AdaptedModel
from ptuning.methods.prefix.encoder import PrefixConfig, PrefixEncoder
from ptuning.methods.registry import METHODS

GOOD, BAD = "profit has risen", "poor loss"
CLASSES = [{"text": f"{GOOD} {w}", "label": "good"} for w in ("the", "in", "acme")]
CLASSES += [{"text": f"{BAD} {w}", "label": "bad"} for w in ("the", "in", "acme")]
WORDS = [{"words": ["acme", "in", "london"], "tags": ["B-ORG", "O", "B-LOC"]}, {"words": ["loss", "in", "new", "paris"], "tags": ["O", "O", "B-LOC", "I-LOC"]}]


@pytest.fixture
def run(tmp_path, tiny_base_folder, capsys):
    def call(*arguments, rows=CLASSES, columns=("text", "label"), head="classification", model=tiny_base_folder, folder="out"):
        (tmp_path / "rows.json").write_text(json.dumps(rows), encoding="utf-8")
        argv = ["--model_name_or_path", model, "--use_cpu", "--output_dir", tmp_path / folder, "--head", head]
        argv += ["--prompt_column", columns[0], "--response_column", columns[1], "--logging_steps", 5]
        argv += ["--train_file", tmp_path / "rows.json", "--test_file", tmp_path / "rows.json"]
        code = main([str(word) for word in (*argv, *arguments)])
        return code, *capsys.readouterr()

    return call


def figures(tmp_path):
    return json.loads((tmp_path / "out" / "predict_results.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("kind", ["decoder", "encoder"])
@pytest.mark.parametrize("method", ["ptuning-v2", "lora", "full", "head"])
def test_a_method_with_a_head_learns_and_is_the_same_when_loaded(run, tmp_path, tiny_base_folder, bert_folder, method, kind):
    model = bert_folder if kind == "encoder" else tiny_base_folder
    pooling = "mean" if kind == "encoder" else "last"  # a random encoder's [CLS] sees hardly more than itself
    rate = {"full": 5e-3, "head": 0.1, "lora": 2e-2, "ptuning-v2": 0.1}[method]
    code, _, errors = run("--do_train", "--do_predict", "--method", method, "--max_steps", 40, "--learning_rate", rate, "--save_strategy", "no", "--pooling", pooling, model=model)
    assert code == 0, errors
    assert figures(tmp_path)["predict_accuracy"] == 100.0 and figures(tmp_path)["predict_majority"] == 50.0
    found = load_classifier(model, tmp_path / "out").predict([Labelled(text=(row["text"],)) for row in CLASSES])
    assert [label for label, _ in found] == [row["label"] for row in CLASSES]


def test_tags_are_learnt_and_scored_as_entities(run, tmp_path, bert_folder):
    settings = ("--do_train", "--do_predict", "--method", "lora", "--max_steps", 60, "--learning_rate", 2e-2, "--save_strategy", "no")
    code, _, errors = run(*settings, rows=WORDS, columns=("words", "tags"), head="token", model=bert_folder)
    assert code == 0, errors
    assert figures(tmp_path)["predict_f1"] == 100.0
    found = load_classifier(bert_folder, tmp_path / "out").predict([Labelled(words=tuple(row["words"])) for row in WORDS])
    assert [list(label) for label, _ in found] == [row["tags"] for row in WORDS]


def test_a_run_that_was_cut_off_ends_with_the_same_head(run, tmp_path):
    settings = ("--do_train", "--method", "lora", "--max_steps", 6, "--save_steps", 3, "--resume_from_checkpoint", "auto")
    assert run(*settings)[0] == 0
    whole = load_file(tmp_path / "out" / "task_head.safetensors")
    (tmp_path / "out" / "checkpoint-6" / "trainer_state.json").unlink()
    (tmp_path / "out" / "task_head.safetensors").unlink()
    assert run(*settings)[0] == 0
    again = load_file(tmp_path / "out" / "task_head.safetensors")
    assert all(torch.equal(whole[name], again[name]) for name in whole)


def test_an_encoder_reads_as_transformers_does(bert_folder):
    base = load_encoder(bert_folder)
    theirs, tokenizer = AutoModel.from_pretrained(bert_folder).eval(), AutoTokenizer.from_pretrained(bert_folder)
    batch = tokenizer([GOOD, f"{BAD} in london"], padding=True, return_tensors="pt")
    batch.pop("token_type_ids", None)
    assert [base.tokenizer.encode(GOOD)] == batch["input_ids"][:1, : int(batch["attention_mask"][0].sum())].tolist()
    nothing = next(method for method in METHODS if method.name == "head")
    with torch.inference_mode():
        ours = AdaptedModel(base.model, nothing.options().fresh(base)).hidden_states(**batch)
        wanted = theirs(**batch).last_hidden_state
    real = batch["attention_mask"].bool()
    torch.testing.assert_close(ours[real], wanted[real], atol=1e-5, rtol=0)


def test_padding_and_a_prefix_change_nothing_that_is_real_in_an_encoder(bert_folder):
    base = load_encoder(bert_folder)
    torch.manual_seed(0)
    model = AdaptedModel(base.model, PrefixEncoder(PrefixConfig.for_model(base.model, 3))).eval()
    ids = torch.tensor([base.tokenizer.encode(GOOD)])
    mask = torch.ones_like(ids)
    with torch.inference_mode():
        alone = model.hidden_states(ids, mask)
        padded = model.hidden_states(torch.nn.functional.pad(ids, (0, 4)), torch.nn.functional.pad(mask, (0, 4)))
        bare = base.model(ids, mask).last_hidden_state
    torch.testing.assert_close(padded[:, : ids.shape[1]], alone, atol=1e-5, rtol=0)
    assert (bare - alone).abs().max() > 0.01, "the prefix is seen"


def test_a_decoder_is_no_encoder(tiny_base_folder, bert_folder):
    assert is_encoder(bert_folder) and not is_encoder(tiny_base_folder)


def test_a_words_first_piece_has_its_tag_and_the_rest_none(bert_folder):
    encode = LabelEncoder(load_encoder(bert_folder), ["O", "B-ORG"], 64)
    row = encode(Labelled(words=("xyz", "in"), tags=("B-ORG", "O")))
    assert row.labels == [-100, 1, -100, -100, 0, -100] and row.firsts == (1, 4)
    cut = LabelEncoder(load_encoder(bert_folder), ["O", "B-ORG"], 4)(Labelled(words=("in", "xyz"), tags=("O", "B-ORG")))
    assert cut.cut and cut.firsts == (1,)


def test_the_last_real_token_stands_for_the_text(tiny_base_folder):
    head = TaskHead(HeadConfig("classification", ("a", "b"), 4))
    hidden, mask = torch.randn(2, 5, 4), torch.tensor([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]])
    assert torch.equal(head(hidden, mask), head.output(torch.stack((hidden[0, 2], hidden[1, 4]))))
    base = load_base(tiny_base_folder)
    tuning = PrefixEncoder(PrefixConfig.for_model(base.model, 2))
    with pytest.raises(Exception, match="宽度是4"):
        HeadedModel(base.model, tuning, head)


def test_scores_of_classes_and_entities():
    assert majority(["a", "a", "b"]) == pytest.approx(66.6667, abs=1e-3)
    assert macro_f1(["a", "a", "a"], ["a", "a", "b"]) == pytest.approx(40.0)
    wanted = [["B-X", "I-X", "O"], ["B-Y", "O", "O"]]
    found = entity_scores([["B-X", "O", "O"], ["B-Y", "O", "B-X"]], wanted)  # one of three found is right, of two wanted
    assert found["precision"] == pytest.approx(33.3333, abs=1e-3) and found["recall"] == 50.0 and found["f1"] == 40.0


@pytest.mark.parametrize(
    ("arguments", "rows", "words"),
    [
        (("--labels", "good", "poor"), CLASSES, ("第4条", "“bad”不在 good、poor")),
        (("--labels", "good", "bad", "neutral"), CLASSES, ("--labels 里的“neutral”", "一条也没有")),
        ((), CLASSES[:3], ("只有一个类别“good”",)),
        ((), [{"text": 3, "label": "a"}], ("第1项", "“text”不是文字")),
        ((), [{"txt": "a", "label": "a"}], ("第1项", "没有字段“text”", "--prompt_column")),
        (("--second_column", "other"), CLASSES, ("没有字段“other”", "--second_column")),
    ],
)
def test_wrong_labels_are_one_sentence(run, arguments, rows, words):
    code, _, errors = run("--do_train", "--method", "lora", "--max_steps", 1, *arguments, rows=rows)
    assert code == 1 and len(errors.strip().splitlines()) == 1 and all(word in errors for word in words), errors


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([{"words": ["a", "b"], "tags": ["O"]}], ("有2个词、1个标签",)),
        ([{"words": ["a"], "tags": ["ORG"]}], ("“ORG”不是BIO标签",)),
        ([{"words": "a", "tags": ["O"]}], ("“words”不是词的列表",)),
    ],
)
def test_wrong_tags_are_one_sentence(run, rows, words):
    code, _, errors = run("--do_train", "--method", "lora", "--max_steps", 1, rows=rows, columns=("words", "tags"), head="token")
    assert code == 1 and all(word in errors for word in words), errors


def test_a_head_needs_training_and_fits_its_task(run, tmp_path, bert_folder):
    assert "请给出 --ptuning_checkpoint" in run("--do_predict")[2]
    assert run("--do_train", "--method", "lora", "--max_steps", 1, "--save_strategy", "no")[0] == 0
    assert "改成一样的" in run("--do_predict", "--ptuning_checkpoint", tmp_path / "out", rows=WORDS, columns=("words", "tags"), head="token")[2]
    assert "--method head 需要" in run("--do_train", "--method", "head", head="lm")[2]
    code, _, errors = run("--do_train", "--method", "lora", "--max_steps", 1, "--quantization_bit", 4, model=bert_folder)
    assert code == 1 and "编码器" in errors

"""Every method by the same facts: it trains, is saved, and computes the same in a fresh process, in the engine, and in peft."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file
from torch import nn
from transformers import LlamaConfig, LlamaForCausalLM

from ptuning.answering.engine import Engine
from ptuning.answering.requests import Request
from ptuning.base.models import load_base
from ptuning.errors import PtuningError
from ptuning.main import main
from ptuning.methods.adapted import AdaptedModel, is_trained
from ptuning.methods.registry import METHODS
from ptuning.methods.saving import export, load, save

KNOWN = {method.name: method for method in METHODS}
TRAINED = [name for name in KNOWN if name != "head"]
IN_PEFT = ["ptuning-v2", "ptuning", "prompt", "lora", "ia3"]
PROMPTS = ["2020年净利润是多少？", "负债合计大于5亿的上市公司有几家？", "甲"]
IDS = torch.tensor([[3, 1, 40, 90, 200, 61, 7], [5, 9, 2, 60, 33, 8, 100]])
FRESH = """
import sys, torch
from ptuning.base.models import load_base
from ptuning.methods.adapted import AdaptedModel
from ptuning.methods.saving import load
base, folder = load_base(sys.argv[1]), sys.argv[2]
ids = torch.tensor([[3, 1, 40, 90, 200, 61, 7], [5, 9, 2, 60, 33, 8, 100]])
with torch.inference_mode():
    found = {n: AdaptedModel(base.model, load(f"{folder}/{n}", base)).eval()(ids, torch.ones_like(ids)).logits for n in sys.argv[3:]}
torch.save(found, f"{folder}/logits.pt")
"""


@pytest.fixture(scope="module")
def base(tiny_base_folder):
    return load_base(tiny_base_folder)


def moved(base, name, **options):
    """A tuning as if it were trained: no weight is what it began with."""
    torch.manual_seed(3)
    tuning = KNOWN[name].options(**options).fresh(base)
    with torch.no_grad():
        for weight in tuning.parameters():
            weight.add_(torch.randn_like(weight) * 0.05)
    return tuning.eval()


@torch.inference_mode()
def logits(base, tuning):
    return AdaptedModel(base.model, tuning).eval()(IDS, torch.ones_like(IDS)).logits


@torch.inference_mode()
def peft_logits(folder, adapter):
    peft = pytest.importorskip("peft")
    wrapped = peft.PeftModel.from_pretrained(load_base(folder).model, adapter).eval()
    found = wrapped(input_ids=IDS, attention_mask=torch.ones_like(IDS)).logits
    return found[:, -IDS.shape[1] :]  # those of trained inputs stand before the text's


@pytest.fixture(scope="module")
def in_a_fresh_process(base, tiny_base_folder, tmp_path_factory):
    """The logits of each method's saved tuning, computed by another process."""
    folder = tmp_path_factory.mktemp("saved")
    for name in TRAINED:
        save(folder / name, moved(base, name), base.identity)
    subprocess.run([sys.executable, "-c", FRESH, tiny_base_folder, folder, *TRAINED], check=True)
    return torch.load(folder / "logits.pt", weights_only=True)


@pytest.mark.parametrize("name", TRAINED)
def test_a_saved_tuning_computes_the_same_in_a_fresh_process(base, in_a_fresh_process, name):
    wanted = logits(base, moved(base, name))
    assert (wanted - base.model(IDS).logits).abs().max() > 1e-4, "it changes something"
    assert torch.equal(in_a_fresh_process[name], wanted)


@pytest.mark.parametrize("name", IN_PEFT)
def test_peft_computes_the_same_and_its_file_comes_back(base, tiny_base_folder, tmp_path, name):
    tuning = moved(base, name)
    export(tmp_path, tuning, base, "peft")
    wanted = logits(base, tuning)
    torch.testing.assert_close(peft_logits(tiny_base_folder, tmp_path), wanted, atol=1e-5, rtol=0)
    torch.testing.assert_close(logits(base, load(tmp_path, base)), wanted, atol=1e-5, rtol=0)


@pytest.mark.parametrize("encoder", ["MLP", "LSTM"])
def test_both_encoders_of_p_tuning_reach_peft(base, tiny_base_folder, tmp_path, encoder):
    tuning = moved(base, "ptuning", ptuning_encoder=encoder, ptuning_hidden_size=16)
    export(tmp_path, tuning, base, "peft")
    torch.testing.assert_close(peft_logits(tiny_base_folder, tmp_path), logits(base, tuning), atol=1e-5, rtol=0)


def test_an_adapter_that_peft_made_is_read_as_it_stands(base, tiny_base_folder, tmp_path):
    peft = pytest.importorskip("peft")
    config = peft.LoraConfig(r=3, lora_alpha=5, use_rslora=True, target_modules=["q_proj", "down_proj"], task_type="CAUSAL_LM")
    torch.manual_seed(1)
    wrapped = peft.get_peft_model(load_base(tiny_base_folder).model, config)
    with torch.no_grad():
        for name, weight in wrapped.named_parameters():
            if "lora_B" in name:
                nn.init.normal_(weight)
    wrapped.save_pretrained(tmp_path)
    with torch.inference_mode():
        wanted = wrapped.eval()(input_ids=IDS, attention_mask=torch.ones_like(IDS)).logits
    torch.testing.assert_close(logits(base, load(tmp_path, base)), wanted, atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", ["lora", "ia3", "full"])
def test_a_merged_folder_is_a_plain_model_that_computes_the_same(base, tmp_path, name):
    tuning = moved(base, name)
    export(tmp_path / "merged", tuning, base, "merged")
    with torch.inference_mode():
        found = load_base(tmp_path / "merged").model(IDS).logits
    torch.testing.assert_close(found, logits(base, tuning), atol=1e-4, rtol=0)
    with pytest.raises(PtuningError, match=r"已有一个模型的 config\.json"):
        export(tmp_path / "merged", tuning, base, "merged")


@pytest.mark.parametrize("name", ["lora", "ia3"])
def test_layers_with_biases_are_merged_with_them(base, tmp_path, name):
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=base.model.config.vocab_size, hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=4, attention_bias=True, mlp_bias=True, max_position_embeddings=64)  # fmt: skip
    model = LlamaForCausalLM(config).requires_grad_(False).eval()
    for key, weight in model.named_parameters():
        if key.endswith("bias"):
            nn.init.normal_(weight)
    biased = replace(base, model=model, identity={"name": "biased", "fingerprint": "0"})
    tuning = moved(biased, name)
    export(tmp_path, tuning, biased, "merged")
    with torch.inference_mode():
        found = LlamaForCausalLM.from_pretrained(tmp_path)(IDS).logits
    torch.testing.assert_close(found, logits(biased, tuning), atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    ("setting", "value"), [("use_dora", True), ("bias", "all"), ("init_lora_weights", "pissa"), ("modules_to_save", ["lm_head"])]
)
def test_an_adapter_of_peft_that_is_more_than_its_products_is_refused(base, tmp_path, setting, value):
    export(tmp_path, moved(base, "lora"), base, "peft")
    path = tmp_path / "adapter_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), setting: value}), encoding="utf-8")
    with pytest.raises(PtuningError, match=f"{setting} 这里不支持"):
        load(tmp_path, base)


def test_going_on_from_a_checkpoint_takes_its_methods_learning_rate(run, tmp_path):
    assert run("--do_train", "--method", "lora", "--max_steps", 1, "--save_strategy", "no")[0] == 0
    assert run("--do_train", "--ptuning_checkpoint", tmp_path / "out", "--max_steps", 2, "--warmup_steps", 0, folder="more")[0] == 0
    state = json.loads((tmp_path / "more" / "trainer_state.json").read_text())
    assert max(entry.get("learning_rate", 0) for entry in state["log_history"]) == KNOWN["lora"].learning_rate


def test_rows_of_all_methods_share_a_batch_and_write_what_each_writes_alone(base):
    kinds = {name: moved(base, name) for name in TRAINED if name != "full"}
    engine = Engine(base.model, base.tokenizer.end_token_ids, base.tokenizer.pad_token_id)
    for name, tuning in kinds.items():
        engine.add(name, tuning)
    asked = [(name, base.tokenizer.encode(prompt)) for prompt in PROMPTS for name in (None, *kinds)]
    found = [result.ids for result in engine.run([Request(ids, name, 8) for name, ids in asked])]
    for (name, ids), written in zip(asked, found):
        text, model = list(ids), AdaptedModel(base.model, kinds[name]).eval() if name else None
        for token in written:  # each token as a whole pass of its own gives it
            row = torch.tensor([text])
            with torch.no_grad():
                scores = (model(row, torch.ones_like(row)) if model else base.model(row)).logits[0, -1]
            assert token == scores.argmax().item(), name
            text.append(token)


def test_a_model_of_its_own_is_refused_by_a_shared_engine(base):
    engine = Engine(base.model, base.tokenizer.end_token_ids, base.tokenizer.pad_token_id)
    with pytest.raises(PtuningError, match="merged"):
        engine.add("full", KNOWN["full"].options().fresh(base))


@pytest.mark.parametrize("name", TRAINED)
def test_all_that_trains_has_a_gradient_and_the_base_none(base, name):
    before = {key: weight.clone() for key, weight in base.model.state_dict().items()}
    model = AdaptedModel(base.model, moved(base, name))
    model(IDS, torch.ones_like(IDS), IDS).loss.backward()
    for key, parameter in model.named_parameters():
        assert (parameter.grad is not None) == is_trained(key) == parameter.requires_grad, key
    assert all(torch.equal(weight, before[key]) for key, weight in base.model.state_dict().items())


@pytest.fixture
def run(tmp_path, tiny_base_folder, capsys):
    rows = [{"question_prompt": prompt, "query": "C"} for prompt in PROMPTS * 4]
    (tmp_path / "rows.json").write_text(json.dumps(rows), encoding="utf-8")

    def call(*arguments, folder="out"):
        argv = ["--model_name_or_path", tiny_base_folder, "--use_cpu", "--output_dir", tmp_path / folder, "--logging_steps", 1]
        argv += ["--train_file", tmp_path / "rows.json", "--test_file", tmp_path / "rows.json", "--max_target_length", 3]
        code = main([str(word) for word in (*argv, *arguments)])
        return code, *capsys.readouterr()

    return call


@pytest.mark.parametrize("name", TRAINED)
def test_a_run_that_was_cut_off_ends_with_the_same_weights(run, tmp_path, name):
    settings = ("--do_train", "--method", name, "--max_steps", 6, "--save_steps", 3, "--resume_from_checkpoint", "auto")
    code, _, errors = run(*settings)
    assert code == 0, errors
    written = tmp_path / "out" / KNOWN[name].weights_file
    whole = load_file(written)
    (tmp_path / "out" / "checkpoint-6" / "trainer_state.json").unlink()  # as if killed while it was written
    written.unlink()
    assert run(*settings)[0] == 0
    again = load_file(written)
    assert whole.keys() == again.keys() and all(torch.equal(whole[key], again[key]) for key in whole)
    assert run("--do_predict", "--ptuning_checkpoint", tmp_path / "out")[0] == 0


def test_trained_numbers_and_their_share_are_told(run):
    _, printed, _ = run("--do_train", "--method", "lora", "--lora_r", 2, "--max_steps", 1)
    assert "可训练" in printed and "%" in printed and "LoRA" in printed


def test_lora_on_four_bits_trains_and_comes_back(run, tmp_path, tiny_base_folder):
    four = ("--quantization_bit", 4, "--max_steps", 2)
    code, _, errors = run("--do_train", "--method", "qlora", *four)
    assert code == 0, errors
    base = load_base(tiny_base_folder, quantization_bit=4)
    trained = load(tmp_path / "out", base)
    assert (logits(base, trained) - base.model(IDS).logits).abs().max() > 0
    with pytest.raises(PtuningError, match="量化的基座不能合并"):
        export(tmp_path / "merged", trained, base, "merged")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--method", "lorra"), ("--method 只能是", "lora", "lorra")),
        (("--method", "lora", "--pre_seq_len", 4), ("一次只能训练一种：前缀、LoRA",)),
        (("--method", "lora", "--lora_r", 0), ("--lora_r 至少为1",)),
        (("--method", "lora", "--lora_targets", "nonesuch"), ("没有要调整的层", "nonesuch")),
        (("--method", "prompt", "--prompt_tokens", 0), ("--prompt_tokens 至少为1",)),
        (("--method", "ptuning", "--ptuning_encoder", "GRU"), ("--ptuning_encoder 只能是 MLP、LSTM",)),
        (("--method", "ia3", "--ia3_targets", "q_proj", "--ia3_inner", "k_proj"), ("k_proj 不在 --ia3_targets",)),
        (("--method", "full", "--quantization_bit", 4), ("量化的基座不能全量微调",)),
    ],
)
def test_wrong_arguments_are_one_sentence(run, arguments, words):
    code, _, errors = run("--do_train", "--max_steps", 1, *arguments)
    assert code == 1 and len(errors.strip().splitlines()) == 1, errors
    assert all(str(word) in errors for word in words), errors


def test_a_prompt_begins_as_its_text(base):
    tuning = KNOWN["prompt"].options(prompt_text="净利润").fresh(base)
    ids = base.tokenizer.encode("净利润", add_special_tokens=False)
    assert torch.equal(tuning.inputs, base.model.get_input_embeddings().weight[ids])

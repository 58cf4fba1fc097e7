"""The rows with labels: well formed, no wording in two splits, in those that are shipped as in those that are written now."""

import json
import random
import re
from collections import Counter
from pathlib import Path

import pytest

from data.generator import labels

SHIPPED = Path(__file__).resolve().parents[2] / "data" / "labelled"


@pytest.fixture(scope="module", params=["written now", "shipped"])
def made(request, tmp_path_factory):
    if request.param == "shipped":
        return SHIPPED
    folder = tmp_path_factory.mktemp("labelled")
    labels.write(folder)
    return folder


def rows(folder, task, split):
    return [json.loads(line) for line in (folder / task / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()]


def test_tags_are_well_formed_and_every_kind_occurs(made):
    for split in labels.SIZES:
        kinds = Counter()
        for row in rows(made, "entities", split):
            assert len(row["tokens"]) == len(row["tags"]) and not any(re.search(r"\[|\]", token) for token in row["tokens"])
            for before, tag in zip(["O", *row["tags"]], row["tags"]):
                assert tag == "O" or tag[0] == "B" or before[2:] == tag[2:], row
                kinds[tag[2:]] += tag[0] == "B"
        assert set(labels.TAGS.values()) <= set(kinds)


def test_pairs_are_half_alike_and_never_the_same_text(made):
    for split in labels.SIZES:
        found = rows(made, "paraphrase", split)
        share = Counter(row["label"] for row in found)
        assert abs(share[labels.SAME] - share[labels.OTHER]) <= 0.05 * len(found)
        assert all(row["sentence1"] != row["sentence2"] for row in found)


def test_no_frame_and_no_wording_is_in_two_splits(made):
    frames = json.loads(labels.SENTENCES.read_text(encoding="utf-8"))
    patterns = [re.compile(re.sub(r"\\{\w+\\}", ".+", re.escape(frame))) for label in frames.values() for frame in label]
    homes = [{split for split in labels.SIZES for row in rows(made, "sentiment", split) if pattern.fullmatch(row["sentence"])} for pattern in patterns]
    assert all(len(home) <= 1 for home in homes) and sum(map(len, homes)) > 50
    assert {labels.split_of(text) for text, _ in labels.wordings()} == set(labels.SIZES)


def test_a_slot_that_comes_twice_is_filled_alike_and_years_rise():
    names = labels.Names(random.Random(1), ["净利润"])
    first, second = names.of("[Y1]", "Y"), names.of("[Y2]", "Y")
    assert names.of("[Y1]", "Y") == first
    assert int(re.sub(r"\D", "", second)[-2:]) == int(re.sub(r"\D", "", first)[-2:]) + 1

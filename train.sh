#!/usr/bin/env bash
# Trains the three prefixes, evaluates them, builds the sample database, answers data/test_questions.json and prints a summary.
#   bash train.sh                     everything that is not up to date
#   bash train.sh nl2sql              one stage: install | classify | keywords | nl2sql | evaluate | database | answers | summary
#   bash train.sh reader              the reader of statements, which ships trained, anew (an hour and more; not part of all)
#   MODEL=RawModels/chatglm2-6b PRE_SEQ_LEN=128 LR=2e-2 bash train.sh     the same with your own base
# Every variable below can be set from the environment. Ctrl-C leaves checkpoints; the same command goes on from there.
set -euo pipefail
cd "$(dirname "$0")"

MODEL=${MODEL:-RawModels/caibao-mini}   # base model folder
PRE_SEQ_LEN=${PRE_SEQ_LEN:-32}          # prefix length
LR=${LR:-0.2}                           # 0.2 suits the embedded 6M base; a 6B ChatGLM wants 2e-2 or less
EPOCHS=${EPOCHS:-}                      # empty: what the task's recipe says
BATCH_SIZE=${BATCH_SIZE:-16}
ACCUMULATION=${ACCUMULATION:-1}
RUNNING_STEP=${RUNNING_STEP:-}          # a fixed number of steps instead of epochs
SAVE_STEPS=${SAVE_STEPS:-200}
SEED=${SEED:-7}
QUANTIZATION_BIT=${QUANTIZATION_BIT:-0} # 8 or 4: the frozen base in fewer bits
NUM_GPUS=${NUM_GPUS:-1}                 # more than one: torchrun
OUTPUT=${OUTPUT:-output}
DATABASE=${DATABASE:-sqlite:///$PWD/$OUTPUT/company.sqlite3}
PYTHON=${PYTHON:-python3}
TORCH_INDEX_URL=${TORCH_INDEX_URL:-}    # e.g. the CPU wheel index of pytorch.org where no GPU is
export TOKENIZERS_PARALLELISM=false HF_HUB_OFFLINE=${HF_HUB_OFFLINE:-1}
[ -z "${CUDA_VISIBLE_DEVICES:-}" ] || export CUDA_VISIBLE_DEVICES

say() { printf '\n== %s\n' "$*"; }

install() {
  local stamp=.venv/installed sum
  sum=$(cat requirements.txt | cksum)
  if [ -f $stamp ] && [ "$(cat $stamp)" = "$sum" ]; then echo "安装：已是最新，跳过"; return; fi
  say "安装依赖到 .venv"
  [ -x .venv/bin/python ] || $PYTHON -m venv .venv
  .venv/bin/python -c 'import sys; v = sys.version_info; sys.exit(0 if (3, 10) <= v < (3, 14) else f"需要 Python 3.10 到 3.13，这里是 {v.major}.{v.minor}；用 PYTHON=python3.12 bash train.sh 指定")'
  .venv/bin/python -m pip install --disable-pip-version-check -q ${TORCH_INDEX_URL:+--index-url "$TORCH_INDEX_URL"} "$(grep ^torch== requirements.txt)"
  .venv/bin/python -m pip install --disable-pip-version-check -q -r requirements.txt
  echo "$sum" > $stamp
}

run() { if [ "$NUM_GPUS" -gt 1 ]; then .venv/bin/torchrun --nproc_per_node "$NUM_GPUS" -m "$@"; else .venv/bin/python -m "$@"; fi; }

# The task's recipe: epochs, longest prompt and answer (in tokens of the base).
recipe() { case $1 in classify) echo 4 96 8;; keywords) echo 2 96 64;; nl2sql) echo 2 160 160;; esac; }

train() {
  local task=$1 folder=$OUTPUT/prefix/$1 epochs source target
  read -r epochs source target <<< "$(recipe "$task")"
  local settings="$MODEL $QUANTIZATION_BIT $PRE_SEQ_LEN $LR ${EPOCHS:-$epochs} $BATCH_SIZE $ACCUMULATION $RUNNING_STEP $SEED $(cksum < "FinTrain/$task/train.json") $(cksum < "$MODEL/config.json")"
  if [ -f "$folder/prefix_config.json" ] && [ "$(cat "$folder/settings" 2>/dev/null)" = "$settings" ]; then echo "训练 $task：已是最新，跳过"; return; fi
  say "训练 $task 前缀"
  # Other settings: start anew; the same settings and an unfinished run: go on from its last checkpoint.
  [ "$(cat "$folder/started" 2>/dev/null)" = "$settings" ] || rm -rf "$folder"
  mkdir -p "$folder" && echo "$settings" > "$folder/started"

  run ptuning.main --do_train --task_name "$task" --model_name_or_path "$MODEL" \
    --train_file "FinTrain/$task/train.json" --prompt_column question_prompt --response_column query \
    --max_source_length "$source" --max_target_length "$target" --pre_seq_len "$PRE_SEQ_LEN" --learning_rate "$LR" --quantization_bit "$QUANTIZATION_BIT" \
    --num_train_epochs "${EPOCHS:-$epochs}" ${RUNNING_STEP:+--max_steps "$RUNNING_STEP"} \
    --per_device_train_batch_size "$BATCH_SIZE" --gradient_accumulation_steps "$ACCUMULATION" \
    --adam_beta2 0.95 --logging_steps 20 --save_steps "$SAVE_STEPS" --save_total_limit 2 --seed "$SEED" --output_dir "$folder" --resume_from_checkpoint auto
  mv "$folder/started" "$folder/settings"
}

agent() { local command=$1; shift; .venv/bin/python -m agent "$command" --model "$MODEL" --quantization_bit "$QUANTIZATION_BIT" --prefixes "$OUTPUT/prefix" --database "$DATABASE" "$@"; }

evaluate() {
  local stamp=$OUTPUT/scores.settings sum
  sum=$(cat "$OUTPUT"/prefix/*/settings FinTrain/*/test.json data/company_table.csv | cksum)
  if [ "$(cat "$stamp" 2>/dev/null)" = "$sum" ]; then echo "评测：已是最新，跳过"; return; fi
  say "评测（模型单独，各任务测试集）"
  agent evaluate --task classify --task keywords --task nl2sql --output "$OUTPUT/scores.json"
  echo "$sum" > "$stamp"
}

database() {
  if [ -f "$OUTPUT/company.sqlite3" ] && [ "$OUTPUT/company.sqlite3" -nt data/company_table.csv ]; then echo "样例数据库：已是最新，跳过"; return; fi
  say "建立样例数据库"; .venv/bin/python -m agent import data/company_table.csv --replace --database "$DATABASE"
}

answers() {
  local stamp=$OUTPUT/answers.settings sum
  sum=$(cat "$OUTPUT"/prefix/*/settings data/test_questions.json data/company_table.csv | cksum)
  if [ "$(cat "$stamp" 2>/dev/null)" = "$sum done" ]; then echo "批量回答：已是最新，跳过"; return; fi
  say "批量回答 data/test_questions.json"
  # Answers of other prefixes or another table are made anew; those of an interrupted run are kept.
  [ "$(cat "$stamp" 2>/dev/null)" = "$sum" ] || { rm -f "$OUTPUT/answers.jsonl"; echo "$sum" > "$stamp"; }
  agent batch data/test_questions.json -o "$OUTPUT/answers.jsonl" --trace
  agent evaluate --task answers --answers "$OUTPUT/answers.jsonl" --output "$OUTPUT/scores.json"
  echo "$sum done" > "$stamp"
}

# Rows, then passes over them until READER_MINUTES are up; stopped and started again it goes on.
reader() {
  say "训练阅读模型"
  .venv/bin/python -m pip install --disable-pip-version-check -q -r requirements-reader.txt
  [ -f "$OUTPUT/readings/pairs.txt" ] || .venv/bin/python -m data.generator readings
  .venv/bin/python -m ptuning.reader --rows "$OUTPUT/readings" --output "$OUTPUT/reader" --max_minutes "${READER_MINUTES:-130}"
  cp "$OUTPUT/readings/pairs.txt" "$OUTPUT/reader/"
}

summary() { .venv/bin/python -m agent summary --output "$OUTPUT"; }

stage=${1:-all}
case $stage in
  all) install; for task in classify keywords nl2sql; do train $task; done; database; evaluate; answers; summary;;
  install) install;;
  classify|keywords|nl2sql) install; train "$stage";;
  database) install; database;;
  evaluate) install; database; evaluate;;
  answers) install; database; answers;;
  summary) summary;;
  reader) install; reader;;
  *) echo "没有“$stage”这一步；可用：install classify keywords nl2sql evaluate database answers summary reader" >&2; exit 2;;
esac

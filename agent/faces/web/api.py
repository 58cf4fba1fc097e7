"""The API of our own: /ask, /batch, /evidence, /schema."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from agent.conversation import Conversation
from agent.faces.web.access import Of, Service, User
from agent.faces.web.jobs import LARGEST
from agent.faces.web.store import Job
from agent.faces.web.talks import REMEMBERED
from agent.faces.web.turns import as_told
from agent.figures import schema
from agent.pipeline import MAX_QUESTION
from agent.records import Trace
from agent.telling.trace import as_json

Id = Annotated[str, Path(max_length=40, pattern=r"^[\w-]+$")]


Kind = Literal["answer", "refusal", "open", "not_disclosed"]


class Error(BaseModel):
    """What went wrong, as OpenAI's clients read it."""

    message: str
    type: str
    param: str | None = None
    code: str | None = None


class Problem(BaseModel):
    error: Error


REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "请求不合要求"},
    401: {"model": Problem, "description": "没有有效的密钥"},
    403: {"model": Problem, "description": "请求来自别的网站，或没有权限"},
    413: {"model": Problem, "description": "请求太大"},
    422: {"model": Problem, "description": "字段不合要求"},
    429: {"model": Problem, "description": "太频繁，或等待的问题太多"},
    503: {"model": Problem, "description": "数据库暂时不可用，或服务正在停止"},
}
MISSING: dict[int | str, dict[str, Any]] = {404: {"model": Problem, "description": "没有，或属于别的用户"}}
router = APIRouter(responses=REFUSALS, tags=["财报问答"])


class Asked(BaseModel):
    """A question, and what the same user asked before it, where it may be a follow-up."""

    question: str = Field(
        max_length=20_000,
        description=f"问题；超过{MAX_QUESTION}字的会拒答",
        examples=["2020年净利润最高的公司是哪家？"],
    )
    history: list[Annotated[str, Field(max_length=20_000)]] = Field(
        default=[], max_length=200, description=f"同一段对话里之前问过的话，从前到后；只用最后{REMEMBERED}句"
    )
    trace: bool = Field(default=False, description="带上每一步（分类、SQL、依据…）")


class Answered(BaseModel):
    """question: as it was understood, whole; asked: as it came; readings: what an unclear one may mean (send the number as the
    next message to pick one); more fields with trace."""

    model_config = {"extra": "allow"}

    question: str
    asked: str
    answer: str
    kind: Kind
    sure: float | None = Field(default=None, description="读法对的把握，0到1")
    readings: list[str] = []


def answered(asked: str, trace: Trace, readings: Sequence[str], steps: bool) -> dict[str, Any]:
    """A trace as the API tells it."""
    row = as_json(trace, steps)
    row.pop("id")
    return row | {"asked": asked, "kind": trace.answer.kind, "readings": list(readings)}


async def _asked(of: Service, request: Request, body: Asked) -> tuple[Conversation, Trace]:
    return await of.talkers.result(
        request, lambda on_step, gone: of.talks.after(body.history, body.question, on_step, gone)
    )


@router.post("/ask", response_model=Answered, response_model_exclude_none=False, summary="问一个问题")
async def ask(request: Request, body: Asked, of: Of, user: User) -> Any:
    """回答一个问题；`history` 是同一段对话里之前问过的话。拒答也是 200，`kind` 是 `refusal`。"""
    conversation, trace = await _asked(of, request, body)
    return answered(body.question, trace, conversation.readings(), body.trace)


class Table(BaseModel):
    columns: list[str]
    rows: list[list[str | None]]
    figures: list[list[bool]] = Field(description="哪些格子是数")
    total: int
    cut: bool = Field(description="行数是否被截断")


class Place(BaseModel):
    file: str
    page: int
    section: str


class Evidence(BaseModel):
    """What an answer rests on."""

    question: str
    answer: str
    kind: Kind
    sql: str | None
    parameters: dict[str, str]
    table: Table | None = Field(description="来源行：公司全称、年份和用到的数")
    sources: list[Place] = Field(description="答案在年报里的位置")
    formulas: list[str]
    notes: list[str]


@router.post("/evidence", response_model=Evidence, summary="一个回答的依据")
async def evidence(request: Request, body: Asked, of: Of, user: User) -> Any:
    """同样的问题，给出 SQL、参数、来源行和代入了数值的公式。"""

    def work(on_step: Any, gone: Any) -> dict[str, Any]:
        conversation, trace = of.talks.after(body.history, body.question, on_step, gone)
        told = as_told(trace, conversation.pipeline.database)
        return told | {"question": trace.question.text, "answer": trace.answer.text}

    return await of.talkers.result(request, work)


class ColumnOf(BaseModel):
    name: str
    unit: str | None = Field(description="money 元，count 人，ratio，percent，text；表自己的字段没有")


class Schema(BaseModel):
    """The table that questions are asked of."""

    table: str
    columns: list[ColumnOf]
    computed: dict[str, str] = Field(description="计算指标和它的公式")
    years: list[int]
    companies: int


@router.get("/schema", response_model=Schema, summary="可以问哪些字段和年份")
def schema_of(of: Of, user: User) -> Any:
    """表的字段、计算指标、年份和公司数。"""
    pipeline = of.desk.pipeline
    columns = [{"name": name, "unit": schema.unit_of(name)} for name in pipeline.table_columns]
    return {
        "table": pipeline.database.table,
        "columns": columns,
        "computed": {name: formula.expression for name, formula in schema.formulas().items()},
        "years": list(pipeline.years),
        "companies": len(pipeline.database.companies()),
    }


class Line(BaseModel):
    """A question, or the turns of a dialogue."""

    id: int | str | None = Field(default=None, description="原样还给答案；默认是从0开始的序号")
    question: str | None = Field(default=None, max_length=20_000)
    turns: list[Annotated[str, Field(max_length=20_000)]] | None = Field(default=None, max_length=200)


class Batch(BaseModel):
    questions: list[Line] = Field(min_length=1, max_length=LARGEST)


class Progress(BaseModel):
    """A job: state is waiting, running, done or failed."""

    id: str
    created: float
    total: int
    done: int
    state: Literal["waiting", "running", "done", "failed"]
    problem: str


def _progress(job: Job) -> dict[str, Any]:
    return dict(vars(job))


@router.post("/batch", response_model=Progress, status_code=202, summary="交一批问题")
def begin(body: Batch, of: Of, user: User) -> Any:
    """一批问题在后台回答，排在人问的问题后面；服务重启会接着做。"""
    rows: list[dict[str, object]] = []
    for number, line in enumerate(body.questions):
        given = line.model_dump(exclude_none=True)
        rows.append({"id": number} | given)
    return _progress(of.jobs.begin(user, rows))


@router.get("/batch", response_model=list[Progress], summary="自己的批量任务")
def jobs(of: Of, user: User) -> Any:
    """最近的在前。"""
    return [_progress(job) for job in of.store.jobs(user)]


@router.get("/batch/{id}", response_model=Progress, responses=MISSING, summary="做到哪里了")
def progress(id: Id, of: Of, user: User) -> Any:
    """`done` 是已经答完的题数。"""
    return _progress(of.store.job(user, id))


@router.get(
    "/batch/{id}/answers",
    response_class=Response,
    responses={**MISSING, 200: {"content": {"application/jsonl": {}}, "description": "每行一个JSON"}},
    summary="到现在为止的答案",
)
def answers(id: Id, of: Of, user: User) -> Response:
    """与 `python -m agent batch --trace` 的答案文件相同，每行一个 JSON。"""
    raw = of.jobs.answers(user, id).read_bytes()
    whole = raw[: raw.rfind(b"\n") + 1]  # another line may just be written
    return Response(whole, media_type="application/jsonl")


@router.delete("/batch/{id}", status_code=204, responses=MISSING, summary="删除任务和它的答案")
def drop(id: Id, of: Of, user: User) -> None:
    """还在做的会停下。"""
    of.jobs.drop(user, id)

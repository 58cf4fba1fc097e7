"""Step 2: which columns does the question speak of? The model names key words; they are linked to columns by schema and by the table itself."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rapidfuzz import fuzz, process

from agent import prompts
from agent.figures import schema
from agent.figures.aliases import names_of
from agent.model import LanguageModel
from agent.records import ColumnMention, DecidedBy, Entities, Keywords
from agent.text import normalise

SIMILAR = 86  # rapidfuzz ratio (0-100) from which a key word is taken for a misspelt column name


def extract(model: LanguageModel, texts: Sequence[str]) -> list[tuple[str, ...]]:
    """The model's key words of each text."""
    return [prompts.split_terms(written) for written in model.write("keywords", texts)] if texts else []


class ColumnLinker:
    """Finds columns in a question: by the model's key words, and by every name that schema or table knows."""

    def __init__(self, table_columns: Collection[str]) -> None:
        names = names_of(table_columns)
        self._said, self._names = names.column, names.words

    def column(self, term: str) -> str | None:
        """The column that `term` names, a typo allowed; None where there is none."""
        term = normalise(term)
        for form in (term, term.replace("的", "")):
            if form in self._said:
                return self._said[form]
        close = (
            process.extractOne(term, self._said.keys(), scorer=fuzz.ratio, score_cutoff=SIMILAR)
            if len(term) > 3
            else None
        )
        return self._said[close[0]] if close else None

    def link(self, entities: Entities, terms: Sequence[str]) -> Keywords:
        """Columns of the question in their order.

        A rule overrides the model where it knows better from the schema: a longer name around the model's (净利润增长率, not 净利润),
        or a name that the model has left out.
        """
        spans: dict[tuple[int, int], tuple[str, DecidedBy]] = {}
        for term in terms:
            column, start = self.column(term), entities.text.find(normalise(term))
            if column and start >= 0:
                spans[start, start + len(normalise(term))] = (column, "model")
        for start, end in self._names.spans(entities.text):
            inside = [s for s in spans if start <= s[0] and s[1] <= end]
            if (start, end) in spans or any(s[0] < end and start < s[1] for s in spans if s not in inside):
                continue
            for s in inside:
                del spans[s]
            spans[start, end] = (self._said[entities.text[start:end]], "rule")
        columns = tuple(
            ColumnMention(s, e, entities.text[s:e], _of_years(entities, column), by)
            for (s, e), (column, by) in sorted(spans.items())
            if self._is_asked(entities, s, e, column)
        )
        return Keywords(tuple(terms), columns, "model" if all(c.decided_by == "model" for c in columns) else "rule")

    @staticmethod
    def _is_asked(entities: Entities, start: int, end: int, column: str) -> bool:
        """Not a part of a company's name, and not the 注册地址 of 注册地址在杭州的公司."""
        if column in schema.PLACE_COLUMNS and entities.of("place"):
            return False
        return not any(m.start < end and start < m.end for m in entities.mentions)


def _of_years(entities: Entities, column: str) -> str:
    """Growth between two years that do not follow each other is not the growth of either: both figures are needed."""
    years = entities.years
    apart = len(entities.companies) == 1 and len(years) == 2 and years[1] - years[0] > 1
    return schema.over_last_year(column)[0] if apart else column

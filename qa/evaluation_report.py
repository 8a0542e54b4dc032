"""What an evaluation found, for scripts and for people: a JSON object, TREC runs, one self-contained page."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.cite import locator, ordinal, plural, printable
from qa.errors import EvaluationError
from qa.evaluate import Estimate, Evaluation, Measurement, Outcome
from qa.questions import BEIR_REPORT
from qa.types import Passage, Span

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS = ("#4a90d9", "#e69f00", "#3cb48f", "#d9a0c0", "#a6a6a6", "#e08a4f")
"""Hues of Okabe and Ito (2008), told apart in all kinds of colour vision, light enough for an interval to be
seen on them; the first is the last mode's."""

_SHADES = ("#4a90d9", "#b9d5f2")
"""Of one mode: right first, and right among the first five."""

_SHOWN_BEFORE = 3
"""How many of the passages that came before the right one are named."""


def as_dict(measurement: Measurement) -> dict[str, Any]:
    """Return a measurement as the documented ``--json`` object; one mode alone has no level of modes."""
    modes = {evaluation.mode: _evaluation_as_dict(evaluation) for evaluation in measurement.evaluations}
    head = {"set": measurement.name, "identity": measurement.identity}
    if len(modes) == 1:
        ((mode, only),) = modes.items()
        return {**head, "mode": mode, **only}
    differences = {
        mode: {name: difference._asdict() for name, difference in measures.items()}
        for mode, measures in measurement.differences.items()
    }
    return {**head, "modes": modes, "compared_with": [*modes][-1], "differences": differences}


def write_runs(measurement: Measurement, path: Path) -> list[Path]:
    """Write what each mode ranked as a TREC run; several modes take a file each, named ``run.mode.trec``.

    Raises
    ------
    EvaluationError
        If an id cannot stand in a run, or a file cannot be written.
    """
    written: list[Path] = []
    for evaluation in measurement.evaluations:
        several = len(measurement.evaluations) > 1
        file = path.with_name(f"{path.stem}.{evaluation.mode}{path.suffix}") if several else path
        _write(
            file, "".join(line for outcome in evaluation.outcomes for line in _run(outcome, evaluation.mode))
        )
        written.append(file)
    return written


def write_report(measurement: Measurement, path: Path) -> Path:
    """Write one page that loads nothing from anywhere: tables, plots and every missed question.

    Raises
    ------
    EvaluationError
        If the plots cannot be drawn or the file cannot be written.
    """
    _write(path, render_report(measurement))
    return path


def check_outputs(*, run: Path | None, report: Path | None) -> None:
    """Check before an evaluation is run that its results can be written.

    Raises
    ------
    EvaluationError
        If a file cannot be written, or what draws the plots is not installed.
    """
    for path in filter(None, [run, report]):
        if path.is_dir() or not path.absolute().parent.is_dir():
            raise EvaluationError(f"{path} cannot be written; give a file in a folder that exists")
    if report is not None:
        _new_figure(1)


def render_report(measurement: Measurement) -> str:
    """Return the page `write_report` writes.

    Raises
    ------
    EvaluationError
        If what draws the plots is not installed.
    """
    last = measurement.evaluations[-1]
    asked = sum(last.counts.values())
    unanswerable = len(last.outcomes) - asked
    sections = [
        f"<h1>How well questions are answered</h1><p class=lead>{_text(measurement.name)}: "
        f"{_text(plural(asked, 'answerable question'))}, {unanswerable} unanswerable</p>"
        f"<p class=quiet>{_text(identity_line(measurement))}</p>"
    ]
    if asked:
        sections += [_measures(measurement), _by_type(measurement)]
    sections += [_confidence(measurement), *_misses(measurement), _notes(last)]
    body = "\n".join(f"<section>{section}</section>" for section in sections)
    return _PAGE.format(title=_text(f"Evaluation: {measurement.name}"), style=_STYLE, body=body)


def identity_line(measurement: Measurement) -> str:
    """Return what was measured and when, in one line."""
    known = measurement.identity
    model = " reranked by ".join(filter(None, [known["model"], known.get("reranker")]))
    return f"qa {known['version']} · model {model} · index {known['index']} · {known['date']}"


def _evaluation_as_dict(evaluation: Evaluation) -> dict[str, Any]:
    def values(estimates: dict[str, Estimate]) -> dict[str, float]:
        return {name: estimate.value for name, estimate in estimates.items()}

    def intervals(estimates: dict[str, Estimate]) -> dict[str, list[float]]:
        return {name: [estimate.low, estimate.high] for name, estimate in estimates.items()}

    def figure(estimate: Estimate | None) -> dict[str, float] | None:
        return None if estimate is None else estimate._asdict()

    return {
        "overall": values(evaluation.overall),
        "intervals": intervals(evaluation.overall),
        "by_type": {type_: values(estimates) for type_, estimates in evaluation.by_type.items()},
        "intervals_by_type": {type_: intervals(estimates) for type_, estimates in evaluation.by_type.items()},
        "counts": evaluation.counts,
        "missing": list(evaluation.missing),
        "unjudged": list(evaluation.unjudged),
        "refused": figure(evaluation.refused),
        "wrongly_refused": figure(evaluation.wrongly_refused),
        "auroc": figure(evaluation.auroc),
        "risk_coverage": [risk._asdict() for risk in evaluation.risks],
        "shipped": None if evaluation.shipped is None else evaluation.shipped._asdict(),
        "highlighted": evaluation.highlighted,
        "latency_ms": evaluation.latency_ms,
        "questions": [
            {
                "id": outcome.question.id,
                "type": outcome.question.type,
                "rank": outcome.rank,
                "answered": outcome.answered,
                "confidence": outcome.confidence,
                "elapsed_ms": outcome.elapsed_ms,
                **({"error": outcome.error} if outcome.error else {}),
            }
            for outcome in evaluation.outcomes
        ],
    }


def _run(outcome: Outcome, mode: str) -> Iterable[str]:
    """Yield the lines of a TREC run: ``query Q0 passage rank score tag``."""
    for rank, cited in enumerate(outcome.returned, start=1):
        ids = (outcome.question.id, cited.id.removeprefix(f"{BEIR_REPORT}:"), mode)
        for id_ in ids:
            if len(id_.split()) != 1:
                raise EvaluationError(f'A TREC run cannot hold the id "{id_}"; give ids without spaces')
        # Scores are made of ranks: programs that read runs order by score and break ties by id.
        yield f"{ids[0]} Q0 {ids[1]} {rank} {1 / rank:.6f} {mode}\n"


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        raise EvaluationError(f"{path} cannot be written ({error.strerror}); give another file") from error


def _measures(measurement: Measurement) -> str:
    evaluations = measurement.evaluations
    rows = [
        [
            _text(name),
            *(_figure(each.overall[name]) + _p_value(measurement, each, name) for each in evaluations),
        ]
        for name in evaluations[-1].overall
    ]
    rows += [
        [f"Time an answer took, {point}", *(f"{each.latency_ms[point]:.1f} ms" for each in evaluations)]
        for point in ("p50", "p95")
    ]
    table = _table(["Measure", *(_text(each.mode) for each in evaluations)], rows)
    return f"<h2>All answerable questions</h2>{table}"


def _p_value(measurement: Measurement, evaluation: Evaluation, name: str) -> str:
    difference = measurement.differences.get(evaluation.mode, {}).get(name)
    if difference is None:
        return ""
    return f"<br><span class={'sure' if difference.p < 0.05 else 'quiet'}>p {chance(difference.p)}</span>"


def _by_type(measurement: Measurement) -> str:
    last = measurement.evaluations[-1]
    names = ["Success@1", "Success@5", "Success@10", "RR@10", "R@10"]
    rows = [
        [_text(type_), str(last.counts[type_]), *(_figure(estimates[name]) for name in names)]
        for type_, estimates in last.by_type.items()
    ]
    several = len(measurement.evaluations) > 1
    caption = (
        "First passage right (Success@1)" if several else "A right passage first, and among the first five"
    )
    return (
        f"<h2>By type of question</h2><figure>{_type_chart(measurement)}<figcaption>{caption}, "
        "with 95 % intervals</figcaption></figure>"
        f"<h3>{_text(last.mode)}</h3>{_table(['Type', 'n', *names], rows)}"
    )


def _confidence(measurement: Measurement) -> str:
    head = ["", *(_text(evaluation.mode) for evaluation in measurement.evaluations)]
    labels = {
        "Unanswerable questions refused": [each.refused for each in measurement.evaluations],
        "Answerable questions refused": [each.wrongly_refused for each in measurement.evaluations],
        "AUROC of the confidence": [each.auroc for each in measurement.evaluations],
    }
    asked = sum(measurement.evaluations[-1].counts.values())
    counts = [len(measurement.evaluations[-1].outcomes) - asked, asked, 0]
    rows = [
        [label, *(_figure(each, count) if each else "<span class=quiet>none</span>" for each in estimates)]
        for (label, estimates), count in zip(labels.items(), counts, strict=True)
    ]
    text = f"<h2>Refusals and confidence</h2>{_table(head, rows)}"
    if not any(evaluation.risks for evaluation in measurement.evaluations):
        return f"{text}<p>No confidence: the answers tell none, so risk cannot be plotted.</p>"
    return (
        f"{text}<figure>{_risk_chart(measurement)}<figcaption>Share of wrong answers when only the most "
        "confident ones are given; an answer to an unanswerable question is wrong. Dots: what is answered "
        "as shipped.</figcaption></figure>"
    )


def _misses(measurement: Measurement) -> Iterable[str]:
    for evaluation in reversed(measurement.evaluations):
        missed = [outcome for outcome in evaluation.outcomes if outcome.missed]
        answered = [o for o in evaluation.outcomes if o.answered and not o.question.answerable]
        refused = [o for o in evaluation.outcomes if not o.answered and o.question.answerable and not o.error]
        shown = " open" if evaluation is measurement.evaluations[-1] else ""
        name = f" by {_text(evaluation.mode)}" if len(measurement.evaluations) > 1 else ""
        yield (
            f"<details{shown}><summary><h2>Missed{name}: {len(missed)}</h2></summary>"
            + "".join(_missed(outcome, len(outcome.returned)) for outcome in missed)
            + _listed("Unanswerable, but answered", answered)
            + _listed("Answerable, but refused", refused)
            + "</details>"
        )


def _missed(outcome: Outcome, depth: int) -> str:
    question = outcome.question
    before = outcome.returned[: min(_SHOWN_BEFORE, (outcome.rank or depth + 1) - 1)]
    if outcome.error:
        verdict = _text(outcome.error)
    elif outcome.rank is not None:
        verdict = f"right passage {ordinal(outcome.rank)}"
    else:
        verdict = "right passage not found" if outcome.right else "evidence stands in no passage"
    history = "".join(f"<p class=quiet>Asked before: {_text(earlier)}</p>" for earlier in question.history)
    wanted = "".join(_passage(passage) for passage in outcome.right)
    wanted = wanted or "".join(f"<blockquote>{_text(quote)}</blockquote>" for quote in question.quotes)
    got = (
        "".join(_passage(cited.passage, cited.citation, cited.shown_highlights) for cited in before)
        or "<p>Nothing.</p>"
    )
    return (
        f"<details class=missed><summary><span class=id>{_text(question.id)}</span>"
        f"<span class=type>{_text(question.type)}</span><span class=question>{_text(question.text)}</span>"
        f"<span class=verdict>{verdict}</span></summary>{history}<div class=pair>"
        f"<div><h4>Returned instead</h4>{got}</div><div><h4>Right</h4>{wanted}</div></div></details>"
    )


def _listed(title: str, outcomes: Sequence[Outcome]) -> str:
    if not outcomes:
        return ""
    items = "".join(
        f"<li><span class=id>{_text(o.question.id)}</span> {_text(o.question.text)}"
        + (f" <span class=quiet>confidence {o.confidence:.2f}</span>" if o.confidence is not None else "")
        + (f" <span class=quiet>first: {_text(o.returned[0].citation)}</span>" if o.returned else "")
        + "</li>"
        for o in outcomes
    )
    return f"<h3>{title}: {len(outcomes)}</h3><ul>{items}</ul>"


def _passage(passage: Passage, citation: str = "", marked: Sequence[Span] = ()) -> str:
    place = citation or f"{passage.report}, {locator(passage)}"
    words, done = "", 0
    for start, end in marked:
        words += f"{_text(passage.shown[done:start])}<mark>{_text(passage.shown[start:end])}</mark>"
        done = end
    return f"<blockquote><cite>{_text(place)}</cite>{words}{_text(passage.shown[done:])}</blockquote>"


def _notes(evaluation: Evaluation) -> str:
    notes = [
        "A question without results counts 0; none is dropped. In brackets: 95 % bootstrap intervals over "
        "questions. p: two-sided paired randomisation test against the last mode, not corrected for the "
        "number of tests."
    ]
    for ids, said in (
        (evaluation.missing, "Evidence of these questions stands in no passage"),
        (evaluation.unjudged, "Nothing is known of the answers to these, so they are not asked"),
    ):
        notes += (
            [f"{said} ({len(ids)}): {_text(', '.join(ids[:50]))}{' …' if len(ids) > 50 else ''}."]
            if ids
            else []
        )
    if evaluation.highlighted is not None:
        notes.append(
            f"Of the right passages in first place, {evaluation.highlighted:.0%} have a marked sentence that "
            "holds the quote or half its words."
        )
    return "<h2>Notes</h2>" + "".join(f"<p>{note}</p>" for note in notes)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    cells = "".join(f"<th>{cell}</th>" for cell in head)
    lines = "".join(
        f"<tr><th>{first}</th>{''.join(f'<td>{cell}</td>' for cell in rest)}</tr>" for first, *rest in rows
    )
    return f"<div class=wide><table><thead><tr>{cells}</tr></thead><tbody>{lines}</tbody></table></div>"


def _figure(estimate: Estimate, count: int = 0) -> str:
    """Return a figure, its interval, and for a share how many of `count` it is."""
    share = f"{estimate.value * count:.0f} of {count} " if count else ""
    interval = f"[{estimate.low:.2f}–{estimate.high:.2f}]"
    return f"{estimate.value:.3f} <span class=quiet>{share}{interval}</span>"


def chance(p: float) -> str:
    """Return a p-value as people print it."""
    return "<.001" if p < 0.001 else f"{p:.3f}".removeprefix("0")


def _text(value: str) -> str:
    return escape(printable(value))


def _new_figure(height: float) -> Figure:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise EvaluationError(
            "matplotlib, which draws the plots of a report, is not installed; run: pip install 'qa[report]'"
        ) from error
    return Figure(figsize=(10, height), layout="constrained")


def _type_chart(measurement: Measurement) -> str:
    """Return bars of each type of question, and of all: a bar a mode, or two of Success for one mode."""
    *others, last = measurement.evaluations
    series = [(each, "Success@1", each.mode) for each in measurement.evaluations]
    if not others:
        series = [(last, "Success@1", "first"), (last, "Success@5", "among the first five")]
    groups = ["all", *last.by_type] if list(last.by_type) != ["all"] else ["all"]
    figure = _new_figure(0.9 + len(groups) * (0.12 + 0.15 * len(series)))
    axes = figure.subplots()
    thick = 0.82 / len(series)
    for number, (evaluation, name, label) in enumerate(series):
        bars = [evaluation.overall, *(evaluation.by_type[group] for group in groups[1:])]
        figures = [bar[name] for bar in bars]
        axes.barh(
            [place + (number - (len(series) - 1) / 2) * thick for place in range(len(groups))],
            [each.value for each in figures],
            height=thick * 0.88,
            color=_colour(number, len(series)) if others else _SHADES[number],
            label=_plain(label),
            xerr=[[e.value - e.low for e in figures], [e.high - e.value for e in figures]],
            error_kw={"elinewidth": 0.9, "ecolor": "#111", "capsize": 2},
        )
    asked = [sum(last.counts.values()), *(last.counts[group] for group in groups[1:])]
    labels = [f"{_plain(group)} ({count})" for group, count in zip(groups, asked, strict=True)]
    axes.set_yticks(range(len(groups)), labels, parse_math=False)
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    _finish(axes, grid="x")
    return _svg(figure, axes, "Bar chart of success by type of question", columns=len(series))


def _risk_chart(measurement: Measurement) -> str:
    figure = _new_figure(3.6)
    axes = figure.subplots()
    for number, evaluation in enumerate(measurement.evaluations):
        if evaluation.risks:
            colour = _colour(number, len(measurement.evaluations))
            axes.plot(
                *zip(*evaluation.risks, strict=True), color=colour, label=_plain(evaluation.mode), lw=1.6
            )
            if evaluation.shipped is not None:
                axes.plot(*evaluation.shipped, "o", color=colour, ms=6)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, None)
    axes.set_xlabel("coverage: share of the questions answered")
    axes.set_ylabel("risk: share of these wrong")
    _finish(axes, grid="both")
    return _svg(figure, axes, "Risk against coverage", columns=len(measurement.evaluations))


def _colour(number: int, count: int) -> str:
    return _COLOURS[(count - 1 - number) % len(_COLOURS)]


def _plain(label: str) -> str:
    """Return a label that is drawn as it is: no mathematics, and not hidden from the legend."""
    return printable(label).replace("$", r"\$").removeprefix("_") or "?"


def _finish(axes: Axes, *, grid: str) -> None:
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.grid(axis=grid, color="#ddd", lw=0.6)  # type: ignore[arg-type]
    axes.set_axisbelow(True)


def _svg(figure: Figure, axes: Axes, title: str, *, columns: int) -> str:
    """Return a figure as SVG to stand in a page: words stay words, nothing is linked."""
    import matplotlib as mpl

    if columns > 1:
        axes.figure.legend(loc="outside upper left", ncols=columns, frameon=False)
    file = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": title, "font.family": "sans-serif"}):
        figure.savefig(
            file, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
        )
    drawn = file.getvalue()
    named = f'<svg role="img" aria-label="{escape(title)}" '
    return drawn[drawn.index("<svg") :].replace("<svg ", named, 1)


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>{style}</style></head>
<body><main>
{body}
</main></body></html>
"""

_STYLE = """
body { margin: 0; background: #f5f5f2; color: #222; font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 70rem; margin: 0 auto; padding: 1.5rem; }
section { background: #fff; border: 1px solid #e2e2dc; border-radius: 6px; }
section { padding: 1rem 1.5rem; margin: 1rem 0; }
h1 { font-size: 1.7rem; margin: .3rem 0; } h2 { font-size: 1.2rem; margin: .3rem 0 .8rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 .4rem; } h4 { font-size: .85rem; margin: .4rem 0; color: #555; }
.lead { font-size: 1.1rem; margin: .2rem 0; }
.quiet { color: #666; font-size: .85em; } .sure { font-weight: 600; font-size: .85em; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; white-space: nowrap; }
th, td { padding: .3rem 1.2rem .3rem 0; border-bottom: 1px solid #eee; }
td .quiet { display: block; } td .quiet + br { display: none; }
tbody th { font-weight: 400; } thead th { border-bottom: 2px solid #ccc; }
figure { margin: 1rem 0; } figcaption { color: #555; font-size: .9rem; }
svg { max-width: 100%; height: auto; }
summary { cursor: pointer; } summary h2 { display: inline; }
.missed { border-top: 1px solid #eee; padding: .4rem 0; }
.missed > summary { display: grid; grid-template-columns: 5rem 7rem 1fr 14rem; gap: .6rem; }
.id { font-family: ui-monospace, monospace; font-size: .85em; color: #666; } .type { color: #666; }
.verdict { text-align: right; color: #a33; }
.missed > summary .id::before { content: '▸ '; } .missed[open] > summary .id::before { content: '▾ '; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 1.5rem; }
blockquote { margin: 0 0 .8rem; padding-left: .8rem; border-left: 3px solid #ccc; font-size: .92rem; }
blockquote { white-space: pre-line; overflow-wrap: anywhere; }
mark { background: #fff1b8; color: inherit; }
cite { display: block; font-style: normal; font-weight: 600; font-size: .85rem; }
@media (max-width: 45rem) {
  .pair, .missed > summary { grid-template-columns: 1fr; }
  .verdict { text-align: left; }
}
"""

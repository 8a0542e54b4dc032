"""What the commands print: answers, passages, findings, reports and measures as text for a terminal."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from qa.cite import (
    PATH_SEPARATOR,
    also_in_words,
    expansion_in_words,
    explanation_in_words,
    found_in_words,
    notes_in_words,
    on_one_line,
    plural,
    printable,
    verdict_in_words,
)
from qa.types import (
    Answer,
    BuildReport,
    CitedPassage,
    FileOutcome,
    Finding,
    Kind,
    Passage,
    ReportSummary,
    Span,
)

if TYPE_CHECKING:
    from qa.confidence import Fit
    from qa.evaluate import Evaluation, Measurement
    from qa.inspection import DroppedGroup, Inspection

BAR = "▌"
"""Stands in the margin of the lines that hold the best sentence."""

_MOST_FILES = 40
"""Files that each have a line in the table of what was indexed."""

_WIDEST_NAME = 60


def answer_text(answer: Answer, *, explained: bool = False, nearest: bool = False) -> str:
    """Return the passages, or what is said where nothing answers, and how the question was understood."""
    notes = [printable(note) for note in answer.notes]
    if explained and answer.query is not None:
        notes += [printable(expansion_in_words(expansion)) for expansion in answer.query.expansions]
    if answer.answered and answer.reason:
        notes.append(printable(verdict_in_words(answer)))
    parts = [] if answer.answered else [printable(_refusal(answer, nearest=nearest))]
    for each in answer.passages if answer.answered or nearest else ():
        parts.append(passage_text(each, numbered=True))
        if explained and each.explanation is not None:
            parts[-1] += f"\n    ({printable(explanation_in_words(each.explanation))})"
    return "\n\n".join([*parts, *(["\n".join(notes)] if notes else [])])


def _refusal(answer: Answer, *, nearest: bool) -> str:
    lines = [verdict_in_words(answer), f"Searched: {answer.searched}."]
    if answer.passages:
        lines.append("Nearest, not an answer:" if nearest else "For the nearest passages add --nearest.")
    return "\n".join(lines)


def passage_text(cited: CitedPassage, *, numbered: bool) -> str:
    """Return the citation line, then the words wrapped to the terminal with the best sentence marked.

    Below stand where else the same is said, and the footnotes that the passage calls.
    """
    rank = f"{cited.rank}. " if numbered else ""
    head = _styled(printable(f"{rank}{cited.citation}"), "1") + printable(f"  [{cited.id}]")
    shown = printable(cited.shown)
    lines: list[str] = []
    width = max(20, min(shutil.get_terminal_size().columns, 100) - 4)
    for line in _wrapped(shown, width):
        marked = [
            Span(max(line.start, span.start), min(line.end, span.end)) for span in cited.shown_highlights
        ]
        marked = [span for span in marked if span.start < span.end]
        lines.append(f"  {BAR if marked else ' '} {_with_marks(shown, line, marked)}".rstrip())
    also = printable(also_in_words(cited))
    notes = [
        f"    {note[line.start : line.end]}".rstrip()
        for note in map(printable, notes_in_words(cited))
        for line in _wrapped(note, width)
    ]
    return "\n".join([head, *lines, *([f"    {also}"] if also else []), *notes])


def _wrapped(text: str, width: int) -> Iterable[Span]:
    """Return the lines a text takes, as offsets into it; a line feed in the text ends a line."""
    start = 0
    for paragraph in text.split("\n"):
        end_of_paragraph = start + len(paragraph)
        while end_of_paragraph - start > width:
            cut = text.rfind(" ", start + 1, start + width + 1)
            end = cut if cut > start else start + width
            yield Span(start, end)
            start = end + (cut > start)
        yield Span(start, end_of_paragraph)
        start = end_of_paragraph + 1


def _with_marks(text: str, line: Span, marked: Sequence[Span]) -> str:
    pieces: list[str] = []
    done = line.start
    for span in marked:
        pieces += [text[done : span.start], _styled(text[span.start : span.end], "1;4")]
        done = span.end
    return "".join([*pieces, text[done : line.end]])


def finding_text(finding: Finding) -> str:
    """Return the counts, then every passage with the words that were searched for marked."""
    if not finding.passages:
        return printable(found_in_words(finding))
    lines = [found_in_words(finding)]
    for report, count in finding.by_report:
        lines += ["", f"{count:>5}  {report.short_title}  [{report.id}]"]
        lines += [
            f"{part.passages:>10}  {PATH_SEPARATOR.join(part.section) or 'under no heading'}"
            for part in finding.by_section
            if part.report.id == report.id
        ]
    head, *counts = (printable(line) for line in lines)
    passages = "\n\n".join(passage_text(each, numbered=True) for each in finding.passages)
    return "\n".join([_styled(head, "1"), *counts, "", passages])


def summary_text(summary: ReportSummary) -> str:
    """Return what a report is and how many passages of each kind it has."""
    report = summary.report
    origin = ", ".join(filter(None, [report.publisher, report.date, report.kind]))
    lines = [f"{_styled(report.id, '1')}  {printable(report.title)}"]
    lines += [f"  {printable(origin)}"] if origin else []
    lines.append(f"  file: {printable(report.path)}")
    return "\n".join([*lines, *_counted(summary.counts)])


def _counted(counts: dict[Kind, int]) -> list[str]:
    """Return a line a kind of passage with how many there are; that of numbered paragraphs always."""
    return [
        f"  {count:>5}  {kind.value if count == 1 else _plural_kind(kind)}"
        for kind, count in ({Kind.NUMBERED: 0} | counts).items()
    ]


def build_text(built: BuildReport) -> str:
    """Return a line a file: its format, its pages, its paragraphs, and what is wrong with it.

    Of more than 40 files only those with which something is wrong have a line, and all are counted together.
    """
    files = built.files
    if len(files) > _MOST_FILES:
        files = tuple(file for file in files if file.warnings or file.reason)
    rows = [("file", "format", "pages", "numbered", "other", "")]
    rows += [_file_row(file) for file in files]
    if len(built.files) > _MOST_FILES:
        read = [file for file in built.files if file.reason is None]
        numbered, others = sum(file.numbered for file in read), sum(file.others for file in read)
        pages = sum(file.pages or 0 for file in read)
        left_out = len(built.files) - len(read)
        row = (f"all {len(built.files)} files", "", f"{pages}", f"{numbered}", f"{others}")
        rows.append((*row, f"{left_out} left out" if left_out else ""))
    name = min(_WIDEST_NAME, max(len(row[0]) for row in rows))
    kind = max(len(row[1]) for row in rows)
    return "\n".join(
        f"{_shortened(file, name):<{name}}  {form:<{kind}}{pages:>7}{numbered:>10}{others:>7}  {say}".rstrip()
        for file, form, pages, numbered, others, say in rows
    )


def _file_row(file: FileOutcome) -> tuple[str, str, str, str, str, str]:
    name, kind = on_one_line(file.file), file.format or "–"
    if file.reason is not None:
        same = f"has the same content as {file.same_as}" if file.same_as else file.reason
        return name, kind, "–", "–", "–", on_one_line(same)
    wrong = plural(len(file.warnings), "warning") if file.warnings else ""
    return (
        name,
        kind,
        "–" if file.pages is None else f"{file.pages}",
        f"{file.numbered}",
        f"{file.others}",
        wrong,
    )


def _shortened(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def inspection_text(inspection: Inspection) -> str:
    """Return the outline of a file as a tree, then its counts, what looks wrong and what was left out."""
    width = max(40, shutil.get_terminal_size().columns)
    report = inspection.report
    pages = "" if inspection.pages is None else f", {plural(inspection.pages, 'page')}"
    told = ", ".join(filter(None, [report.publisher, report.date, report.authority, report.inspected]))
    lines = [f"{inspection.path}: {inspection.format}{pages}", report.title, *([told] if told else [])]
    lines = [_shortened(on_one_line(line), width) for line in lines]
    opening = len(lines)
    above: tuple[str, ...] = ()
    for passage in inspection.passages:
        shared = 0
        while shared < min(len(above), len(passage.section)) and above[shared] == passage.section[shared]:
            shared += 1
        if passage.section != above or len(lines) == opening:
            lines.append("")
        for level, heading in enumerate(passage.section[shared:], start=shared):
            lines.append(_styled(_shortened("  " * level + on_one_line(heading), width), "1"))
        above = passage.section
        lines.append(_shortened(f"{'  ' * len(above)}{_outline_line(passage)}", width))
    lines += ["", *_counted(inspection.counts)]
    if Kind.NUMBERED in inspection.counts and not (inspection.gaps or inspection.repeats):
        lines.append("         no gaps, no repeats")
    wrong = [*inspection.warnings, *inspection.gaps, *inspection.repeats]
    lines += ["", *(on_one_line(f"Warning: {sentence}") for sentence in wrong)] if wrong else []
    groups = inspection.dropped_groups
    if groups:
        lines += ["", "Left out:"]
        lines += [_shortened(printable(_dropped_line(group)), width) for group in groups[:_MOST_FILES]]
        lines += [f"  and {len(groups) - _MOST_FILES} more"] if len(groups) > _MOST_FILES else []
    return "\n".join(lines)


def _outline_line(passage: Passage) -> str:
    """Return the number or kind of a passage, its page, and its words in one line."""
    name = passage.number or (f"note {passage.marker}" if passage.marker else passage.kind.value)
    place = "" if passage.page is None else f"  p. {passage.page.shown}"
    return printable(f"{name:<5}{place}  {' '.join(passage.shown.split())}")


def _dropped_line(group: DroppedGroup) -> str:
    where = plural(group.pages, "page") if group.pages else plural(group.times, "time")
    return f"  {group.reason}, {where}: “{' '.join(group.text.split())}”"


def evaluation_text(measurement: Measurement) -> str:
    """Return the table of one evaluation by type, or of several side by side, and what else was measured."""
    from qa.evaluation_report import identity_line

    several = len(measurement.evaluations) > 1
    lines = _comparison(measurement) if several else _by_type(measurement.evaluations[0])
    for evaluation in measurement.evaluations:
        lines += ["", *(_refusals_and_time(evaluation, f"{evaluation.mode}: " if several else ""))]
    last = measurement.evaluations[-1]
    if any(outcome.question.quotes for outcome in last.outcomes):
        lost = f"; not for {', '.join(last.missing)}" if last.missing else ""
        whole = sum(last.counts.values()) - len(last.missing)
        lines.append(f"Every quote stands whole in a ranked passage for {plural(whole, 'question')}{lost}.")
    if last.unjudged:
        lines.append(
            f"Not asked, because nothing is known of the answer: {plural(len(last.unjudged), 'question')}."
        )
    failed = [outcome for outcome in last.outcomes if outcome.error]
    if failed:
        lines.append(
            f"Could not be asked and count 0: {plural(len(failed), 'question')}, such as "
            f"{failed[0].question.id} ({failed[0].error})."
        )
    return printable("\n".join([*lines, identity_line(measurement)]).lstrip("\n"))


def _by_type(evaluation: Evaluation) -> list[str]:
    """Return a row for all questions, its 95 % interval, and a row a type."""
    if not evaluation.overall:
        return []
    estimates = evaluation.overall
    width = max(14, 2 + max(map(len, evaluation.by_type)))
    count = sum(evaluation.counts.values())
    lines = [f"{'':<{width}}{'n':>5}" + "".join(f"{name:>12}" for name in estimates)]
    rows = [("all", f"{count}", [each.value for each in estimates.values()])]
    rows.append(("  95 % from", "", [each.low for each in estimates.values()]))
    rows.append(("  to", "", [each.high for each in estimates.values()]))
    if len(evaluation.by_type) > 1:
        rows += [
            (name, f"{evaluation.counts[name]}", [each.value for each in of_type.values()])
            for name, of_type in evaluation.by_type.items()
        ]
    lines += [
        f"{name:<{width}}{number:>5}" + "".join(f"{value:>12.3f}" for value in values)
        for name, number, values in rows
    ]
    return lines


def _comparison(measurement: Measurement) -> list[str]:
    """Return a row a measure and a column a mode, with intervals and p-values against the last mode."""
    from qa.evaluation_report import chance

    evaluations = measurement.evaluations
    count = sum(evaluations[-1].counts.values())
    lines = [
        f"{f'n = {count}':<12}" + "".join(f"{evaluation.mode:<28}" for evaluation in evaluations).rstrip()
    ]
    for name in evaluations[-1].overall:
        cells: list[str] = []
        for evaluation in evaluations:
            value, low, high = evaluation.overall[name]
            difference = measurement.differences.get(evaluation.mode, {}).get(name)
            p = f"p {chance(difference.p)}" if difference else ""
            cells.append(f"{f'{value:.3f} [{low:.2f} {high:.2f}] {p}':<28}")
        lines.append(f"{name:<12}{''.join(cells)}".rstrip())
    last = evaluations[-1].mode
    lines.append(f"In brackets: 95 % intervals. p: paired randomisation test against {last}, uncorrected.")
    return lines


def _refusals_and_time(evaluation: Evaluation, name: str) -> list[str]:
    asked = sum(evaluation.counts.values())
    shares = [
        f"{share.value:.1%} of {count} {kind}"
        for share, count, kind in (
            (evaluation.refused, len(evaluation.outcomes) - asked, "unanswerable"),
            (evaluation.wrongly_refused, asked, "answerable"),
        )
        if share is not None
    ]
    confidence = "no confidence"
    if evaluation.auroc is not None:
        value, low, high = evaluation.auroc
        confidence = f"AUROC of the confidence {value:.3f} [{low:.2f} {high:.2f}]"
    time = ", ".join(f"{point} {value:.1f} ms" for point, value in evaluation.latency_ms.items())
    lines = [f"{name}refused {' and '.join(shares)} questions; {confidence}; time an answer took: {time}"]
    if evaluation.highlighted is not None:
        lines.append(
            f"{name}a marked sentence holds the quote, or half its words, in {evaluation.highlighted:.1%} "
            "of the right passages in first place"
        )
    return lines


def calibration_text(fit: Fit) -> str:
    """Return what was fitted, and how it judges the questions it was fitted to and those left out."""
    found = fit.calibration
    shares = [
        ("AUROC of the confidence", f"{fit.fitted.auroc:.3f}", f"{fit.cross_validated.auroc:.3f}"),
        ("unanswerable refused", f"{fit.fitted.refused:.1%}", f"{fit.cross_validated.refused:.1%}"),
        (
            "answerable refused",
            f"{fit.fitted.wrongly_refused:.1%}",
            f"{fit.cross_validated.wrongly_refused:.1%}",
        ),
    ]
    weights = ", ".join(f"{name} {weight:+.2f}" for name, weight in found.to_dict()["weights"].items())
    return printable(
        "\n".join(
            [
                f"Fitted to {found.answerable} answerable and {found.unanswerable} unanswerable questions",
                f"{'':<26}{'fitted':>10}{'cross-validated':>18}",
                *(f"{name:<26}{fitted:>10}{left_out:>18}" for name, fitted, left_out in shares),
                f"Refused below {found.refuse_below:.4f}, strong from {found.strong_from:.4f}; "
                f"a cosine counts from {found.scale.floor:.3f} to {found.scale.ceiling:.3f}",
                f"Weights: {weights}; intercept {found.intercept:+.2f}",
                f"model {found.model} · weights {found.fingerprint[:12]} · {found.date}",
            ]
        )
    )


def _plural_kind(kind: Kind) -> str:
    return kind.value if kind in {Kind.FRONT_MATTER, Kind.CLOSING} else f"{kind.value}s"


def contents_text(summaries: Sequence[ReportSummary]) -> str:
    """Return how many reports and passages there are."""
    passages = sum(sum(summary.counts.values()) for summary in summaries)
    return f"{plural(len(summaries), 'report')}, {plural(passages, 'passage')}"


def _styled(text: str, style: str) -> str:
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return text
    return f"\x1b[{style}m{text}\x1b[0m"

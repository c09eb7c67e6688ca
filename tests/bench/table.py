"""What was measured, as one table: for reading on a terminal, and in Markdown."""

import statistics
from dataclasses import dataclass, field

from goals import FLOOR, OURS, best_peer
from lab import Sample
from rows import Line, Row

NOISY_SPREAD = 0.15  # (max - min) / median, without the outer tenths where there are many runs
NOISY_OTHERS = 0.10  # of the time, others ran on the server's processor
TIMES = ('µs', 'ms', 'RTT')  # what others disturb by that


@dataclass
class Column:
    """All runs of one server for one row."""

    samples: list[Sample] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def good(self) -> list[Sample]:
        return [s for s in self.samples if not s.troubles]

    def values(self, line: Line) -> list[float]:
        return [s.values[line.key] for s in self.good if line.key in s.values]

    def is_spoiled(self, line: Line) -> bool:
        """Runs there were, and none that may be used."""
        return not self.values(line) and bool(self.failures or len(self.good) < len(self.samples))

    def others_share(self) -> float:
        return max((s.others_share for s in self.good), default=0.0)

    def is_noisy(self, line: Line) -> bool:
        values = sorted(self.values(line))
        values = values[len(values) // 10:len(values) - len(values) // 10]
        if len(values) < 2:
            return line.unit in TIMES and self.others_share() > NOISY_OTHERS
        return values[-1] - values[0] > NOISY_SPREAD * abs(statistics.median(values))


Results = dict[str, Column]  # by server, for one row


def number(value: float) -> str:
    size = abs(value)
    if size >= 100:
        return '%.0f' % value
    return '%.1f' % value if size >= 20 else '%.2f' % value


def cell(column: Column | None, line: Line) -> str:
    """Median and, of several runs, least and most; `~` noisy, `!` runs were left out."""
    if column is None:
        return '–'
    values = column.values(line)
    if not values:
        return 'spoiled' if column.is_spoiled(line) else '–'
    text = number(statistics.median(values))
    if len(values) > 1:
        text += ' (%s–%s)' % (number(min(values)), number(max(values)))
    if column.is_noisy(line):
        text += ' ~'
    if len(column.good) < len(column.samples) or column.failures:
        text += ' !'
    return text


def medians(results: Results, line: Line) -> dict[str, float]:
    return {name: statistics.median(column.values(line)) for name, column in results.items()
            if column.values(line)}


def verdict(line: Line, found: dict[str, float]) -> str:
    told = []
    for goal in line.goals:
        met = goal.is_met(found)
        told.append({True: 'yes', False: 'NO', None: '?'}[met])
    return ', '.join(told)


def ratio(above: float | None, below: float | None) -> str:
    return '%.2f' % (above / below) if above is not None and below else '–'


HEAD = ['', 'what', 'unit']
TAIL = ['best peer ÷ ours', 'ours ÷ floor', 'goal', 'met']


def cells(rows: list[Row], results: dict[str, Results], names: list[str]) -> list[list[str]]:
    out = [HEAD + names + TAIL]
    for row in rows:
        for line in row.lines:
            found = medians(results[row.name], line)
            compared = found if line.less_is_better else {}
            out.append([
                row.name if line is row.lines[0] else '', line.text, line.unit,
                *(cell(results[row.name].get(name), line) for name in names),
                ratio(best_peer(compared), compared.get(OURS)),
                ratio(compared.get(OURS), compared.get(FLOOR)),
                ', '.join(goal.text() for goal in line.goals),
                verdict(line, found),
            ])
    return out


def noise(column: Column) -> str:
    share = column.others_share()
    return ' (others had %.0f %% of its processor)' % (100 * share) if share > NOISY_OTHERS else ''


def remarks(rows: list[Row], results: dict[str, Results]) -> list[str]:
    """Every run that was left out, and whose figures are not steady."""
    out = []
    for row in rows:
        columns = results[row.name].items()
        for name, column in columns:
            told = column.failures + ['; '.join(s.troubles) for s in column.samples if s.troubles]
            out += ['%s %s: a run left out: %s' % (row.name, name, text) for text in told]
        noisy = [name + noise(column) for name, column in columns
                 if any(column.is_noisy(line) for line in row.lines)]
        if noisy:
            out.append('%s noisy: %s' % (row.name, ', '.join(noisy)))
    return out


def as_text(table: list[list[str]]) -> str:
    widths = [max(len(row[at]) for row in table) for at in range(len(table[0]))]
    lines = ['  '.join(text.ljust(width) for text, width in zip(row, widths)).rstrip()
             for row in table]
    lines.insert(1, '-' * max(len(line) for line in lines))
    return '\n'.join(lines)


def as_markdown(table: list[list[str]]) -> str:
    lines = ['| ' + ' | '.join(row) + ' |' for row in table]
    lines.insert(1, '|' + '---|' * len(table[0]))
    return '\n'.join(lines)

"""The bar that users pass as `progress=`: on a terminal, in a notebook, and silent elsewhere."""

import io

import nbformat
import pytest
from nbclient import NotebookClient

import matcher
from matcher import ProgressBar
from matcher.base import Progress
from matcher.show.progressbar import drawn, fraction


class Terminal(io.StringIO):
    def isatty(self):
        return True


def round_of_pricing(number, value, bound):
    return Progress("price", number, None, value, bound, value - bound)


def test_a_terminal_shows_phase_round_value_bound_and_gap():
    terminal = Terminal()
    ProgressBar(terminal)(round_of_pricing(3, 2_000, 1_990))
    assert terminal.getvalue() == "\r[####........] pricing  round 3  value 2,000  bound 1,990  gap 0.5 %"


def test_the_same_in_chinese():
    terminal = Terminal()
    ProgressBar(terminal, lang="zh")(round_of_pricing(3, 2_000, 1_990))
    assert "定价  第 3 轮  值 2,000  界 1,990  差距 0.5 %" in terminal.getvalue()


def test_a_closed_gap_is_always_shown_and_ends_the_line():
    terminal = Terminal()
    bar = ProgressBar(terminal)
    for report in (round_of_pricing(1, 9_000, 2_000), round_of_pricing(2, 5_000, 5_000)):
        bar(report)
    last = terminal.getvalue().rpartition("\r")[2]
    assert last.startswith("[############] pricing  round 2  value 5,000  bound 5,000  gap 0 %")
    assert last.endswith("\n")


def test_a_new_phase_begins_a_new_line_and_leaving_ends_the_last():
    terminal = Terminal()
    with ProgressBar(terminal) as bar:
        bar(Progress("bounds", 1, 4))
        bar(Progress("joint", 2, 4))
    lines = terminal.getvalue().split("\n")
    assert lines == ["\r[###.........] bounds  1/4", "\r[######......] both levels together  2/4", ""]


def test_nothing_is_written_where_nobody_watches():
    log = io.StringIO()
    with ProgressBar(log) as bar:
        bar(round_of_pricing(1, 2, 1))
    assert log.getvalue() == ""


def test_the_bar_fills_with_steps_or_with_digits_of_the_gap():
    assert fraction(Progress("bounds", 1, 4)) == 0.25
    assert fraction(Progress("arcs")) == 0.0
    assert fraction(round_of_pricing(1, 1_000, 999)) == pytest.approx(0.5)
    assert fraction(round_of_pricing(1, 10**12, 10**12 - 1)) == 0.99
    assert fraction(round_of_pricing(1, 10, -10)) == 0.0
    assert drawn(round_of_pricing(1, 7, 7)) == "#" * 12


def test_long_work_takes_it_as_its_callback():
    terminal = Terminal()
    market = matcher.Market.from_matrix([[4, 1], [2, 3]])
    matching = matcher.match(market, progress=ProgressBar(terminal))
    assert matching.status == "optimal"
    assert "level" in terminal.getvalue()


@pytest.mark.filterwarnings("ignore")  # the kernel's own start-up warns
def test_a_notebook_shows_one_output_that_is_updated():
    code = (
        "import matcher\n"
        "bar = matcher.ProgressBar()\n"
        "bar(matcher.base.Progress('price', 1, None, 2000, 1990, 10))\n"
        "bar(matcher.base.Progress('price', 2, None, 1995, 1995, 0))\n"
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    NotebookClient(notebook, timeout=120).execute()
    (output,) = notebook.cells[0].outputs
    assert output.output_type == "display_data"
    assert "<progress max='1' value='1.000'>" in output.data["text/html"]
    assert "round 2  value 1,995  bound 1,995  gap 0 %" in output.data["text/html"]

"""Children of the pool: what they are given comes back, they cannot be confused, and none is left over."""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

import matcher
from matcher.base.progress import Budget, CancelToken
from matcher.executors import pool as pools
from matcher.executors.child import call
from matcher.executors.frames import MAGIC, BrokenFrame, receive, send
from matcher.executors.pool import pool
from matcher.executors.team import call_all

JOB = "matcher.executors.jobs.echo"
ROOT = Path(matcher.__file__).parent.parent
needs_children = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")

ARRAYS = {
    "whole": np.arange(7),
    "none": np.zeros((0, 3), np.int64),
    "grid": np.arange(6.0).reshape(2, 3).T,
    "flags": np.array([True, False]),
    "text": np.array(["a", "七彩假期"]),
    "one": np.array(3),
    "small": np.arange(3, dtype=np.int8),
}


def framed(word="word", arrays=ARRAYS):
    pipe = io.BytesIO()
    send(pipe, word, arrays)
    return pipe.getvalue()


def same(left, right):
    return left.keys() == right.keys() and all(
        np.array_equal(left[name], right[name]) and left[name].dtype == right[name].dtype for name in left
    )


# --- frames ----------------------------------------------------------------------------------------------------------


def test_a_frame_comes_back_as_it_was():
    pipe = io.BytesIO(framed() + framed("next", {}))
    word, arrays = receive(pipe)
    assert word == "word"
    assert same(arrays, ARRAYS)
    assert receive(pipe) == ("next", {})
    assert receive(pipe) is None


@pytest.mark.parametrize("noise", [b"a line\n", MAGIC[:4], MAGIC[:-1] + b"x", b"\x00" * 5000])
def test_noise_before_a_frame_is_passed_over(noise):
    word, arrays = receive(io.BytesIO(noise + framed()))
    assert word == "word"
    assert same(arrays, ARRAYS)


def broken(sent):
    try:
        return receive(io.BytesIO(sent)) is None
    except BrokenFrame:
        return True


def test_a_frame_that_was_changed_is_none():
    whole = framed()
    for at in range(len(MAGIC), len(whole), 7):
        changed = bytearray(whole)
        changed[at] ^= 1
        assert broken(bytes(changed))
    assert all(broken(whole[:cut]) for cut in range(len(MAGIC), len(whole), 11))


def test_objects_are_never_sent():
    with pytest.raises(TypeError):
        framed(arrays={"objects": np.array([None])})


# --- children --------------------------------------------------------------------------------------------------------


def ask(**given):
    return {name: np.asarray(value) for name, value in given.items()}


def test_a_child_answers_tells_and_is_used_again():
    told = []
    first = call(JOB, {**ARRAYS, **ask(tell=3)}, Budget(), told.append)
    again = call(JOB, ask(), Budget())
    assert same({name: first.answers[0][name] for name in ARRAYS}, ARRAYS)
    assert [int(each["step"]) for each in told] == [0, 1, 2]
    assert int(first.answers[0]["pid"]) == int(again.answers[0]["pid"]) != os.getpid()


def test_a_job_that_fails_is_left_to_the_caller():
    outcome = call(JOB, ask(fail=1), Budget())
    assert (outcome.answers, outcome.here, outcome.unstarted, outcome.reason) == ([None], True, False, None)


def test_time_and_a_token_end_a_child_in_the_middle_of_a_call():
    for limits in ({"time_limit_s": 0.2}, {"cancel": CancelToken()}):
        budget = Budget(**limits)
        if "cancel" in limits:
            limits["cancel"].cancel()
        outcome = call(JOB, ask(hold=60), budget)
        assert outcome.reason == budget.stop_reason is not None
        assert not outcome.here
    assert gone(lambda: not busy())


def busy():
    mine = pool()
    return [child for child in mine._all if child.alive and child not in mine._idle]


def gone(is_so, patience_s=30.0):
    """Wait until something is so."""
    end = time.monotonic() + patience_s
    while not is_so() and time.monotonic() < end:
        time.sleep(0.02)
    return is_so()


@needs_children
def test_a_task_whose_child_is_killed_once_is_done_by_another(tmp_path):
    once = tmp_path / "once"
    outcome = call(JOB, ask(die_unless=str(once)), Budget())
    assert outcome.answers[0] is not None
    assert outcome.reason is None


@needs_children
def test_a_task_whose_child_is_killed_twice_stops_and_the_others_are_kept():
    given = [lambda: ask(die=1), ask, ask]
    outcome = call_all(JOB, given, Budget(), workers=2)
    assert outcome.reason == "worker_died"
    assert [answer is None for answer in outcome.answers] == [True, False, False]


@needs_children
def test_idle_children_that_were_killed_are_not_asked():
    call_all(JOB, [ask, ask], Budget(), workers=2)
    for process in pool().processes():
        os.kill(process, signal.SIGKILL)
    assert call(JOB, ask(), Budget()).reason is None


@needs_children
def test_idle_children_that_have_ended_leave_their_places():
    """All at once and long ago: nobody is left who could tell."""
    call_all(JOB, [ask, ask], Budget(), workers=2)
    children = list(pool()._all)
    for child in children:
        child.process.kill()
        child.process.wait()
    assert call(JOB, ask(), Budget(time_limit_s=30)).reason is None
    assert not pool()._all & set(children)
    assert gone(lambda: all(child.process.stdin.closed for child in children))


def test_no_more_children_than_the_bound():
    outcome = call_all(JOB, [lambda: ask(sleep=0.05)] * 12, Budget(), workers=12)
    assert all(answer is not None for answer in outcome.answers)
    assert len({int(answer["pid"]) for answer in outcome.answers}) <= pool().most
    assert len(pool().processes()) <= pool().most


@pytest.mark.parametrize("executable", [None, "", "/no/such/python", "false"])
def test_where_none_can_be_begun_the_caller_is_told(monkeypatch, tmp_path, executable):
    if executable == "false":  # a program that is called Python and is none
        shutil.copy(shutil.which("false"), tmp_path / "python")
        executable = str(tmp_path / "python")
    monkeypatch.setattr(sys, "executable", executable)
    monkeypatch.setattr(pools, "_POOLS", {})
    outcome = call(JOB, ask(), Budget())
    assert (outcome.here, outcome.unstarted) == (True, True)


def test_a_thread_that_cannot_be_begun_is_no_error(monkeypatch):
    def refused(child):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(pools.Child, "begin", refused)
    monkeypatch.setattr(pools, "_POOLS", {})
    assert call(JOB, ask(), Budget()).unstarted


# --- what a child may see --------------------------------------------------------------------------------------------

PRINTS = """
import numpy as np
from matcher.base.progress import Budget
from matcher.executors.child import call
from matcher.executors.pool import pool
told = lambda found: print(int(found["pid"]), flush=True)
outcome = call("matcher.executors.jobs.echo", {"hold": np.array(HOLD)}, Budget(), told)
print(outcome.answers[0] is not None)
"""


def script(hold=0.0):
    return textwrap.dedent(PRINTS).replace("HOLD", str(hold))


def test_nothing_from_the_current_folder_is_imported(tmp_path):
    for name in ("numpy", "scipy", "ortools", "numba", "json", "sitecustomize", "matcher"):
        planted = f"open({str(tmp_path / 'seen')!r}, 'a').write({name!r} + ' ')\nraise SystemExit\n"
        (tmp_path / f"{name}.py").write_text(planted)
    code = f"import sys; sys.path.remove(''); sys.path.insert(0, {str(ROOT)!r})\n" + script().replace(
        "outcome = ", "sys.path.insert(0, ''); outcome = ", 1
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    seen = (tmp_path / "seen").read_text() if (tmp_path / "seen").exists() else ""
    assert (run.stdout.split()[-1:], seen) == (["True"], ""), run.stderr


@needs_children
def test_children_die_with_their_parent_whatever_they_do(tmp_path):
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n" + script(hold=120)
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert gone(lambda: not running(child))


def running(process):
    try:
        state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"

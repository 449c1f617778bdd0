"""`run_study`: a study from its file to tables, figures and a manifest; a run that was made is not made again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from numpy.typing import NDArray

from matcher._version import __version__
from matcher.base.disk import alone, write_whole
from matcher.base.progress import Budget, CancelToken, Progress, ProgressCallback, StopReason, check_workers
from matcher.executors.team import call_all
from matcher.files.writing import csv_bytes
from matcher.study import study_out as out
from matcher.study.framing import text_array, text_of
from matcher.study.study_file import StudyFile, digest_of, read_study
from matcher.study.study_kinds import instance_of, run_of

if TYPE_CHECKING:
    import pandas as pd

JOB: Final = "matcher.study.jobs.studies"
BANDS: Final = ("instance", "policy", "year", "measure", "seeds", "mean", "low", "high")
DIFFERENCES: Final = ("instance", "policy", "less", "measure", "pairs", "mean", "low", "high", "share_above")


@dataclass(frozen=True, slots=True, eq=False)
class StudyResult:
    """What came of a study.

    Attributes
    ----------
    study
        What was asked.
    rows
        One mapping a run (and year), in order of instance, policy and seed.
    stop_reason
        Why runs are missing; None if all are there.
    """

    study: StudyFile
    rows: list[dict[str, Any]]
    stop_reason: StopReason | None = None

    @property
    def runs(self) -> pd.DataFrame:
        """Every run."""
        import pandas as pd

        return pd.DataFrame(self.rows)

    @property
    def bands(self) -> pd.DataFrame:
        """Mean and bootstrap interval of every measure over seeds."""
        import pandas as pd

        return pd.DataFrame(out.band_rows(self.rows, self.study.measures), columns=list(BANDS))

    @property
    def differences(self) -> pd.DataFrame:
        """Mean paired difference of the policies compared, with its interval."""
        import pandas as pd

        found = out.difference_rows(self.rows, self.study.measures, self.study.compare)
        return pd.DataFrame(found, columns=list(DIFFERENCES))


def run_study(
    study: str | Path | Mapping[str, Any],
    path: str | Path,
    *,
    data: str | Path | None = None,
    workers: int = 1,
    executor: Any = None,
    time_limit_s: float | None = None,
    progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> StudyResult:
    """Make every run of a study that `path` does not hold yet, then write its tables, figures and manifest there.

    Parameters
    ----------
    study
        A TOML file, the name of a shipped study, or what such a file holds.
    path
        Folder of the study. `runs/` in it keeps every run as it ends, whole or not at all, under the digest of all that
        it depends on: a study that was killed goes on, and one that was changed repeats only what changed.
    data
        Folder in which instances name theirs.
    workers, executor
        As for `matcher.study.solve_many`; the result is the same.
    time_limit_s, progress, cancel
        Of the whole call. A study that was stopped has no tables yet.

    Raises
    ------
    InvalidInput
        If the study or an instance is faulty.
    SaveError
        If the folder can't be written.
    """
    check_workers(workers)
    wanted = read_study(study)
    limits: dict[str, Any] = {"time_limit_s": time_limit_s, "progress": progress, "cancel": cancel}
    budget = Budget(**limits, workers=int(workers), executor=executor)
    folder = Path(path)
    (folder / "runs").mkdir(parents=True, exist_ok=True)
    place = None if data is None else str(Path(data).resolve())
    inputs = _inputs(wanted, None if data is None else Path(data))
    specs = wanted.specs(place)
    files = [folder / "runs" / f"{_key(spec, inputs)}.json" for spec in specs]
    with alone(folder):
        reason = _made(specs, files, budget)
        if reason is not None:
            return StudyResult(wanted, [], reason)
        rows = [
            {"instance": spec["names"][0], "policy": spec["names"][1], "seed": spec["seed"], **row}
            for spec, file in zip(specs, files, strict=True)
            for row in json.loads(file.read_text(encoding="utf-8"))
        ]
        _write(wanted, rows, inputs, folder)
    return StudyResult(wanted, rows)


def _inputs(study: StudyFile, data: Path | None) -> dict[str, str]:
    """Return the digest of what each instance is."""
    if study.kind == "arrivals":
        return {name: digest_of(options) for name, options in study.instances.items()}
    return {name: instance_of(options, data).digest for name, options in study.instances.items()}


def _key(spec: Mapping[str, Any], inputs: Mapping[str, str]) -> str:
    known = {name: spec[name] for name in ("kind", "instance", "policy", "seed")}
    return digest_of({**known, "input": inputs[spec["names"][0]], "version": __version__})[:32]


def _made(specs: list[dict[str, Any]], files: list[Path], budget: Budget) -> StopReason | None:
    """Make the runs that are missing; return why some still are."""
    missing = [n for n, file in enumerate(files) if not file.exists()]
    ready = len(specs) - len(missing)
    if budget.executor is None and budget.workers < 2:
        for done, n in enumerate(missing):
            budget.report(Progress("study", ready + done, len(specs)))
            if budget.stop_reason is not None:
                return budget.stop_reason
            _keep(files[n], run_of(specs[n]))
        return None
    kept: set[int] = set()

    def meanwhile(answers: list[dict[str, NDArray[Any]] | None]) -> bool:
        for at, answer in enumerate(answers):
            if answer is not None and at not in kept:
                kept.add(at)
                _keep(files[missing[at]], json.loads(text_of(answer["rows"])))
                budget.report(Progress("study", ready + len(kept), len(specs)))
        return False

    givers = [lambda spec=specs[n]: {"spec": text_array(json.dumps(spec))} for n in missing]
    outcome = call_all(JOB, givers, budget, workers=budget.workers, meanwhile=meanwhile)
    meanwhile(outcome.answers)
    if outcome.reason is not None:
        return outcome.reason
    for n in missing:
        if not files[n].exists():  # what no child could do is done here, and says why it fails
            _keep(files[n], run_of(specs[n]))
    return None


def _keep(file: Path, rows: list[dict[str, Any]]) -> None:
    write_whole(file, (json.dumps(rows, sort_keys=True) + "\n").encode())


def _write(study: StudyFile, rows: list[dict[str, Any]], inputs: Mapping[str, str], folder: Path) -> None:
    bands = out.band_rows(rows, study.measures)
    files = {
        "runs.csv": out.run_table(rows),
        "bands.csv": csv_bytes(list(BANDS), bands),
        "differences.csv": csv_bytes(list(DIFFERENCES), out.difference_rows(rows, study.measures, study.compare)),
    }
    shown = {row[3] for row in bands}
    names = [name for name in study.measures if name in shown]
    figures = {f"{name}.svg": out.figure(name, bands, study.title, "en") for name in names}
    chinese = [out.figure(name, bands, study.title_zh or study.title, "zh") for name in names]
    files |= {"figure.svg": out.panels([*figures.values()]), "figure.zh.svg": out.panels(chinese), **figures}
    command = f"matcher study {study.name}.toml -o OUT" + (" --data DATA" if study.kind != "arrivals" else "")
    for name, content in {**files, "manifest.json": out.manifest(study, inputs, files, command)}.items():
        write_whole(folder / name, content)

"""A program as a classifier: what it answers, what is told when it does not, and that nothing of it survives or runs
before somebody has agreed."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.errors import BlindspotError, ModelError, SettingsError, Stopped
from engine.model.model_registry import current_model, predictions, trained
from engine.model.program_classifier import ProgramClassifier, ProgramScorer
from engine.operations.outside_uses import outside_uses
from engine.programs import process
from engine.progress import Silent
from engine.project import SETTINGS_FILE, Project
from engine.schema import Example
from engine.settings import write_settings
from engine.trust import NotTrusted, agree, untrusted
from tests import leftovers
from tests.builders.monitor import Recorder
from tests.builders.programs import SCORE, TRAIN, command, program_project
from tests.builders.rows import rows
from tests.waiting import until

ASKED = [Example("a", "the room was fine", ""), Example("b", "the soup was cold", "")]
ALONE = {"train": ""}  # of the settings: the program as it is

_ANSWERS = """\
import json, os, signal, sys, time

json.loads(sys.stdin.readline())
print(json.dumps({"protocol": 1, "labels": ["good", "bad"]}))
for line in sys.stdin:
    request = json.loads(line)
    probabilities = [[0.7, 0.3] for _ in request["rows"]]
    answer = {"id": request["id"], "probabilities": probabilities}
    CHANGE
    print(json.dumps(answer))
"""


def answering(change: str) -> str:
    """A program that answers .7 for `good`, its first label, but for what ``change`` does to ``answer``."""
    return _ANSWERS.replace("CHANGE", change)


def score(project: Project, asked: Sequence[Example] = ASKED) -> np.ndarray:
    """Probabilities of the project's current model, (rows, labels)."""
    classifier = ProgramClassifier(project)
    with closing(classifier.load(current_model(project, monitor=Silent()).path)) as scorer:
        return np.exp(scorer.logits(asked, monitor=Silent()))


def refusal(project: Project) -> str:
    with pytest.raises(ModelError) as refused:
        score(project)
    return str(refused.value)


class TestScoring:
    def test_probabilities_come_in_the_projects_order_whatever_the_programs(self, tmp_path: Path) -> None:
        project = program_project(tmp_path / "work", scorer=answering("pass"), **ALONE)
        assert project.labels == ("bad", "good")
        np.testing.assert_allclose(score(project), [[0.3, 0.7]] * 2, rtol=1e-6)

    def test_a_sure_program_gives_finite_logits(self, tmp_path: Path) -> None:
        sure = answering('answer["probabilities"] = [[1, 0] for _ in request["rows"]]')
        found = predictions_of(program_project(tmp_path / "work", scorer=sure, **ALONE))
        assert np.isfinite(found).all()
        assert found.argmax(axis=1).tolist() == [1, 1]

    def test_rows_go_in_requests_of_the_size_that_the_settings_say(self, tmp_path: Path) -> None:
        size = answering("probabilities[0] = [1 / len(probabilities), 1 - 1 / len(probabilities)]")
        found = score(program_project(tmp_path / "work", scorer=size, rows=3, **ALONE), rows(7))
        assert found[[0, 3, 6], 1] == pytest.approx([1 / 3, 1 / 3, 1.0])

    def test_pairs_have_two_texts(self, tmp_path: Path) -> None:
        counts = answering('answer["probabilities"] = [[len(row) / 4, 1 - len(row) / 4] for row in request["rows"]]')
        project = program_project(tmp_path / "work", scorer=counts, **ALONE)
        assert score(project, [Example("p", "one", "", "two"), ASKED[0]])[:, 1] == pytest.approx([0.5, 0.25])

    def test_what_was_scored_is_asked_again_only_of_a_changed_program(self, tmp_path: Path) -> None:
        project = program_project(tmp_path / "work", scorer=answering("pass"), **ALONE)
        before = predictions_of(project)
        seen = Recorder()
        predictions(project, current_model(project, monitor=seen), ASKED, split_key="x", monitor=seen)
        assert seen.stages == []
        (project.root / "score.py").write_text(answering('answer["probabilities"] = [[0.2, 0.8]] * 2'))
        agree(project.root, outside_uses(project))
        assert predictions_of(project)[0, 0] > before[0, 0]


def predictions_of(project: Project) -> np.ndarray:
    return predictions(project, current_model(project, monitor=Silent()), ASKED, split_key="x", monitor=Silent())


class TestTraining:
    def test_a_model_is_trained_once_and_scored_with(self, tmp_path: Path) -> None:
        project, seen = program_project(tmp_path / "work"), Recorder()
        model = current_model(project, monitor=seen)
        assert seen.stages == ["train"]
        assert model.folder.parent == project.models_dir
        assert {path.name for path in model.folder.iterdir()} == {"training.json", "model"}
        assert score(project).argmax(axis=1).tolist() == [1, 0]
        again = Recorder()
        assert current_model(project, monitor=again) == model
        assert again.stages == []

    def test_seed_rows_and_program_make_another_model(self, tmp_path: Path) -> None:
        project = program_project(tmp_path / "work")
        first = trained(project, rows(8), seed=1, monitor=Silent())
        assert trained(project, rows(8), seed=1, monitor=Silent()) == first
        assert trained(project, rows(8), seed=2, monitor=Silent()).path != first.path
        assert trained(project, rows(9), seed=1, monitor=Silent()).path != first.path
        (project.root / "train.py").write_text(TRAIN + "\n")
        agree(project.root, outside_uses(project))
        assert trained(project, rows(8), seed=1, monitor=Silent()).path != first.path

    def test_it_goes_on_from_a_model(self, tmp_path: Path) -> None:
        project = program_project(tmp_path / "work", continues=True)
        start = trained(project, [Example("x", "zebra", "good")], seed=1, monitor=Silent())
        went_on = trained(project, rows(4), seed=1, start=start, monitor=Silent())
        assert "zebra" in json.loads((went_on.folder / "model" / "words.json").read_text())

    def test_progress_is_told_and_other_lines_do_no_harm(self, tmp_path: Path) -> None:
        talks = 'print("Epoch 1"); print("[]"); print(\'{"progress": "half"}\')\n'
        talks = "print('{\"loss\": 0.3}'); print('{\"progress\": Infinity}')\n" + talks + TRAIN
        waits = talks.replace('print(json.dumps({"progress"', 'sys.stdout.flush(); print(json.dumps({"progress"')
        seen = Recorder()
        current_model(program_project(tmp_path / "work", trainer=waits), monitor=seen)
        assert seen.stages == ["train"]

    @pytest.mark.parametrize(
        ("train", "said"),
        [
            (
                "raise SystemExit('no rows with a zebra')",
                r"no rows with a zebra \(`.*train.py` ended with status 1\).*train.log",
            ),
            ("pass", "ended well and left no model in the folder `out`"),
            ("import os; os.abort()", "was ended by SIGABRT"),
            ("import time; time.sleep(99)", "has not ended after 0.3 seconds"),
        ],
    )
    def test_what_fails_is_told_and_leaves_nothing(self, tmp_path: Path, train: str, said: str) -> None:
        project = program_project(tmp_path / "work", trainer=train, train_timeout=0.3 if "sleep" in train else 20.0)
        with pytest.raises(ModelError, match=said):
            current_model(project, monitor=Silent())
        assert list(project.models_dir.iterdir()) == []

    def test_a_training_can_be_stopped(self, tmp_path: Path) -> None:
        project = program_project(tmp_path / "work", trainer="import time; time.sleep(99)")
        with pytest.raises(Stopped):
            current_model(project, monitor=Recorder(lambda *_: True))
        assert list(project.models_dir.iterdir()) == []
        until(lambda: not leftovers.bearers())

    def test_a_link_out_of_the_project_is_no_model(self, tmp_path: Path) -> None:
        links = "import json, os, sys\nos.symlink('/etc/passwd', json.load(open(sys.argv[-1]))['out'] + '/model')"
        with pytest.raises(BlindspotError, match="symbolic link"):
            current_model(program_project(tmp_path / "work", trainer=links), monitor=Silent())

    def test_a_program_alone_cannot_be_retrained(self, tmp_path: Path) -> None:
        project = program_project(tmp_path / "work", **ALONE)
        with pytest.raises(ModelError, match="cannot be retrained: no program trains it"):
            trained(project, rows(4), seed=1, monitor=Silent())


class TestWrongAnswers:
    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ("answer['probabilities'].pop()", "the program answers 1 rows where 2 were asked"),
            ("answer['probabilities'][1] = [float('nan'), 0.5]", r"row 2 of a request \(b\): nan is no probability"),
            ("answer['probabilities'][1] = [float('inf'), 0.5]", r"row 2 of a request \(b\): inf is no probability"),
            ("answer['probabilities'][0] = [-0.5, 1.5]", r"row 1 of a request \(a\): -0.5 is no probability"),
            ("answer['probabilities'][0] = [10**400, 0]", r"row 1 of a request \(a\): 10{79} is no probability"),
            ("answer['probabilities'][0] = [0.5, 0.4]", r"row 1 .*add up to 0.9"),
            ("answer['probabilities'][0] = [0.2, 0.3, 0.5]", "row 1 .*3 probabilities, and there are 2 labels"),
            ("answer['probabilities'][0] = 'good'", "row 1 .*no list of numbers"),
            ("answer['probabilities'][0] = [True, False]", "row 1 .*no list of numbers"),
            ("answer['id'] = 9", "the program answers request 9 in place of 1"),
            ("del answer['probabilities']", "no list `probabilities`"),
            (
                "answer = {'id': 1, 'error': 'the server refuses the key'}",
                r"work: the server refuses the key \(`.*score.py` says so\)\.$",
            ),
            ("print('Loading...')", r"no JSON object \(Loading...\); whatever is no answer belongs to standard error"),
        ],
    )
    def test_is_told_in_one_sentence(self, tmp_path: Path, change: str, said: str) -> None:
        found = refusal(program_project(tmp_path / "work", scorer=answering(change), **ALONE))
        assert re.search(said, found), found
        assert "\n" not in found

    @pytest.mark.parametrize(
        ("hello", "said"),
        [
            ('{"protocol": 2, "labels": ["bad", "good"]}', "has protocol 2, and this version speaks 1"),
            (
                '{"protocol": 1, "labels": ["bad", "nice"]}',
                "the program's labels are ['bad', 'nice'], and the project's are",
            ),
            ('{"protocol": 1}', "the program's labels are None"),
            ("Loading", "no JSON object (Loading)"),
        ],
    )
    def test_a_wrong_first_line_is_told(self, tmp_path: Path, hello: str, said: str) -> None:
        assert said in refusal(program_project(tmp_path / "work", scorer=f"print('''{hello}'''); input()", **ALONE))


class TestItsEnd:
    def test_a_crash_is_told_with_status_last_line_and_log(self, tmp_path: Path) -> None:
        crash = answering("raise ValueError('no such zebra')")
        project = program_project(tmp_path / "work", scorer=crash, **ALONE)
        log = project.cache_dir / "classifier-score.log"
        said = refusal(project)
        assert f"{project.root}: ValueError: no such zebra (`" in said
        assert "score.py` ended with status 1)" in said
        assert str(log) in said
        assert "Traceback" in log.read_text()

    def test_what_is_not_there_is_told(self, tmp_path: Path) -> None:
        said = refusal(program_project(tmp_path / "work", train="", score="no-such-program --fast"))
        assert "`no-such-program --fast` cannot be started (no-such-program: No such file or directory)" in said

    def test_a_missing_module_is_told_with_the_python_that_lacks_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "python").symlink_to(sys.executable)
        monkeypatch.setenv("PATH", str(tmp_path))
        said = refusal(program_project(tmp_path / "work", train="", score="python -S -m zebra"))
        assert "work: python: No module named zebra (`python -S -m zebra` ended with status 1); install" in said
        assert f"install the module for {tmp_path / 'python'}, which is `python` here" in said

    def test_one_that_is_killed_is_started_again_once(self, tmp_path: Path) -> None:
        kill = (
            "import pathlib; pathlib.Path('died').exists() or (pathlib.Path('died').touch(), os.kill(os.getpid(), 9))"
        )
        project = program_project(tmp_path / "work", scorer=answering(kill), **ALONE)
        np.testing.assert_allclose(score(project), [[0.3, 0.7]] * 2, rtol=1e-6)
        assert (project.root / "died").exists()

    def test_one_that_is_killed_twice_is_told(self, tmp_path: Path) -> None:
        project = program_project(tmp_path / "work", scorer=answering("os.kill(os.getpid(), 9)"), **ALONE)
        assert "was ended by SIGKILL" in refusal(project)

    def test_a_killed_group_is_started_again_too(self, tmp_path: Path) -> None:
        project = program_project(tmp_path / "work", scorer=answering("pass"), **ALONE)
        scorer = ProgramClassifier(project).load(None)
        with closing(scorer):
            scorer.logits(ASKED, monitor=Silent())
            for running in leftovers.bearers():
                os.kill(running, signal.SIGKILL)
            np.testing.assert_allclose(np.exp(scorer.logits(ASKED, monitor=Silent())), [[0.3, 0.7]] * 2, rtol=1e-6)

    def test_one_that_does_not_answer_is_killed_with_its_children(self, tmp_path: Path) -> None:
        hang = answering("import subprocess; subprocess.Popen(['sleep', '99']); time.sleep(99)")
        project = program_project(tmp_path / "work", scorer=hang, **{**ALONE, "timeout": 0.3})
        assert "has not answered after 0.3 seconds" in refusal(project)
        until(lambda: not leftovers.bearers())

    def test_one_that_does_not_begin_is_killed(self, tmp_path: Path) -> None:
        hang = "import sys, time; print('loading', file=sys.stderr); time.sleep(99)"
        project = program_project(tmp_path / "work", scorer=hang, **{**ALONE, "start_timeout": 0.3})
        assert "has not answered after 0.3 seconds (loading)" in refusal(project)

    def test_one_that_ignores_the_end_of_its_input_is_killed(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(process, "GRACE", 0.1)
        project = program_project(tmp_path / "work", scorer=answering("pass") + "time.sleep(99)", **ALONE)
        scorer = ProgramClassifier(project).load(None)
        scorer.logits(ASKED, monitor=Silent())
        assert not scorer.close()
        until(lambda: not leftovers.bearers())

    def test_what_it_has_started_ends_with_its_owner_though_it_ended_before(self, tmp_path: Path) -> None:
        starts = "import subprocess; subprocess.Popen(['sleep', '99'])\n" + answering("pass")
        project = program_project(tmp_path / "work", scorer=starts, **ALONE)
        if (owner := os.fork()) == 0:
            ProgramClassifier(project).load(None)
            os._exit(0)
        os.waitpid(owner, 0)
        until(lambda: not leftovers.bearers())

    def test_it_ends_with_its_owner_however_that_ends(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(process, "GRACE", 0.0)
        project = program_project(tmp_path / "work", scorer="import time; time.sleep(99)", **ALONE)
        if (owner := os.fork()) == 0:
            ProgramClassifier(project).load(None)
        until(leftovers.bearers)
        until(lambda: any("sleep" in line or "score.py" in line for line in leftovers.bearers().values()))
        os.kill(owner, signal.SIGKILL)
        os.waitpid(owner, 0)
        until(lambda: not leftovers.bearers())

    def test_a_question_can_be_stopped_and_another_one_asked(self, tmp_path: Path) -> None:
        slow = answering("len(request['rows']) == 1 or time.sleep(99)")
        scorer = ProgramClassifier(program_project(tmp_path / "work", scorer=slow, **ALONE)).load(None)
        with closing(scorer):
            with pytest.raises(Stopped):
                scorer.logits(ASKED, monitor=Recorder(lambda *_: True))
            assert scorer.logits(ASKED[:1], monitor=Silent()).shape == (1, 2)


class TestTrust:
    def marked(self, project: Project) -> bool:
        return (project.root / "ran").exists()

    @pytest.fixture
    def strange(self, tmp_path: Path) -> Project:
        """A project from somebody else, whose programs leave a mark."""
        mark = "open('ran', 'w').close()\n"
        return program_project(tmp_path / "work", scorer=mark + SCORE, trainer=mark + TRAIN, agreed=False)

    def test_nothing_runs_before_somebody_has_agreed(self, strange: Project) -> None:
        with pytest.raises(NotTrusted, match=r"score.py.*blindspot trust"):
            current_model(strange, monitor=Silent())
        with pytest.raises(NotTrusted):
            ProgramClassifier(strange).load(None)
        assert not self.marked(strange)
        agree(strange.root, outside_uses(strange))
        current_model(strange, monitor=Silent())
        assert self.marked(strange)

    def test_the_question_names_command_files_and_rights(self, strange: Project) -> None:
        score, train = outside_uses(strange)
        assert score.kind == "program"
        assert score.sentence.startswith(f"The program `{command('score.py')}` would be run to score, and can do what")
        assert "score.py" in score.cautions[0]
        assert "train.py" in train.cautions[0]

    @pytest.mark.parametrize("name", ["score.py", "train.py", "helper.py", "weights/a.bin"])
    def test_a_changed_file_is_asked_about_again(self, tmp_path: Path, name: str) -> None:
        root = tmp_path / "work"
        (root / "weights").mkdir(parents=True)
        (root / "weights" / "a.bin").write_text("1")
        (root / "helper.py").write_text("1")
        project = program_project(root, files=("helper.py",), model="weights")
        assert untrusted(root, outside_uses(project)) == []
        (root / name).write_text("raise SystemExit('changed')")
        assert len(untrusted(root, outside_uses(project))) == (2 if name == "helper.py" else 1)
        with pytest.raises(NotTrusted):
            ProgramClassifier(project).load(root / "weights")

    def test_a_file_that_is_made_to_look_unchanged_is_asked_about_again(self, tmp_path: Path) -> None:
        project = program_project(tmp_path / "work", **ALONE)
        assert untrusted(project.root, outside_uses(project)) == []
        script = project.root / "score.py"
        before, text = script.stat(), script.read_text()
        script.write_text(text.swapcase())
        os.utime(script, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert script.stat().st_size == before.st_size
        assert len(untrusted(project.root, outside_uses(project))) == 1

    def test_a_changed_script_that_is_the_command_itself_is_asked_about_again(self, tmp_path: Path) -> None:
        script = tmp_path / "score.sh"
        script.write_text("#!/bin/sh\nexit 0\n")
        project = program_project(tmp_path / "work", train="", score=str(script))
        script.write_text("#!/bin/sh\nexit 10\n")
        (use,) = untrusted(project.root, outside_uses(project))
        assert "score.sh" in use.cautions[0]

    def test_a_changed_command_is_asked_about_again(self, tmp_path: Path) -> None:
        project = program_project(tmp_path / "work", **ALONE)
        settings = replace(project.settings, classifier=replace(project.settings.classifier, score="rm -r ."))
        write_settings(project.root / SETTINGS_FILE, settings)
        with pytest.raises(NotTrusted, match=r"`rm -r \.` would be run"):
            ProgramClassifier(Project.open(project.root)).load(None)

    def test_what_the_settings_name_must_be_there(self, tmp_path: Path) -> None:
        for values, said in (
            ({"model": "gone"}, "`classifier.model` names gone"),
            ({"files": ("gone",)}, "`classifier.files` names gone"),
            ({"score": "python 'score.py"}, "is no command"),
            ({"score": "class nobodys"}, "there is no classifier class `nobodys`"),
            ({"score": "class"}, "names no class"),
        ):
            project = program_project(tmp_path / said[:20], agreed=False, **values)  # type: ignore[arg-type]
            with pytest.raises(SettingsError, match=said):
                outside_uses(project)


def test_a_scorer_is_closed_after_predictions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[ProgramScorer] = []
    end = ProgramScorer.close
    monkeypatch.setattr(ProgramScorer, "close", lambda self: closed.append(self) or end(self))
    predictions_of(program_project(tmp_path / "work", scorer=answering("pass"), **ALONE))
    assert len(closed) == 1

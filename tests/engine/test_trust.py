"""What of a project reaches outside, and that none of it does before the person at this machine has agreed."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine import jobs
from engine.errors import BlindspotError, JobError, SettingsError
from engine.jobs import JobView
from engine.jobs.kind import JobOptions
from engine.llm.address import server_use
from engine.llm.prompts import Prompts, write_prompts
from engine.llm.teacher import teach
from engine.model.model_registry import encoder_weights, scratch
from engine.model.weights import weights_use
from engine.operations.job_kinds import asked_of, job_uses
from engine.operations.job_records import CheckOptions, DiscoverOptions, JudgeOptions, TeachOptions
from engine.operations.outside_uses import outside_uses
from engine.progress import Silent
from engine.project import SETTINGS_FILE, Project
from engine.schema import Teacher
from engine.settings import LlmSettings, read_settings, write_settings
from engine.trust import NotTrusted, agree, require, revoke, state_file, untrusted
from tests.engine.llm.answers import good_answer
from tests.engine.llm.asked import KEY
from tests.engine.llm.server import LlmServer
from tests.engine.teaching.world import make_project
from tests.waiting import until

SECRET = "wJalrXUtnFEMI-not-for-strangers"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    return make_project(tmp_path / "work")


def edited(project: Project, section: str = "llm", **values: Any) -> Project:
    """The project with other settings, as its owner writes them: nobody has agreed to them."""
    path = project.root / SETTINGS_FILE
    settings = read_settings(path)
    write_settings(path, replace(settings, **{section: replace(getattr(settings, section), **values)}))
    return Project.open(project.root)


def sentences(project: Project) -> list[str]:
    return [use.sentence for use in outside_uses(project)]


def missing(project: Project) -> list[str]:
    return [use.sentence for use in untrusted(project.root, outside_uses(project))]


class TestWhatIsAsked:
    def test_the_defaults_of_the_package_need_no_agreement(self, project: Project) -> None:
        write_prompts(project)
        assert sentences(project) == []
        assert not state_file().exists()

    def test_the_sentence_names_host_variable_model_and_prompts(self, project: Project) -> None:
        write_prompts(project)
        (project.prompts_dir / "task.txt").write_text("Say $row and $labels.")
        project = edited(project, model="m7", base_url="http://10.0.0.9:8000/v1", key_env="AWS_SECRET_ACCESS_KEY")
        (use,) = outside_uses(project)
        assert use.sentence.startswith(
            "Rows of this project and the value of $AWS_SECRET_ACCESS_KEY would go to http://10.0.0.9:8000/v1 "
            "(model m7); prompts: task.txt (sha256 "
        )
        assert "system.txt" not in use.sentence
        cautions = " ".join(use.cautions)
        assert "$AWS_SECRET_ACCESS_KEY is not the usual variable" in cautions
        assert "not encrypted" in cautions
        assert SECRET not in str(use)

    @pytest.mark.parametrize(
        "change",
        [
            {"model": "other"},
            {"base_url": "https://example.org/v1"},
            {"key_env": "MY_KEY"},
            {"key_env": ""},
        ],
    )
    def test_any_change_of_what_leaves_is_asked_again(self, project: Project, change: dict[str, Any]) -> None:
        project = edited(project, model="m1", base_url="http://127.0.0.1:9/v1")
        agree(project.root, outside_uses(project))
        assert missing(project) == []
        assert len(missing(edited(project, **change))) == 1
        assert missing(edited(project, model="m1", base_url="http://127.0.0.1:9/v1", key_env="OPENAI_API_KEY")) == []

    def test_a_changed_prompt_is_asked_again(self, project: Project) -> None:
        project = edited(project, model="m1")
        for text in ("One $row $labels", "Two $row $labels"):
            project.prompts_dir.mkdir(exist_ok=True)
            (project.prompts_dir / "task.txt").write_text(text)
            assert len(missing(project)) == 1
            agree(project.root, outside_uses(project))
            assert missing(project) == []

    def test_other_settings_ask_nothing_again(self, project: Project) -> None:
        project = edited(project, model="m1")
        agree(project.root, outside_uses(project))
        project = edited(project, parallel=2, temperature=0.5, timeout=9.0)
        assert missing(edited(project, "training", epochs=1)) == []

    def test_a_long_name_does_not_push_the_rest_away(self, project: Project) -> None:
        (use,) = outside_uses(edited(project, model="x\n" * 5000))
        assert len(use.what) < 400
        assert "\n" not in use.what

    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("org/evil", "The model org/evil would be fetched from the Hugging Face hub."),
            ("bert-base", "The model bert-base would be fetched from the Hugging Face hub."),
            ("/usr", "The weights in /usr would be read."),
            ("../../..", "would be read."),
        ],
    )
    @pytest.mark.parametrize("key", ["classifier", "base", "encoder"])
    def test_models_of_the_hub_and_of_elsewhere_are_asked_about(
        self, project: Project, key: str, name: str, said: str
    ) -> None:
        project = edited(project, "model", **{key: name})
        (use,) = outside_uses(project)
        assert use.sentence.endswith(said)
        with pytest.raises(NotTrusted, match="blindspot trust"):
            (encoder_weights if key == "encoder" else scratch)(project, monitor=Silent())

    def test_a_folder_of_the_project_is_not_asked_about_but_a_link_out_of_it(self, project: Project) -> None:
        (project.root / "mine").mkdir()
        assert weights_use(project.root, "mine") is None
        (project.root / "theirs").symlink_to("/usr")
        use = weights_use(project.root, "theirs")
        assert use is not None
        assert "/usr" in use.what

    @pytest.mark.parametrize("name", ["~nobody-of-that-name/x", "x\0y", "/" + "x" * 5000])
    def test_what_can_be_no_folder_is_one_sentence(self, project: Project, name: str) -> None:
        with pytest.raises(BlindspotError, match=r"no such folder|has agreed") as refused:
            encoder_weights(edited(project, "model", encoder=name), monitor=Silent())
        assert len(str(refused.value)) < 6000

    def test_a_folder_beside_the_current_one_is_not_taken_for_the_projects(
        self, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "elsewhere" / "org" / "model").mkdir(parents=True)
        monkeypatch.chdir(tmp_path / "elsewhere")
        use = weights_use(project.root, "org/model")
        assert use is not None
        assert "hub" in use.what


class TestWhereItIsKept:
    def test_it_is_the_persons_own_and_nobody_elses(self, project: Project) -> None:
        before = os.umask(0)
        try:
            agree(project.root, outside_uses(edited(project, model="m1")))
        finally:
            os.umask(before)
        assert stat.S_IMODE(state_file().stat().st_mode) == 0o600
        assert [path for path in state_file().parent.iterdir() if path.is_file()] == [state_file()]
        assert not list(project.root.rglob("trust.json"))

    def test_a_project_cannot_bring_it_along(self, project: Project) -> None:
        project = edited(project, model="m1")
        agree(project.root, outside_uses(project))
        kept = state_file().read_bytes()
        revoke(project.root)
        for place in ("trust.json", "state/blindspot/trust.json", ".local/state/blindspot/trust.json"):
            (project.root / place).parent.mkdir(parents=True, exist_ok=True)
            (project.root / place).write_bytes(kept)
        assert len(missing(project)) == 1

    def test_a_relative_state_folder_does_not_count(
        self, project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.chdir(project.root)
        monkeypatch.setenv("HOME", str(tmp_path / "home"))
        for relative in ("state", ".", ""):
            monkeypatch.setenv("XDG_STATE_HOME", relative)
            assert state_file() == tmp_path / "home" / ".local" / "state" / "blindspot" / "trust.json"

    def test_a_moved_project_is_asked_about_again_and_a_link_to_it_is_not(
        self, project: Project, tmp_path: Path
    ) -> None:
        project = edited(project, model="m1")
        agree(project.root, outside_uses(project))
        (tmp_path / "link").symlink_to(project.root)
        assert missing(Project.open(tmp_path / "link")) == []
        moved = project.root.rename(tmp_path / "moved")
        assert len(missing(Project.open(moved))) == 1

    def test_an_agreement_can_be_revoked(self, project: Project) -> None:
        project = edited(project, model="m1")
        agree(project.root, outside_uses(project))
        assert revoke(project.root)
        assert not revoke(project.root)
        assert len(missing(project)) == 1

    @pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"a": 7}', b"\xff", b"[" * 100_000])
    def test_a_damaged_file_is_no_agreement_and_one_sentence(self, project: Project, content: bytes) -> None:
        project = edited(project, model="m1")
        state_file().parent.mkdir(parents=True, exist_ok=True)
        state_file().write_bytes(content)
        state_file().chmod(0o600)
        for action in (lambda: missing(project), lambda: agree(project.root, outside_uses(project))):
            with pytest.raises(NotTrusted, match="damaged; delete it"):
                action()
        assert state_file().read_bytes() == content

    def test_a_file_that_others_may_write_is_no_agreement(self, project: Project) -> None:
        project = edited(project, model="m1")
        agree(project.root, outside_uses(project))
        state_file().chmod(0o666)
        with pytest.raises(NotTrusted, match="others may write this file; run `chmod 600"):
            missing(project)

    def test_where_nothing_can_be_kept_it_is_told(self, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("XDG_STATE_HOME", "/dev/null/state")
        with pytest.raises(NotTrusted, match="cannot be kept"):
            agree(project.root, outside_uses(edited(project, model="m1")))


class TestPrompts:
    @pytest.mark.parametrize("kind", ["link", "link inside", "folder link", "fifo", "folder", "huge", "binary"])
    def test_one_that_is_no_ordinary_file_is_refused_and_never_read(
        self, project: Project, tmp_path: Path, kind: str
    ) -> None:
        path = project.prompts_dir / "task.txt"
        secret = tmp_path / "secret.txt"
        secret.write_text(f"$row $labels {SECRET}")
        if kind == "folder link":
            (tmp_path / "theirs").mkdir()
            (tmp_path / "theirs" / "task.txt").write_text(SECRET)
            project.prompts_dir.symlink_to(tmp_path / "theirs")
        else:
            project.prompts_dir.mkdir()
        if kind == "link":
            path.symlink_to(secret)
        elif kind == "link inside":
            path.symlink_to(project.root / SETTINGS_FILE)
        elif kind == "fifo":
            os.mkfifo(path)
        elif kind == "folder":
            path.mkdir()
        elif kind == "huge":
            with path.open("wb") as out:
                out.truncate(1 << 30)
        elif kind == "binary":
            path.write_bytes(b"\xff\xfe")
        for use in (lambda: Prompts(project), lambda: outside_uses(project), lambda: write_prompts(project)):
            with pytest.raises(BlindspotError, match="prompts") as refused:
                use()
            assert SECRET not in str(refused.value)

    def test_what_was_agreed_to_is_what_is_sent(self, project: Project) -> None:
        project.prompts_dir.mkdir()
        (project.prompts_dir / "task.txt").write_text("Agreed: $row, $labels.")
        prompts = Prompts(project)
        (project.prompts_dir / "task.txt").write_text("Changed since: $row, $labels.")
        assert "Agreed: " in prompts.render("judge", pattern="p", count=1, rows="r").system

    @pytest.mark.parametrize(
        "text",
        [
            "{0.__class__.__mro__} $row $labels",
            "{{ 7 * 7 }} {% raw %} $row $labels",
            "%(row)s %s $row $labels",
            "$row $labels `id` ${row} $$HOME",
        ],
    )
    def test_a_template_is_text_and_fills_in_nothing_but_its_fields(self, project: Project, text: str) -> None:
        project.prompts_dir.mkdir()
        (project.prompts_dir / "task.txt").write_text(text)
        system = Prompts(project).render("judge", pattern="p", count=1, rows="r").system
        assert text.split(" $row")[0] in system or "`id`" in system
        assert "/root" not in system


class TestNothingLeavesBefore:
    def test_neither_rows_nor_key_nor_prompts(self, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
        read: list[str] = []

        class Watched(dict[str, str]):
            def __getitem__(self, name: str) -> str:
                read.append(name)
                return super().__getitem__(name)

            def get(self, name: str, default: Any = None) -> Any:
                read.append(name)
                return super().get(name, default)

        monkeypatch.setattr(os, "environ", Watched(os.environ))
        with LlmServer(good_answer) as server:
            project = edited(project, model="m1", base_url=server.base_url, key_env="AWS_SECRET_ACCESS_KEY")
            with pytest.raises(NotTrusted, match=r"\$AWS_SECRET_ACCESS_KEY would go to http://127") as refused:
                teach(project)
            assert server.requests == []
            assert "AWS_SECRET_ACCESS_KEY" not in read
            assert f"`blindspot trust {project.root}` shows it and asks" in str(refused.value)
            agree(project.root, outside_uses(project))
            assert teach(project, spots=["B1"]).finished == 1
            assert set(server.keys) == {f"Bearer {SECRET}"}

    @pytest.mark.parametrize("options", [TeachOptions(), JudgeOptions()])
    def test_a_job_of_a_stranger_is_stopped_in_its_own_process(self, project: Project, options: JobOptions) -> None:
        with LlmServer(good_answer) as server:
            project = edited(project, model="m1", base_url=server.base_url, key_env="AWS_SECRET_ACCESS_KEY")
            job = jobs.start(project.root, options)
            until(lambda: jobs.find_job(project.root, job).state != "running")
            assert jobs.find_job(project.root, job).state == "failed"
            assert "nobody on this machine has agreed" in jobs.find_job(project.root, job).message
            assert server.requests == []

    @pytest.mark.usefixtures("in_process_jobs")
    def test_a_job_whose_file_names_another_server_is_stopped(self, project: Project) -> None:
        with LlmServer(good_answer) as mine, LlmServer(good_answer) as theirs:
            project = edited(project, model="m1", base_url=mine.base_url)
            agree(project.root, outside_uses(project))
            job = jobs.start(project.root, TeachOptions(spots=("B9",)))
            until(lambda: jobs.find_job(project.root, job).state == "failed")
            spec = project.jobs_dir / job / "spec.json"
            values = json.loads(spec.read_text())
            spec.write_text(json.dumps({**values, "options": {"base_url": theirs.base_url}}))
            jobs.resume(project.root, job)
            until(lambda: jobs.find_job(project.root, job).state != "running")
            assert f"would go to {theirs.base_url}" in jobs.find_job(project.root, job).message
            assert mine.requests == theirs.requests == []

    @pytest.mark.parametrize(
        "options",
        [
            TeachOptions(replay="/etc/passwd"),
            TeachOptions(replay="../../secret.jsonl"),
            DiscoverOptions(teaching=("/etc/passwd",), teacher=Teacher("x", "human")),
            CheckOptions("org/evil"),
            CheckOptions("/usr"),
        ],
    )
    @pytest.mark.usefixtures("in_process_jobs")
    def test_a_file_of_a_job_that_names_a_place_elsewhere_is_stopped(
        self, project: Project, options: JobOptions
    ) -> None:
        assert job_uses(project, options)
        if options.kind == "check":
            return  # needs a suite; stopped where the weights are looked for, as every other name
        job = jobs.start(project.root, options)
        until(lambda: jobs.find_job(project.root, job).state != "running")
        assert "nobody on this machine has agreed" in jobs.find_job(project.root, job).message

    @pytest.mark.parametrize(
        ("options", "refused"),
        [
            ({"base_url": 7, "model": ["x"]}, {"teach": "model", "check": "model"}),
            ({"replay": {"a": 1}}, {"teach": "replay"}),
            ({"teaching": [1, None]}, {"discover": "teaching.0"}),
        ],
    )
    def test_a_file_of_a_job_with_nonsense_is_refused_before_the_question(
        self, project: Project, options: dict[str, Any], refused: dict[str, str]
    ) -> None:
        for kind in ("teach", "judge", "discover", "check", "retrain", "compare"):
            job = JobView(id=f"{kind}-1", kind=kind, state="killed", created=0.0, options=options)
            if kind in refused:
                with pytest.raises(JobError, match=f"`{refused[kind]}` is not a text; start a new one"):
                    asked_of(job)
            else:
                job_uses(project, asked_of(job))

    def test_an_address_that_is_none_is_told_before_anything_is_asked(self, project: Project) -> None:
        with pytest.raises(SettingsError, match=r"llm\.base_url"):
            server_use(LlmSettings(base_url="http://me:secret@host/v1"), {})

    def test_agreement_to_one_project_is_none_to_another(self, project: Project, tmp_path: Path) -> None:
        project = edited(project, model="m1")
        agree(project.root, outside_uses(project))
        other = edited(make_project(tmp_path / "other"), model="m1")
        with pytest.raises(NotTrusted):
            require(other.root, outside_uses(other))

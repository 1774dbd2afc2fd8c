"""All that a project makes us use outside its folder (see `engine.trust`); of each job: `job_kinds`."""

from __future__ import annotations

from engine.llm.address import server_use
from engine.llm.prompts import Prompts
from engine.model.text_classifier import classifier_of
from engine.model.weights import weights_use
from engine.project import Project
from engine.trust import OutsideUse


def outside_uses(project: Project, *, held_out: bool = False) -> list[OutsideUse]:
    """All that the settings and prompts of a project make us use.

    ``held_out``: and that held-out rows are sent to the LLM, which nothing but a command for just that does.

    Raises:
        SettingsError: the address or a prompt cannot be used.
    """
    asked = [llm_use(project), *([llm_use(project, held_out=True)] if held_out else [])]
    found = [*asked, *models_uses(project)]
    return [use for use in found if use is not None]


def llm_use(project: Project, *, held_out: bool = False) -> OutsideUse | None:
    """The server of the settings, with the project's own prompts; ``held_out``: as it is sent held-out rows.

    Raises:
        SettingsError: the address or a prompt cannot be used.
    """
    return server_use(project.settings.llm, Prompts(project).own, held_out=held_out)


def models_uses(project: Project) -> list[OutsideUse | None]:
    """What the classifier is or runs, and the weights of the encoder, which are often the classifier's."""
    return [*dict.fromkeys([*classifier_of(project).uses(), weights_use(project.root, project.settings.model.encoder)])]

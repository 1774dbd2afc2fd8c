"""Errors that a user can cause, each one clear sentence: what is wrong, where, and how to mend it."""

from __future__ import annotations


class BlindspotError(Exception):
    """A mistake that the user can mend.

    Args:
        what: what is wrong, without a full stop at the end.
        where: file:line, settings key, row or folder; stands in front of ``what``.
        hint: what to do about it, as an imperative.
    """

    def __init__(self, what: str, *, where: str | None = None, hint: str | None = None) -> None:
        self.what = what
        self.where = where
        self.hint = hint
        super().__init__(str(self))

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        cure = f"; {self.hint}" if self.hint else ""
        return f"{place}{self.what}{cure}."


class DataError(BlindspotError):
    """A data file cannot be used as it is."""


class SettingsError(BlindspotError):
    """A key of blindspot.toml is unknown, missing or out of range."""


class ProjectError(BlindspotError):
    """A project folder is missing, half-made, or its data changed behind our back."""


class FileError(ProjectError):
    """A file of a project, or one that the user named, cannot be read or written, or is not what it should be.

    Args:
        what: what is wrong with it.
        where: its path, with a line where one is known.
        hint: what to do about it.
        reason: the same in the system's words (``No space left on device``), where it was the system that refused.
    """

    def __init__(self, what: str, *, where: str | None = None, hint: str | None = None, reason: str = "") -> None:
        self.reason = reason or what
        super().__init__(what, where=where, hint=hint)


class ModelError(BlindspotError):
    """Weights cannot be found, are not safe to load, or do not fit the task."""


class StoreError(BlindspotError):
    """An annotation cannot be written, or names something that does not exist."""


class RefusedRecord(StoreError):
    """A sample, pattern or edit that would not teach or would leak: a duplicate, a copy of a proof row.

    Args:
        what: what is wrong with it.
        reason: the same in general words, to count refusals by.
        where: file:line, if it comes from a file.
        hint: what to do about it.
    """

    def __init__(self, what: str, *, reason: str, where: str | None = None, hint: str | None = None) -> None:
        self.reason = reason
        super().__init__(what, where=where, hint=hint)


class JobError(BlindspotError):
    """A background job cannot be started, resumed or stopped."""


class JobInterrupted(JobError):
    """Ctrl-c came while a job was waited for, which was asked to stop."""


class TeacherError(BlindspotError):
    """An LLM cannot be asked, or what it answered cannot be used."""


class Stopped(Exception):
    """Raised inside long work when its owner has asked it to stop; everything finished so far is kept."""

"""A real terminal for tests: a tmux server of its own, 80 columns by 24 lines, driven by keys, read as text."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

from tests.waiting import until


class Terminal:
    """One pane of a private tmux server."""

    def __init__(self, folder: Path, *, width: int = 80, height: int = 24) -> None:
        self._socket = str(folder / "tmux.sock")
        self._env = {key: value for key, value in os.environ.items() if key not in ("TMUX", "TMUX_PANE")}
        self._size = ("-x", str(width), "-y", str(height))

    def start(self, *command: str, **env: str) -> None:
        """Run a command in a new pane; the pane stays readable after it has ended."""
        settings = [word for name, value in env.items() for word in ("-e", f"{name}={value}")]
        self._tmux("new-session", "-d", *self._size, *settings, shlex.join(command))
        self._tmux("set-option", "-g", "remain-on-exit", "on")

    def keys(self, *names: str) -> None:
        """Press keys by tmux's names (``Enter``, ``C-j``, ``j``)."""
        self._tmux("send-keys", *names)

    def type(self, text: str) -> None:
        """Type text letter by letter."""
        self._tmux("send-keys", "-l", text)

    def screen(self) -> str:
        """What is on the screen now."""
        return self._tmux("capture-pane", "-p")

    def wait(self, *texts: str, seconds: float = 60) -> str:
        """Wait until all texts are on the screen at once and return the screen."""
        try:
            until(lambda: all(text in self.screen() for text in texts), seconds=seconds)
        except AssertionError:
            missing = [text for text in texts if text not in self.screen()]
            raise AssertionError(f"never on the screen: {missing}\n{self.screen()}") from None
        return self.screen()

    def kill(self) -> None:
        """Close the terminal as a dropped connection does: everything in it gets a hang-up."""
        subprocess.run(["tmux", "-S", self._socket, "kill-server"], capture_output=True, env=self._env, check=False)

    def _tmux(self, *arguments: str) -> str:
        command = ["tmux", "-S", self._socket, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, env=self._env).stdout

# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""The commands of Documentation/Operations.md, for where the package is installed. What the document names without more words,
Tests/Documents holds."""
import os
import pathlib
import shlex
import subprocess

import commands

HERE = pathlib.Path(__file__).resolve().parent
document = commands.Document(HERE / "Operations.md", "Documentation/Operations.md")


def call(*command, status=0, **more):
    """What a command printed; it must end with the status, or with any but 0 for None."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    is_expected = done.returncode != 0 if status is None else done.returncode == status
    assert is_expected, f"{' '.join(map(str, command))}: expected status {status}, found {done.returncode}:\n{done.stdout}"
    return done.stdout


def documented(*starts, then="", on_terminal=False, **exchanged):
    """Runs the document's commands that begin so, with words exchanged and what else is to be typed; gives what they printed."""
    lines = [document.command(start).text for start in starts]
    for word, now in exchanged.items():
        assert any(word in line for line in lines), f"{lines}: expected {word}"
        lines = [line.replace(word, now) for line in lines]
    command = ["bash", "-euo", "pipefail", "-c", "\n".join(lines) + then]
    if on_terminal:
        command = ["script", "--quiet", "--return", "--command", shlex.join(command), "/dev/null"]
    # To questions the answer is yes.
    return call(*command, cwd=HERE, input="y\n")


def edit(text):
    """Changes the unit as its administrator does, or with an empty text undoes that; takes effect with the next start."""
    if text == "":
        call("systemctl", "revert", "forecastd.service")
        return
    editor = HERE / "editor"
    editor.write_text(f"#!/bin/sh\nprintf %s {shlex.quote(text)} >\"$1\"\n")
    editor.chmod(0o755)
    os.environ["SYSTEMD_EDITOR"] = str(editor)
    documented("systemctl edit", on_terminal=True)


def all_is_run():
    """Fails where a command of the document was passed over."""
    left = [each for each in document.commands if not each.is_held and not each.is_named]
    assert left == [], f"nobody runs these commands of Operations.md; run them in service.py: {left}"

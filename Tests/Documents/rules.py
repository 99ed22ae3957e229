# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""What holds a command that is not run: it is only named, takes too long, or is run elsewhere."""
import functools
import os
import re
import shlex
import subprocess

from stage import ROOT

# Run elsewhere, or not at all: how each begins, and why.
NOT_RUN = {
    "apt install ./dist/forecastd_*.deb": "service.py installs the same package by the name that Operations.md has",
    "pip install": "what it fetches comes from another machine; safetensors.torch stands in for the package",
    "python3 config/models/": "makes the data of the bundled model and its tables, which takes minutes",
}
# Blocks that are not run, by a text in them, and why.
NOT_RUN_BLOCKS = {
    "proxy_pass": "nginx is not installed for the tests",
    "def follow(": "ReplayTests takes it from the document, and runs it against daemons that begin anew",
}
# What a document says that somebody may put there: `TIME=…`, FILE, [--yes].
PLACEHOLDER = re.compile(r"…|[A-Z][A-Z_]*|\[.*\]?|.*\]")
SCRIPT = r"(\w+/)+\w+\.(py|sh)$"


@functools.cache
def printed_by(command):
    done = subprocess.run(command, shell=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


def hold(stage, command):
    """Holds a command by the rule of its kind; says what is wrong otherwise."""
    assert not command.output, f"{command.text}: nobody compares what is shown below it; run it in Tests/Documents/scenes.py"
    text = command.text.replace(".build/release/", "")
    words = text.split()
    if any(text.startswith(start) for start in NOT_RUN):
        for word in words:
            if re.match(SCRIPT, word):
                hold_script(word)
    elif words[0] == "make":
        hold_target(stage, shlex.split(text)[1:])
    elif text.startswith("swift test -c release --filter "):
        names = [path for path in (ROOT / "Tests").glob("*/*.swift") if re.search(rf"\bstruct {words[-1]}\b", path.read_text())]
        assert names or (ROOT / "Tests" / words[-1]).is_dir(), f"{text}: no test has that name"
    elif words[:2] == ["apt", "install"]:
        known = (ROOT / "Makefile").read_text().split()
        unknown = [word for word in words[2:] if not word.startswith("--") and word not in known]
        assert not unknown, f"{text}: the Makefile installs no {unknown}"
    elif words[0].startswith("systemctl"):
        operations = (ROOT / "Documentation/Operations.md").read_text()
        assert text in operations, f"{text}: Operations.md has no such command, which `make system` would run"
    elif re.match(SCRIPT, words[0]):
        assert os.access(ROOT / words[0], os.X_OK), f"{text}: it cannot be called so"
        hold_script(words[0], words[1:])
    elif words[0] == "forecastd" or command.is_prose:
        hold_name(text, words if words[0] == "forecastd" else ["forecastd", *words])
    else:
        raise AssertionError(f"{text}: nobody runs it; run it in Tests/Documents/scenes.py")


def hold_target(stage, words):
    """A target of the Makefile, its variables, and the scripts that it would call with its arguments."""
    target, *settings = [word.replace("…", "7") for word in words]
    (stage.folder / "folder").mkdir(exist_ok=True)
    (stage.folder / "folder/ETTh2.csv").touch()
    # Lines that call another make are carried out even so; they are only to be read.
    status, text = printed_by(shlex.join(["make", "-n", "MAKE=echo make", "-C", str(stage.folder), target, *settings]))
    assert status == 0, f"make {target}: {text}"
    inner = ""
    for folder, name in re.findall(r"make -C (\w+) (\S+)", text):
        inner = (ROOT / folder / "Makefile").read_text()
        assert re.search(rf"^{name}:", inner, re.MULTILINE), f"make {target}: {folder} has no target {name}"
    for name, value in (setting.split("=", 1) for setting in settings):
        assert value in text or f"$({name})" in inner, f"make {target}: nothing depends on {name}"
        for script in re.findall(rf"(\w+\.py) \$\({name}\)", inner)[:1]:
            hold_script(f"{folder}/{script}", value.split())
    for script, arguments in re.findall(r"(?:^|\s)@?((?:\w+/)+\w+\.(?:py|sh))(.*)$", text, re.MULTILINE):
        hold_script(script, re.split(r"[\s;'\"]+", arguments))


def hold_script(script, words=()):
    """A script that is there, and options that it has."""
    path = ROOT / script
    assert path.exists(), f"{script}: there is no such script"
    options = [word for word in words if word.startswith("--") and len(word) > 2]
    if options:
        program = "/usr/bin/python3 " if path.suffix == ".py" else "bash "
        status, text = printed_by(f"{program}{path} --help")
        missing = [option for option in options if option not in text]
        assert status == 0 and not missing, f"{script}: expected {missing} in its help, found\n{text}"


def hold_name(text, words):
    """A command of forecastd that is named, with options that it has; what has more would have to be run."""
    path = []
    for word in words[1:]:
        if not re.fullmatch(r"[a-z]+", word) or not _usage([*path, word]):
            break
        path.append(word)
    assert path, f"{text}: forecastd has no such command"
    for word in words[1 + len(path):]:
        option = word.strip("[]")
        if option.startswith("--"):
            assert option in _usage(path), f"{text}: expected {option} in the help of {' '.join(path)}"
        else:
            assert PLACEHOLDER.fullmatch(word), f"{text}: nobody runs it; run it in Tests/Documents/scenes.py"


def _usage(path):
    """The help of a command; nothing where there is none of that name."""
    text = printed_by("forecastd help " + " ".join(path))[1]
    return text if f"USAGE: forecastd {' '.join(path)} " in text + " " else ""

#!/usr/bin/env python3
# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""Prints a manual page: forecastd.1 from the commands' own help, forecastd.yaml.5 from the commented configuration.

man.py BINARY CONFIGURATION PAGE
"""
import datetime
import json
import os
import pathlib
import re
import subprocess
import sys


def escaped(text):
    """Text in which roff sees nothing of its own."""
    return re.sub(r"^([.'])", r"\\&\1", text.replace("\\", "\\e").replace("-", "\\-"), flags=re.M)


def literal(lines):
    return [".PP", ".nf", *(escaped(line) for line in lines), ".fi"]


def paragraphs(text):
    """A help text: paragraphs are filled, what is indented stays as it is."""
    page = []
    for part in filter(str.strip, text.split("\n\n")):
        lines = part.split("\n")
        page += literal(lines) if part.startswith("  ") else [".PP", *(escaped(line) for line in lines)]
    return page


def names(argument):
    """How an argument is written: -c, --config CONFIG."""
    value = argument["valueName"].upper()
    if argument["kind"] == "positional":
        return f"\\fI{escaped(value)}\\fR"
    dashes = {"short": "-", "long": "--", "longWithSingleDash": "-"}
    all_names = sorted(argument["names"], key=lambda name: name["kind"] == "long")
    text = ", ".join(f"\\fB{escaped(dashes[name['kind']] + name['name'])}\\fR" for name in all_names)
    return text if argument["kind"] == "flag" else f"{text} \\fI{escaped(value)}\\fR"


def arguments(command):
    page = []
    for argument in command["arguments"]:
        if not argument["shouldDisplay"] or argument["valueName"] in ("version", "help"):
            continue
        text = argument.get("abstract", "")
        if "defaultValue" in argument and argument["kind"] != "flag":
            text += f" Default {argument['defaultValue']}."
        page += [".TP", names(argument), escaped(text)]
    return page


def commands(command, path=()):
    """A section for each command, those of several words after what they belong to."""
    page = []
    for each in command.get("subcommands", []):
        words = path + (each["commandName"],)
        if words == ("help",):
            continue
        page += [f".SS {escaped(' '.join(words))}", escaped(each["abstract"])]
        page += paragraphs(each.get("discussion", "")) + arguments(each) + commands(each, words)
    return page


def heading(title, section, version):
    date = datetime.datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), datetime.timezone.utc)
    return [f'.TH {title} {section} "{date:%Y-%m-%d}" "forecastd {version}"', ".SH NAME"]


def commands_page(binary, version):
    root = json.loads(subprocess.check_output([binary, "--experimental-dump-help"]))["command"]
    return [
        *heading("FORECASTD", 1, version),
        "forecastd \\- forecast streams of sensor values as they come",
        ".SH SYNOPSIS",
        ".B forecastd", ".I COMMAND", "[\\fIOPTIONS\\fR]",
        ".SH DESCRIPTION", escaped(root["abstract"]), *paragraphs(root["discussion"]),
        ".SH COMMANDS", *commands(root),
        ".SH EXIT STATUS",
        "As sysexits has them: 0 all went well, 64 wrong usage, 65 wrong data, 66 no such input, 69 not available, 70 an error of",
        "forecastd, 73 cannot be made, 74 an error of the disk, 77 not permitted, 78 wrong configuration.",
        ".SH FILES",
        ".TP", "/etc/forecastd/forecastd.yaml", "What the daemon does.",
        ".TP", "/var/lib/forecastd", "What outlasts a restart.",
        ".TP", "/usr/share/doc/forecastd", "More on everything, and examples.",
        ".SH SEE ALSO",
        "forecastd.yaml(5)",
    ]


def configuration_page(path, version):
    """The comments are the manual: its sections stay, and all in them stands as it is written."""
    page = [*heading("FORECASTD.YAML", 5, version), "forecastd.yaml \\- configuration of forecastd", ".SH DESCRIPTION"]
    lines = []
    for line in path.read_text().splitlines():
        title = re.fullmatch(r"# --- (.*?) -*", line)
        if title:
            page += literal(lines) + [f".SH {escaped(title[1].upper())}"]
            lines = []
        elif "SPDX" not in line:
            lines.append(line)
    return page + literal(lines) + [".SH SEE ALSO", "forecastd(1)"]


def main():
    binary, configuration, name = sys.argv[1:]
    version = subprocess.check_output([binary, "--version"], text=True).strip()
    is_of_commands = name == "forecastd.1"
    page = commands_page(binary, version) if is_of_commands else configuration_page(pathlib.Path(configuration), version)
    print("\n".join(page))


main()

#!/usr/bin/python3
# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""Runs all commands of a document, and fails where one fails or is passed over.

    Tests/Documents/run.py Documentation/API.md [BINARY]

Each document has a scene in scenes.py, which runs what it shows; rules.py holds what is only named or takes too long. What belongs
to an installed service is run by Tests/System/service.py, in `make system`.
"""
import json
import sys

import stage as stages

if __name__ == "__main__":
    stages.enter_namespaces()

import commands
import rules
import scenes


def hold(stage, document, each):
    """Holds what no scene took."""
    if document.name == "Documentation/Operations.md" and isinstance(each, commands.Command) and not each.is_named:
        return  # Tests/System/service.py runs it, or fails.
    if isinstance(each, commands.Command):
        rules.hold(stage, each)
    elif each.language == "json":
        json.loads(each.text)
    elif not any(text in each.text for text in rules.NOT_RUN_BLOCKS):
        raise AssertionError("nobody runs this block; run it in Tests/Documents/scenes.py")


def main(path, binary=stages.ROOT / ".build/release/forecastd"):
    document = commands.Document(stages.ROOT / path, path)
    stage = stages.Stage(binary)
    wrong = []
    try:
        scenes.play(document, stage)
        for each in document.not_held():
            try:
                hold(stage, document, each)
            except AssertionError as error:
                wrong.append(f"{path}:{each.line}: {error}")
    finally:
        stage.close()
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"ok  {path}: {len(document.commands)} commands, {len(document.blocks)} blocks")


main(*sys.argv[1:])

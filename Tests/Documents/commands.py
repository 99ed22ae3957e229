# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""The commands of a document: what its blocks show and what its sentences name. Whoever runs one takes it from here, and what
nobody took is told at the end.
"""
import dataclasses
import re

# What a sentence may name that somebody types. Other words in backquotes are keys, fields, metrics, files.
PROGRAMS = {
    "apt", "cat", "curl", "forecastd", "journalctl", "make", "openssl", "pip", "prometheus", "promtool", "python3", "ss", "swift",
    "systemctl", "systemd-analyze", "systemd-run", "tail", "tar", "top"}
# Commands of forecastd that sentences name without it, where more than one word says that they are meant.
SUBCOMMANDS = {
    "bench", "check", "generate", "keygen", "model", "record", "reload", "replay", "run", "send", "state", "tap", "train", "why"}
SHELL = ("sh", "console")
OTHERS = ("", "python", "yaml", "json", "nginx")


@dataclasses.dataclass
class Command:
    line: int
    text: str
    # What the block shows below it.
    output: list = dataclasses.field(default_factory=list)
    is_prose: bool = False
    is_held: bool = False

    @property
    def is_named(self):
        """Whether a sentence names a command of ours, or what `systemctl` does, with nothing that it would be given."""
        return self.is_prose and "/" not in self.text and (
            self.text.split()[0] in {"forecastd", "make", *SUBCOMMANDS} or re.fullmatch(r"systemctl [a-z-]+", self.text) is not None)


@dataclasses.dataclass
class Block:
    """Anything fenced that is no shell."""
    line: int
    language: str
    text: str
    is_held: bool = False


class Document:
    """A Markdown file, or a configuration with comments."""

    def __init__(self, path, name):
        self.name = name
        self.commands, self.blocks = [], []
        prose, fence, lines = [], None, path.read_text().splitlines()
        for number, line in enumerate(lines, 1):
            opening = re.fullmatch(r"```(\w*)", line)
            if opening and fence is None:
                fence = Block(number + 1, opening[1], "")
            elif opening:
                self._add(fence)
                fence = None
            elif fence is not None:
                fence.text += line + "\n"
            else:
                prose.append((number, line))
        assert fence is None, f"{self.name}: a block without an end"
        # A name of several words may go over the end of a line.
        comment = r"^\s*#" if path.suffix == ".yaml" else r"^$"
        text = "\n".join(re.sub(comment, "", line) for _, line in prose)
        for found in re.finditer(r"`([^`]+)`", text):
            span = " ".join(found[1].split())
            span = re.sub(r"^(… |\.build/release/forecastd )", "forecastd ", span)
            if _is_command(span):
                self.commands.append(Command(prose[text.count("\n", 0, found.start())][0], span, is_prose=True))

    def _add(self, block):
        if block.language in SHELL:
            for number, text in _lines(block):
                if block.language == "sh":
                    self.commands.append(Command(number, _without_comment(text)))
                elif text.startswith("$ "):
                    self.commands.append(Command(number, text[2:]))
                else:
                    self.commands[-1].output.append(text)
            self.commands = [each for each in self.commands if each.text]
            return
        assert block.language in OTHERS, f"{self.name}:{block.line}: an unknown kind of block: {block.language}"
        if block.language == "":
            for _, text in _lines(block):
                assert not re.match(r"\$ |(\w+ )?forecastd [a-z]|make [a-z]", text), (
                    f"{self.name}:{block.line}: commands stand in blocks of sh or console")
        self.blocks.append(block)

    def command(self, start):
        """The command that is this, or the only one that begins so; from now on held."""
        found = [each for each in self.commands if each.text == start] or [
            each for each in self.commands if each.text.startswith(start)]
        assert len({each.text for each in found}) == 1, f"{self.name}: expected one command that begins so, {start!r}, found {found}"
        for each in found:
            each.is_held = True
        return next((each for each in found if each.output), found[0])

    def block(self, language, start=""):
        """The first block of a language that contains a text, from now on held."""
        found = [each for each in self.blocks if each.language == language and start in each.text]
        assert found, f"{self.name}: expected a block of {language} that contains {start!r}"
        found[0].is_held = True
        return found[0].text

    def not_held(self):
        """What nobody took; blocks without a language are drawings."""
        return [each for each in self.commands + self.blocks if not each.is_held and getattr(each, "language", "sh")]


def _is_command(span):
    program, *words = re.sub(r"^([A-Z_]+=\S+ )+", "", span).split() or [""]
    return words != [] and (
        program in PROGRAMS or re.fullmatch(r"(\w+/)+\w+\.(py|sh)", program) is not None
        or program in SUBCOMMANDS and re.match(r"[a-z-]|[A-Z]+$|\[", words[0]) is not None)


def _lines(block):
    """The lines of a block that are not empty, those that go on joined, with their numbers."""
    text, begin = "", None
    for number, line in enumerate(block.text.splitlines(), block.line):
        begin = number if begin is None else begin
        text += line
        if text.endswith("\\"):
            text = text[:-1]
        else:
            if text.strip():
                yield begin, text
            text, begin = "", None


def _without_comment(text):
    return re.sub(r"(^|\s+)#.*", "", text).strip()

// Part of forecastd. SPDX-License-Identifier: Apache-2.0

import ForecastDaemon
import Testing

@Suite struct ConfigurationSyntaxTests {
    private static let nothing =
        "1:1: expected a mapping with the keys inputs, outputs, models and streams, found nothing in the file"
    private static let alias =
        "a plain text cannot begin with *, which is an alias in YAML: put the text in quotes, as \"*.temp\""
    private static let anchor =
        "YAML anchors (&name) are not supported: write the values out, or put a text with & in quotes"

    @Test(arguments: [
        ("", nothing),
        ("# only a comment\n", nothing),
        ("\u{feff}", nothing),
        ("---\n", "1:1: expected a mapping (key: value), found nothing"),
        ("[1, 2]\n", "1:1: expected a mapping (key: value), found a list"),
        ("inputs\n", #"1:1: expected a mapping (key: value), found "inputs""#),
        (
            "a: 1\n---\nb: 2\n",
            "2:1: expected one YAML document, found a second one: remove the --- before it"
        ),
        (
            "a: 1\nb:\n  x: 1\n  x: 2\n",
            #"3:3: key "x" stands here and again further on in the same mapping: keep one of them"#
        ),
        (
            "inputs:\n\tplant: 1\n",
            "2:1: not valid YAML: a tab where only spaces can stand: indent with spaces"
        ),
        ("streams:\n  - match: *.temp\n", "2:12: " + alias),
        ("streams:\n  - match: *\n", "2:12: " + alias),
        ("streams: {match: *temp}\n", "1:18: " + alias),
        ("a: &x 1\nb: *x\n", "1:4: " + anchor),
        ("a: [1, &x 1]\n", "1:8: " + anchor),
        ("a: @x\n", "1:4: not valid YAML: a plain text cannot begin with \"@\": put the text in quotes"),
        (
            "a: [1, 2\nb: 3\n",
            "2:2: not valid YAML: did not find expected ',' or ']' (while parsing a flow sequence begun at 1:4)"
        ),
        (
            "a: 'x\nb: 3\n",
            "1:4: not valid YAML: this quote is never closed"
        ),
        (
            "a:\n  b: {c: 1\n",
            "2:6: not valid YAML: did not find expected ',' or '}' before the end of the file"
        ),
        (
            "log:\n  drops_every: 5s\n  level:info\n",
            "3:3: not valid YAML: expected a key with a colon and a space behind it (key: value)"
        ),
        ("a: b: c\n", "1:5: not valid YAML: mapping values are not allowed in this context"),
        ("log: 1\na: \u{7}\n", "2:4: not valid YAML: control characters are not allowed"),
    ])
    func placeIsNamed(text: String, problem: String) {
        #expect(ConfigurationSample.problems(text) == ["f.yaml:" + problem])
    }

    @Test func tagsAreRefused() {
        let text = ConfigurationSample.text(9, "streams_limit: !!int 5")
        #expect(
            ConfigurationSample.problems(text) == [
                #"f.yaml:9:16: YAML tags are not supported, found "!!int": leave it out; a text that begins with "#
                    + "! must stand in quotes"
            ])
    }

    /// Characters that are YAML's own mean nothing in quotes and comments.
    @Test(arguments: [
        "# R &D, *, @, !x, 'unclosed", #"log: {level: "info"} # don't &x"#,
        "pipeline: {}   # \"quote\n#   &x", "log: {'level': 'info'}",
    ])
    func quotesAndCommentsArePassedOver(line: String) {
        #expect(ConfigurationSample.problems(ConfigurationSample.text(9, line)).isEmpty)
    }

    @Test func quotesInsideQuotesDoNotEndThem() throws {
        for path in [#"'it''s &x'"#, #""a\" &x""#] {
            let text = ConfigurationSample.text(6, "  pump: {weights: \(path)}")
            #expect(ConfigurationSample.problems(text).isEmpty)
        }
    }

    /// Ten lines that would stand for ten thousand million values.
    @Test func aliasesCannotMultiply() {
        var text = "a0: &a0 [x]\n"
        for level in 1...10 {
            let aliases = [String](repeating: "*a\(level - 1)", count: 10).joined(separator: ",")
            text += "a\(level): &a\(level) [\(aliases)]\n"
        }
        text += "? *a10\n: 1\n"
        #expect(ConfigurationSample.problems(text) == ["f.yaml:1:5: " + Self.anchor])
    }

    @Test(arguments: [("[", "]"), ("{a: ", "}"), ("- ", "")])
    func deepNestingIsAnError(open: String, close: String) {
        for depth in [50, 900, 5000] {
            let nested = String(repeating: open, count: depth) + String(repeating: close, count: depth)
            #expect(!ConfigurationSample.problems("inputs:\n  " + nested).isEmpty)
        }
    }

    @Test func windowsLineEndsAreLineEnds() {
        let text = ConfigurationSample.lines.joined(separator: "\r\n") + "\r\nstreams_limit: 0\r\n"
        #expect(
            ConfigurationSample.problems(text) == [
                #"f.yaml:9:16: streams_limit: expected a whole number from 1 to 10000000, found "0""#
            ])
    }
}
